/**
 * BoardOrder: where something stands among its neighbours, as a text that sorts (fractional indexing, the form of the npm package
 * `fractional-indexing`; described by David Greenspan, "Implementing Fractional Indexing", and by Figma).
 *
 * Whoever moves one thing writes the key of that thing alone, so that two who move different things never meet. Two who put things into one gap
 * at once may draw one key: then the ids decide, everywhere alike, and the keys stay equal until somebody has to come between them. Only
 * then neighbours get new keys, as few as will do.
 *
 * Keys come from others, so they may be anything: what is no key sorts as the text that it is, and is replaced like an equal one.
 */
import { generateKeyBetween, generateNKeysBetween } from "fractional-indexing";

/** A longer key is replaced by a short one at the next chance: it grows by about a letter with every six moves into one gap. */
const keyLengthMax = 100;
/** The first letter says how long a key's whole number is; those near the ends of the alphabet are nobody's by counting, and leave no room beyond them. */
const keyForm = /^[F-Za-u][0-9A-Za-z]*$/;

export interface Placed {
  readonly id: string;
  readonly key: string;
}

/** The keys that put `id` at `index` among `neighbours`, which are in order and without it: its own, and those of neighbours that must give way. */
export function placement(neighbours: readonly Placed[], id: string, index: number): readonly Placed[] {
  const at = Math.max(0, Math.min(index, neighbours.length));
  let before = at - 1;
  while (before >= 0 && !isKey(neighbours[before]!.key)) before -= 1;
  const left = neighbours[before]?.key;
  let after = at;
  while (after < neighbours.length && !stands(neighbours[after]!.key, left)) after += 1;
  const right = neighbours[after]?.key;
  const renewed = [
    ...neighbours.slice(before + 1, at).map((placed) => placed.id),
    id,
    ...neighbours.slice(at, after).map((placed) => placed.id),
  ];
  const keys = generateNKeysBetween(left ?? null, right ?? null, renewed.length);
  return renewed.map((each, turn) => ({ id: each, key: keys[turn]! }));
}

/** By key, and by id where keys are equal; the same order on every device, so no locale has a say. */
export function byKey(left: Placed, right: Placed): number {
  return compare(left.key, right.key) || compare(left.id, right.id);
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function stands(key: string, left: string | undefined): boolean {
  return isKey(key) && (left === undefined || key > left);
}

function isKey(key: string): boolean {
  if (key.length > keyLengthMax || !keyForm.test(key)) return false;
  try {
    generateKeyBetween(key, null);
    return true;
  } catch {
    return false; // The package says by throwing that a key is none.
  }
}
