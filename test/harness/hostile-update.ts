/**
 * HostileUpdate: Yjs updates that nobody's editor makes, byte by byte or by a document that was led astray.
 */
import * as encoding from "lib0/encoding";
import * as Y from "yjs";

/** An honest little update. */
export function anUpdate(text = "x", client = 4_711): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = client;
  doc.getText("text").insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

/** An update whose predecessor was never sent. */
export function aGap(client = 4_712): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = client;
  doc.getText("text").insert(0, "first");
  let second: Uint8Array | undefined;
  doc.on("update", (update: Uint8Array) => (second = update));
  doc.getText("text").insert(5, "second");
  return second!;
}

/** The second version of Yjs's encoding, which the first version's decoder takes for nothing. */
export function inV2(): Uint8Array {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "in another encoding");
  return Y.encodeStateAsUpdateV2(doc);
}

/** A character at a position that no document reaches. */
export function aClockBomb(): Uint8Array {
  return structs((encoder) => writeString(encoder, "x"), { clock: 2 ** 45 });
}

/** Arrays in arrays. */
export function aNestingBomb(depth = 1_000): Uint8Array {
  const doc = new Y.Doc();
  let array = doc.getArray<unknown>("text");
  doc.transact(() => {
    for (let level = 0; level < depth; level++) {
      const inner = new Y.Array<unknown>();
      array.push([inner]);
      array = inner;
    }
  });
  return Y.encodeStateAsUpdate(doc);
}

/** One value that is lists in lists. */
export function aValueBomb(depth = 100_000): Uint8Array {
  return structs((encoder) => {
    encoding.writeUint8(encoder, 8); // ContentAny, without origins
    encoding.writeVarUint(encoder, 1); // parent is a root
    encoding.writeVarString(encoder, "text");
    encoding.writeVarUint(encoder, 1);
    for (let level = 0; level < depth; level++) encoding.writeUint8Array(encoder, Uint8Array.of(117, 1));
    encoding.writeUint8(encoder, 126);
  });
}

/** Says that a billion structs follow. */
export function aCountBomb(): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint(encoder, 2 ** 30);
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint(encoder, 0);
  });
}

/** An honest update with something behind it. */
export function withTail(): Uint8Array {
  return Uint8Array.of(...anUpdate(), 1, 2, 3);
}

/** An honest update cut short. */
export function cut(): Uint8Array {
  return anUpdate("some words").slice(0, -3);
}

function structs(write: (encoder: encoding.Encoder) => void, options: { clock?: number } = {}): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint(encoder, 4_713);
    encoding.writeVarUint(encoder, options.clock ?? 0);
    write(encoder);
    encoding.writeVarUint(encoder, 0); // no deletions
  });
}

function writeString(encoder: encoding.Encoder, text: string): void {
  encoding.writeUint8(encoder, 4);
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarString(encoder, "text");
  encoding.writeVarString(encoder, text);
}

/** A y-websocket frame that carries an update: as an edit (2) or as the answer to a SyncStep1 (1). */
export function yFrame(update: Uint8Array, kind: 1 | 2 = 2): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarUint(encoder, kind);
    encoding.writeVarUint8Array(encoder, update);
  });
}
