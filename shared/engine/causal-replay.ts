/**
 * Replaying parts of a document (a snapshot, then entries) in an order in which each can be placed whole.
 *
 * Parts are kept in causal order, so nearly always that order is the one given. A part that comes before what it hangs
 * on waits for exactly that author and clock, and is looked at again when they are there: a log in any order costs a
 * few looks per part, not a pass per part.
 *
 * Invariants: `place` sees each part at most once, trimmed of what is known, and only when nothing it refers to is
 * missing; what it declines is not joined into the index.
 */
import type { YjsContentChange } from "./admission.ts";
import type { YjsContentIndex } from "./content-index.ts";
import type { ContentLimits } from "./crdt-engine.ts";
import type { StructId } from "./yjs-struct.ts";

/**
 * What was admitted once is read again whatever the limits of the day are. Only the depth of values stays bounded, by
 * what JSON and lib0, which recurse, bear on a small stack.
 */
const replayLimits: ContentLimits = {
  partsPerUpdateMax: Infinity,
  authorsPerEditMax: Infinity,
  authorsPerRoomMax: Infinity,
  clockMax: Number.MAX_SAFE_INTEGER,
  nestingMax: 1_000,
};

/** Joins what can be placed into `index`; answers which parts could not be, ascending. */
export function replay(
  parts: readonly Uint8Array[],
  index: YjsContentIndex,
  place: (payload: Uint8Array, change: YjsContentChange) => boolean = () => true,
): readonly number[] {
  const waiting = new Map<number, { readonly part: number; readonly needs: StructId }[]>();
  const unplaced = new Set<number>();

  const look = (part: number): readonly number[] => {
    const verdict = index.weigh(parts[part] ?? new Uint8Array(), "state", replayLimits);
    if (verdict.type === "known") {
      unplaced.delete(part);
      return [];
    }
    unplaced.add(part);
    if (verdict.type === "refused") return [];
    const [needs] = verdict.missing;
    if (needs !== undefined) {
      const list = waiting.get(needs.client);
      if (list === undefined) waiting.set(needs.client, [{ part, needs }]);
      else list.push({ part, needs });
      return [];
    }
    if (verdict.type === "gap" || !place(verdict.payload, verdict.change)) return [];
    index.join(verdict.change);
    unplaced.delete(part);
    return verdict.change.structs.flatMap(({ author, to }) => wake(author, to));
  };

  const wake = (author: number, clock: number): readonly number[] => {
    const list = waiting.get(author);
    if (list === undefined) return [];
    waiting.set(
      author,
      list.filter(({ needs }) => needs.clock >= clock),
    );
    return list.filter(({ needs }) => needs.clock < clock).map(({ part }) => part);
  };

  for (let part = 0; part < parts.length; part++) {
    const ready = [part];
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) ready.push(...look(next));
  }
  return [...unplaced].sort((left, right) => left - right);
}
