/**
 * Content: what an update brings, read by Yjs: ranges of structs and of deletions; and whether a document shows them.
 */
import * as Y from "yjs";

export interface Range {
  readonly client: number;
  readonly from: number;
  readonly to: number;
}

export interface Content {
  readonly structs: readonly Range[];
  readonly deletes: readonly Range[];
}

interface DecodedUpdate {
  readonly structs: readonly { readonly id: { readonly client: number; readonly clock: number }; readonly length: number }[];
  readonly ds: { readonly clients: Map<number, readonly { readonly clock: number; readonly len: number }[]> };
}

/** Throws for bytes that Yjs cannot read. */
export function contentOf(update: Uint8Array): Content {
  const { structs, ds } = Y.decodeUpdate(update) as unknown as DecodedUpdate;
  return {
    structs: structs
      .filter((struct) => !(struct instanceof Y.Skip))
      .map(({ id, length }) => ({ client: id.client, from: id.clock, to: id.clock + length })),
    deletes: [...ds.clients].flatMap(([client, ranges]) => ranges.map(({ clock, len }) => ({ client, from: clock, to: clock + len }))),
  };
}

/** Whether all of it is in the document, and deleted where it says so: not waiting for anything. */
export function holds(doc: Y.Doc, { structs, deletes }: Content): boolean {
  return structs.every(({ client, to }) => Y.getState(doc.store, client) >= to) && deletes.every((range) => isDeleted(doc, range));
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
export function shown(doc: Y.Doc): string {
  const stateVector = [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort(([left], [right]) => left - right);
  const deletes = [...Y.createDeleteSetFromStructStore(doc.store).clients]
    .map(([client, ranges]) => [client, ranges.map(({ clock, len }) => [clock, len])] as const)
    .sort(([left], [right]) => left - right);
  return JSON.stringify({ ...visible(doc), stateVector, deletes });
}

/** What a person sees of a document. */
export function visible(doc: Y.Doc): Record<string, unknown> {
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
export function covers(doc: Y.Doc, other: Y.Doc): boolean {
  return holds(doc, everythingOf(other));
}

/** The first thing that a document lacks and another one has, in words; undefined: nothing. */
export function lacks(doc: Y.Doc, other: Y.Doc): string | undefined {
  const { structs, deletes } = everythingOf(other);
  const struct = structs.find((range) => !holds(doc, { structs: [range], deletes: [] }));
  if (struct !== undefined) return `lacks ${struct.client} from ${Y.getState(doc.store, struct.client)} to ${struct.to}`;
  const deletion = deletes.find((range) => !holds(doc, { structs: [], deletes: [range] }));
  return deletion && `lacks the deletion of ${deletion.client} ${deletion.from} to ${deletion.to}`;
}

function everythingOf(doc: Y.Doc): Content {
  const structs = [...doc.store.clients.keys()].map((client) => ({ client, from: 0, to: Y.getState(doc.store, client) }));
  const deletes = [...Y.createDeleteSetFromStructStore(doc.store).clients].flatMap(([client, ranges]) =>
    ranges.map(({ clock, len }) => ({ client, from: clock, to: clock + len })),
  );
  return { structs, deletes };
}
