/**
 * Content: what an update brings, read by the library whose it is: of Yjs ranges of structs and of deletions, of Automerge the hashes of
 * changes; and whether a document shows them.
 */
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import * as Y from "yjs";
import { AutomergeCopy, changesOf, isAutomerge } from "./automerge-copy.ts";

/** A document of either kind. */
export type AnyDocument = Y.Doc | AutomergeCopy;

export interface Range {
  readonly client: number;
  readonly from: number;
  readonly to: number;
}

export interface Content {
  readonly structs: readonly Range[];
  readonly deletes: readonly Range[];
  /** Hashes; of Automerge alone. */
  readonly changes: readonly string[];
}

interface DecodedUpdate {
  readonly structs: readonly { readonly id: { readonly client: number; readonly clock: number }; readonly length: number }[];
  readonly ds: { readonly clients: Map<number, readonly { readonly clock: number; readonly len: number }[]> };
}

/** Throws for bytes that the library cannot read. */
export function contentOf(update: Uint8Array): Content {
  // No change of Automerge's; Yjs writes two bytes for nothing.
  if (update.length === 0) return { structs: [], deletes: [], changes: [] };
  if (isAutomerge(update)) return { structs: [], deletes: [], changes: changesOf(update) };
  const { structs, ds } = Y.decodeUpdate(update) as unknown as DecodedUpdate;
  return {
    structs: structs
      .filter((struct) => !(struct instanceof Y.Skip))
      .map(({ id, length }) => ({ client: id.client, from: id.clock, to: id.clock + length })),
    deletes: [...ds.clients].flatMap(([client, ranges]) => ranges.map(({ clock, len }) => ({ client, from: clock, to: clock + len }))),
    changes: [],
  };
}

export function isNothing({ structs, deletes, changes }: Content): boolean {
  return structs.length + deletes.length + changes.length === 0;
}

// -- documents of either kind ------------------------------------------------------------------------------------------

/** An empty one, as a room of that name has it. */
export function newDocument(room: string): AnyDocument {
  return engineOf(room as never) === "automerge" ? new AutomergeCopy() : new Y.Doc();
}

/** An empty one of the same kind. */
export function another(doc: AnyDocument): AnyDocument {
  return doc instanceof AutomergeCopy ? new AutomergeCopy() : new Y.Doc();
}

export function applyTo(doc: AnyDocument, update: Uint8Array): void {
  if (doc instanceof AutomergeCopy) doc.apply(update);
  else Y.applyUpdate(doc, update);
}

/** All of it, as `applyTo` takes it. */
export function stateOf(doc: AnyDocument): Uint8Array {
  return doc instanceof AutomergeCopy ? doc.state() : Y.encodeStateAsUpdate(doc);
}

/** Whether something in it hangs on what is not there. */
export function isWaiting(doc: AnyDocument): boolean {
  if (doc instanceof AutomergeCopy) return doc.isWaiting;
  return doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
}

export function isEmpty(doc: AnyDocument): boolean {
  return doc instanceof AutomergeCopy ? doc.heads.length === 0 : doc.store.clients.size === 0;
}

/** Whether all of it is in the document, and deleted where it says so: not waiting for anything. */
export function holds(doc: AnyDocument, { structs, deletes, changes }: Content): boolean {
  if (doc instanceof AutomergeCopy) return structs.length + deletes.length === 0 && doc.has(changes);
  return (
    changes.length === 0 &&
    structs.every(({ client, to }) => Y.getState(doc.store, client) >= to) &&
    deletes.every((range) => isDeleted(doc, range))
  );
}

/** Whether any of it is in the document. */
export function holdsSome(doc: AnyDocument, { structs, changes }: Content): boolean {
  if (doc instanceof AutomergeCopy) return changes.some((hash) => doc.has([hash]));
  return structs.some(({ client, from }) => from < Y.getState(doc.store, client));
}

function isDeleted(doc: Y.Doc, { client, from, to }: Range): boolean {
  const structs = doc.store.clients.get(client);
  if (structs === undefined || Y.getState(doc.store, client) < to) return false;
  for (let index = Y.findIndexSS(structs as never, from); index < structs.length; index++) {
    const struct = structs[index]!;
    if (struct.id.clock >= to) return true;
    if (!struct.deleted) return false;
  }
  return true;
}

/** Everything that a document shows and has deleted, for comparison. */
export function shown(doc: AnyDocument): string {
  if (doc instanceof AutomergeCopy) return JSON.stringify({ ...visible(doc), heads: doc.heads });
  const stateVector = [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort(([left], [right]) => left - right);
  const deletes = [...Y.createDeleteSetFromStructStore(doc.store).clients]
    .map(([client, ranges]) => [client, ranges.map(({ clock, len }) => [clock, len])] as const)
    .sort(([left], [right]) => left - right);
  return JSON.stringify({ ...visible(doc), stateVector, deletes });
}

/** What a person sees of a document. */
export function visible(doc: AnyDocument): Record<string, unknown> & { readonly text: string } {
  if (doc instanceof AutomergeCopy) return { ...doc.visible, settings: sorted(doc.visible.settings) };
  return {
    text: doc.getText("text").toString(),
    settings: sorted(doc.getMap("settings").toJSON()),
    list: doc.getArray("list").toJSON(),
  };
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Whether a document has everything that another one has, deletions included. */
export function covers(doc: AnyDocument, other: AnyDocument): boolean {
  return holds(doc, everythingOf(other));
}

/** The first thing that a document lacks and another one has, in words; undefined: nothing. */
export function lacks(doc: AnyDocument, other: AnyDocument): string | undefined {
  const { structs, deletes, changes } = everythingOf(other);
  if (doc instanceof AutomergeCopy) {
    const missing = changes.find((hash) => !doc.has([hash]));
    return missing && `lacks the change ${missing}`;
  }
  const struct = structs.find((range) => !holds(doc, { structs: [range], deletes: [], changes: [] }));
  if (struct !== undefined) return `lacks ${struct.client} from ${Y.getState(doc.store, struct.client)} to ${struct.to}`;
  const deletion = deletes.find((range) => !holds(doc, { structs: [], deletes: [range], changes: [] }));
  return deletion && `lacks the deletion of ${deletion.client} ${deletion.from} to ${deletion.to}`;
}

/** Whoever has Automerge's heads has all. */
function everythingOf(doc: AnyDocument): Content {
  if (doc instanceof AutomergeCopy) return { structs: [], deletes: [], changes: doc.heads };
  const structs = [...doc.store.clients.keys()].map((client) => ({ client, from: 0, to: Y.getState(doc.store, client) }));
  const deletes = [...Y.createDeleteSetFromStructStore(doc.store).clients].flatMap(([client, ranges]) =>
    ranges.map(({ clock, len }) => ({ client, from: clock, to: clock + len })),
  );
  return { structs, deletes, changes: [] };
}
