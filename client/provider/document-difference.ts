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

/**
 * Everything that `doc` shows and a replica with `stateVector` lacks, with the whole delete set. What waits in the
 * document for something that it never got is left out: whoever took it could not show it, and must not call it saved.
 */
export function differenceTo(doc: Y.Doc, stateVector: Uint8Array): Uint8Array {
  const { store } = doc;
  const { pendingStructs, pendingDs } = store;
  Object.assign(store, { pendingStructs: null, pendingDs: null });
  try {
    return readStateVector(stateVector).size === 0 ? Y.encodeStateAsUpdate(doc) : Y.encodeStateAsUpdate(doc, stateVector);
  } finally {
    Object.assign(store, { pendingStructs, pendingDs });
  }
}

/** Whether everything of `update` is in the document and not waiting for something else. Bytes that cannot be read are not. */
export function isShown(doc: Y.Doc, update: Uint8Array): boolean {
  try {
    const { structs, ds } = Y.decodeUpdate(update);
    const reaches = (client: number, end: number): boolean => Y.getState(doc.store, client) >= end;
    return (
      structs.every((struct) => struct instanceof Y.Skip || reaches(struct.id.client, struct.id.clock + struct.length)) &&
      [...ds.clients].every(([client, ranges]) => ranges.every(({ clock, len }) => reaches(client, clock + len)))
    );
  } catch {
    return false;
  }
}

/** Whether `update` tells nothing, neither content nor a deletion, to whoever has `others`, as far as those are readable. */
export function isCovered(update: Uint8Array, others: readonly Uint8Array[]): boolean {
  // Without garbage collection a deletion that is there already is not taken for a new one.
  const doc = new Y.Doc({ gc: false });
  for (const other of others) applyIfReadable(doc, other);
  let isNews = false;
  doc.on("update", () => (isNews = true));
  applyIfReadable(doc, update);
  return !isNews && doc.store.pendingStructs === null && doc.store.pendingDs === null;
}

/** Whether a state update of a document holds nothing: no content, no deletion, nothing that waits for either. */
export function isEmptyState(state: Uint8Array): boolean {
  return state.every((byte) => byte === 0);
}

/** `updates` as one. By way of a document: merging a long flat list is quadratic. */
export function mergedUpdates(updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc();
  Y.transact(doc, () => updates.forEach((update) => Y.applyUpdate(doc, update)));
  return Y.encodeStateAsUpdate(doc);
}

/** An unreadable vector counts as an empty one: the difference is then everything. */
export function readStateVector(stateVector: Uint8Array): Clocks {
  try {
    return stateVector.length === 0 ? new Map() : Y.decodeStateVector(stateVector);
  } catch {
    return new Map();
  }
}

/** Bytes that Yjs cannot read came from a disk: what is readable of the rest counts. */
function applyIfReadable(doc: Y.Doc, update: Uint8Array): void {
  try {
    Y.applyUpdate(doc, update);
  } catch {
    return;
  }
}

/** Per author the ranges [from, to) that `updates` hold. */
function coverage(updates: readonly Uint8Array[]): Map<number, (readonly [number, number])[]> {
  const ranges = new Map<number, (readonly [number, number])[]>();
  for (const update of updates) {
    const { from, to } = readMeta(update);
    for (const [author, start] of from) {
      const known = ranges.get(author) ?? [];
      ranges.set(author, known);
      known.push([start, to.get(author) ?? start]);
    }
  }
  return ranges;
}

/** An unreadable update covers nothing. */
function readMeta(update: Uint8Array): { from: Clocks; to: Clocks } {
  try {
    return Y.parseUpdateMeta(update);
  } catch {
    return { from: new Map(), to: new Map() };
  }
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
