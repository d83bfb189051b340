/**
 * DocumentDifference: what a document has beyond a state vector, as one update; and whether that is on its way anyway.
 *
 * Only structs are compared: a state vector does not show deletions. Whoever has reason to think that deletions are
 * missing asks for the difference without a comparison; it always carries the whole delete set.
 */
import * as Y from "yjs";

type Clocks = ReadonlyMap<number, number>;

/** The difference; undefined when everything beyond `stateVector` is in `unless`. */
export function differenceBeyond(doc: Y.Doc, stateVector: Uint8Array, unless: readonly Uint8Array[]): Uint8Array | undefined {
  const relay = readStateVector(stateVector);
  const missing = [...Y.decodeStateVector(Y.encodeStateVector(doc))].filter(([author, clock]) => clock > (relay.get(author) ?? 0));
  if (missing.length === 0) return undefined;
  const covered = coverage(unless);
  const allCovered = missing.every(([author, clock]) => spans(covered.get(author) ?? [], relay.get(author) ?? 0, clock));
  return allCovered ? undefined : differenceTo(doc, stateVector);
}

/** Everything that `doc` has and a replica with `stateVector` lacks, with the whole delete set. */
export function differenceTo(doc: Y.Doc, stateVector: Uint8Array): Uint8Array {
  return readStateVector(stateVector).size === 0 ? Y.encodeStateAsUpdate(doc) : Y.encodeStateAsUpdate(doc, stateVector);
}

/** Whether every struct of `update` is in `others` too. */
export function isCovered(update: Uint8Array, others: readonly Uint8Array[]): boolean {
  const { from, to } = Y.parseUpdateMeta(update);
  const covered = coverage(others);
  return [...from].every(([author, start]) => spans(covered.get(author) ?? [], start, to.get(author) ?? start));
}

/** `updates` as one. By way of a document: merging a long flat list is quadratic. */
export function mergedUpdates(updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc();
  Y.transact(doc, () => updates.forEach((update) => Y.applyUpdate(doc, update)));
  return Y.encodeStateAsUpdate(doc);
}

/** An unreadable vector counts as an empty one: the difference is then everything. */
function readStateVector(stateVector: Uint8Array): Clocks {
  try {
    return stateVector.length === 0 ? new Map() : Y.decodeStateVector(stateVector);
  } catch {
    return new Map();
  }
}

/** Per author the ranges [from, to) that `updates` hold. */
function coverage(updates: readonly Uint8Array[]): Map<number, (readonly [number, number])[]> {
  const ranges = new Map<number, (readonly [number, number])[]>();
  for (const update of updates) {
    const { from, to } = Y.parseUpdateMeta(update);
    for (const [author, start] of from) {
      const known = ranges.get(author) ?? [];
      ranges.set(author, known);
      known.push([start, to.get(author) ?? start]);
    }
  }
  return ranges;
}

/** Whether `ranges` together hold all of [from, to). */
function spans(ranges: readonly (readonly [number, number])[], from: number, to: number): boolean {
  let reached = from;
  for (const [start, end] of [...ranges].sort(([left], [right]) => left - right)) {
    if (start > reached) break;
    reached = Math.max(reached, end);
  }
  return reached >= to;
}
