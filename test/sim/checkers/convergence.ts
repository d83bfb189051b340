/**
 * [P1] Convergence: at rest, every replica and every client shows what the relay's platter holds, deletions included,
 * and every word that was typed is there at most once.
 */
import { Finding } from "../world.ts";
import { another, applyTo, isWaiting, lacks, shown, stateOf, visible, type AnyDocument } from "./content.ts";

/**
 * Throws when the documents differ. `expected` is the platter's. `setAside`: edits that were refused for good, which stay
 * a part of the device's document; an unfounded one is in it as far as Yjs can apply it.
 */
export function mustBeAlike(expected: AnyDocument, who: string, doc: AnyDocument, setAside: readonly Uint8Array[] = []): void {
  if (setAside.length === 0 && isWaiting(doc)) throw new Finding("convergence", `${who} still waits for something that it was never sent`);
  const wanted = setAside.length === 0 ? expected : withEdits(expected, setAside);
  if (shown(doc) !== shown(wanted)) throw new Finding("convergence", `${who} differs from the disk: ${difference(doc, wanted)}`);
}

function withEdits(doc: AnyDocument, edits: readonly Uint8Array[]): AnyDocument {
  const copy = another(doc);
  applyTo(copy, stateOf(doc));
  for (const edit of edits) applyTo(copy, edit);
  return copy;
}

/** Throws when a word is there twice. */
export function mustHoldWordsOnce(doc: AnyDocument, where: string): void {
  const seen = new Set<string>();
  for (const [word] of visible(doc).text.matchAll(/<\w{8}>/g)) {
    if (seen.has(word)) throw new Finding("nothing is doubled", `${word} is in ${where} twice`);
    seen.add(word);
  }
}

function difference(left: AnyDocument, right: AnyDocument): string {
  const [mine, theirs] = [JSON.stringify(visible(left)), JSON.stringify(visible(right))];
  const missing = lacks(left, right);
  const lacking = missing ? `it ${missing}` : `the disk ${lacks(right, left)}`;
  if (mine === theirs) return `it looks alike, and its state vector or its deletions differ: ${lacking}`;
  let at = 0;
  while (mine[at] === theirs[at]) at += 1;
  return `from character ${at}: ${mine.slice(at, at + 30)} against ${theirs.slice(at, at + 30)}; ${lacking}`;
}
