/**
 * AutomergeChunks: which changes an update, or a whole document, names: whoever has those has all of it. Nothing of it is applied.
 *
 *     update  chunk*
 *     chunk   magic, 4 bytes · checksum, 4 bytes · type, 1 byte · length, LEB128 · so many bytes
 *     whole document (type 0)   actors: count × (length, bytes) · heads: count × 32 bytes · …
 *
 * A whole document names its heads; what they hang on is in it. Automerge passes over what it cannot read without a word, so whoever applied
 * something looks afterwards whether these are there.
 * Source: automerge.org/automerge-binary-format-spec.
 */
import { concatBytes, hexOf, sameBytes } from "@inkmesh/shared/base/bytes";
import { hashBytes, readChanges } from "@inkmesh/shared/engine/automerge-change";
import { ByteCursor, Unreadable } from "@inkmesh/shared/engine/byte-cursor";
import type { ContentLimits } from "@inkmesh/shared/engine/crdt-engine";

/** What is on the device, or came from a relay, was let in by some relay's limits. */
const noLimits: ContentLimits = {
  partsPerUpdateMax: Infinity,
  authorsPerEditMax: Infinity,
  authorsPerRoomMax: Infinity,
  clockMax: Number.MAX_SAFE_INTEGER,
  nestingMax: Infinity,
};

const magic = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83);
const checksumBytes = 4;
const documentType = 0;

/** A change's chunk with what it is called. */
export interface NamedChange {
  readonly hash: string;
  readonly deps: readonly string[];
  readonly bytes: Uint8Array;
}

/** Of bytes that are asked about again: hashing them takes longer than all else here. */
const hashesKnown = new WeakMap<Uint8Array, { readonly hashes: readonly string[] | undefined }>();

/** The hashes that say all of `update`, whose bytes never change; undefined: it cannot be read. */
export function hashesIn(update: Uint8Array): readonly string[] | undefined {
  const known = hashesKnown.get(update) ?? { hashes: readHashes(update) };
  hashesKnown.set(update, known);
  return known.hashes;
}

function readHashes(update: Uint8Array): readonly string[] | undefined {
  try {
    return chunksIn(update).flatMap((chunk) =>
      chunk.type === documentType ? headsOf(chunk) : changesIn(chunk.bytes)!.map(({ hash }) => hash),
    );
  } catch {
    // Bytes from a disk or a relay, of which some reader said that they are none of ours.
    return undefined;
  }
}

/** The changes of an update that is made of nothing else; undefined where it is not. */
export function changesIn(update: Uint8Array): readonly NamedChange[] | undefined {
  const read = readChanges(update, noLimits);
  return read.ok ? read.value : undefined;
}

/** What one update may hold when it was made elsewhere and has many changes. */
const editBytesMax = 64 * 1024;

/** `changes` as edits, in their order: each as long as that, or one change. */
export function editsOf(changes: readonly Uint8Array[]): readonly Uint8Array[] {
  const edits: Uint8Array[][] = [];
  let bytes = Infinity;
  for (const change of changes) {
    bytes += change.length;
    if (bytes > editBytesMax) {
      edits.push([]);
      bytes = change.length;
    }
    edits.at(-1)!.push(change);
  }
  return edits.map(concatBytes);
}

interface Chunk {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
}

function chunksIn(update: Uint8Array): readonly Chunk[] {
  const cursor = new ByteCursor(update);
  const chunks: Chunk[] = [];
  while (cursor.left > 0) {
    const start = cursor.position;
    cursor.skip(magic.length + checksumBytes);
    if (!sameBytes(update.subarray(start, start + magic.length), magic))
      throw new Unreadable("BAD_UPDATE", `no chunk begins at byte ${start}`);
    const type = cursor.byte();
    const length = cursor.varUint();
    const from = cursor.position;
    cursor.skip(length);
    chunks.push({ type, bytes: update.subarray(start, cursor.position), body: update.subarray(from, cursor.position) });
  }
  return chunks;
}

function headsOf({ body }: Chunk): readonly string[] {
  const cursor = new ByteCursor(body);
  for (let actors = cursor.varUint(); actors > 0; actors--) cursor.skip(cursor.varUint());
  const count = cursor.varUint();
  if (count * hashBytes > cursor.left) throw new Unreadable("BAD_UPDATE", `${count} heads in ${cursor.left} bytes`);
  return Array.from({ length: count }, () => {
    const from = cursor.position;
    cursor.skip(hashBytes);
    return hexOf(body.subarray(from, cursor.position));
  });
}
