/**
 * AuthorsIn: how many authors an update may bring something of, told from a few of its bytes: an edit of many is an import, and goes as a state.
 */
import type { EngineName } from "@inkmesh/shared/engine/crdt-engine";

/** More are not counted. */
const countedMax = 128;
/** Of an Automerge chunk: magic, checksum and type, before its length. */
const chunkHeadBytes = 9;

export function authorsIn(update: Uint8Array, engine: EngineName): number {
  // Yjs' update begins with their number, seven bits to a byte.
  return engine === "yjs" ? Math.min(update[0] ?? 0, countedMax) : chunksIn(update);
}

/** Automerge's is a row of changes, each of one author. */
function chunksIn(update: Uint8Array): number {
  let chunks = 0;
  for (let at = 0; at < update.length && chunks < countedMax; chunks++) {
    at += chunkHeadBytes;
    let length = 0;
    let unit = 1;
    for (let byte = 0x80; byte >= 0x80; unit *= 128) {
      byte = update[at++] ?? 0;
      length += (byte & 0x7f) * unit;
    }
    at += length;
  }
  return chunks;
}
