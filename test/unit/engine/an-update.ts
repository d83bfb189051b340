/**
 * Builders of Yjs updates for the engine's tests: real ones, written by a Y.Doc, and hand-made ones that no Y.Doc writes.
 */
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import type { ContentLimits } from "@inkmesh/shared/engine/crdt-engine";

export const roomyLimits: ContentLimits = {
  partsPerUpdateMax: 100_000,
  authorsPerEditMax: 16,
  clockMax: 2 ** 40,
  nestingMax: 64,
  authorsPerRoomMax: 100,
};

/** A document that writes as `client`. */
export function aDoc(client = 1): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = client;
  return doc;
}

/** The updates of what `write` does to the document, one per transaction. */
export function updatesOf(doc: Y.Doc, write: (doc: Y.Doc) => void): Uint8Array[] {
  const updates: Uint8Array[] = [];
  const listen = (update: Uint8Array): void => void updates.push(update);
  doc.on("update", listen);
  write(doc);
  doc.off("update", listen);
  return updates;
}

/** The whole state of a new document after `write`. */
export function stateOf(write: (doc: Y.Doc) => void, client = 1): Uint8Array {
  const doc = aDoc(client);
  write(doc);
  return Y.encodeStateAsUpdate(doc);
}

type Id = readonly [client: number, clock: number];
type Write = (encoder: encoding.Encoder) => void;

function bytesOf(kind: number, bytes: Uint8Array): { kind: number; write: Write } {
  return { kind, write: (encoder) => encoding.writeUint8Array(encoder, bytes) };
}

/** Content as it follows an item's head: its kind, and what writes it. */
export const contents = {
  string: (text: string) => ({ kind: 4, write: (encoder: encoding.Encoder) => encoding.writeVarString(encoder, text) }),
  deleted: (length: number) => ({ kind: 1, write: (encoder: encoding.Encoder) => encoding.writeVarUint(encoder, length) }),
  type: (type: number) => ({ kind: 7, write: (encoder: encoding.Encoder) => encoding.writeVarUint(encoder, type) }),
  raw: (kind: number, ...bytes: number[]) => bytesOf(kind, Uint8Array.from(bytes)),
  /** `depth` arrays, one inside the other. */
  nestedArrays: (depth: number) => bytesOf(8, Uint8Array.from([1, ...Array.from({ length: depth }, () => [117, 1]).flat(), 126])),
};

/** An item; without origins it stands in the root `text` or in `parent`. */
export function item(content: { kind: number; write: Write }, at: { origin?: Id; rightOrigin?: Id; parent?: Id } = {}): Write {
  return (encoder) => {
    const id = ([client, clock]: Id): void => {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, clock);
    };
    encoding.writeUint8(encoder, content.kind | (at.origin ? 0x80 : 0) | (at.rightOrigin ? 0x40 : 0));
    if (at.origin) id(at.origin);
    if (at.rightOrigin) id(at.rightOrigin);
    if (!at.origin && !at.rightOrigin) {
      encoding.writeVarUint(encoder, at.parent ? 0 : 1);
      if (at.parent) id(at.parent);
      else encoding.writeVarString(encoder, "text");
    }
    content.write(encoder);
  };
}

export function gc(length: number): Write {
  return (encoder) => {
    encoding.writeUint8(encoder, 0);
    encoding.writeVarUint(encoder, length);
  };
}

export function skip(length: number): Write {
  return (encoder) => {
    encoding.writeUint8(encoder, 10);
    encoding.writeVarUint(encoder, length);
  };
}

/** An update of blocks `[client, clock, …structs]` and deletions `[client, from, length]`. */
export function anUpdate(
  blocks: readonly (readonly [client: number, clock: number, ...structs: Write[]])[],
  deletes: readonly (readonly [client: number, from: number, length: number])[] = [],
): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, blocks.length);
    for (const [client, clock, ...structs] of blocks) {
      encoding.writeVarUint(encoder, structs.length);
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, clock);
      for (const write of structs) write(encoder);
    }
    encoding.writeVarUint(encoder, deletes.length);
    for (const [client, from, length] of deletes) for (const number of [client, 1, from, length]) encoding.writeVarUint(encoder, number);
  });
}
