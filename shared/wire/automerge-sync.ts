/**
 * The messages of Automerge's sync protocol, which `request` and `sync` of automerge-repo carry: who has what, and the changes that the other lacks.
 *
 *     message  0x42, or 0x43 · heads · need · have: count × (lastSync · filter: length, bytes) · changes: count × (length, bytes) · flags?: length, bytes
 *     filter   nothing, or entries · bits per entry · probes · bits
 *     hashes   count × 32 bytes (heads, need, lastSync)
 *
 * Numbers are LEB128. `heads` are what the sender is at, `need` what it knows of and has not, `have` which changes since `lastSync` it has, as
 * a Bloom filter. 0x43 has one whole document in place of changes; it is sent only to who has sent flags. What is written here has none, so
 * that clients send changes, which the core can read, and never whole documents.
 *
 * Invariants: `decode` is total, and bounded by the size of the message; nothing of the message is kept. A filter never denies what is in it, and
 * costs at most `probesMax` steps to ask.
 * Source: rust/automerge/src/sync.rs and sync/bloom.rs of automerge/automerge; Kleppmann, Howard, "Byzantine eventual consistency", arXiv 2012.00472.
 */
import * as encoding from "lib0/encoding";
import { bytesOfHex, concatBytes, hexOf, noBytes } from "../base/bytes.ts";
import type { Result } from "../base/result.ts";
import { decodeBytes, UnreadableBytes, type ByteReader } from "./byte-reader.ts";

export interface SyncMessage {
  readonly heads: readonly string[];
  readonly need: readonly string[];
  readonly have: readonly SyncHave[];
  /** Chunks one behind the other: an update. */
  readonly changes: Uint8Array;
  /** The sender wants to be sent again what it was sent already. */
  readonly isReset: boolean;
  /** The sender takes whole documents among changes; earlier versions of Automerge do not. */
  readonly takesDocuments: boolean;
}

export interface SyncHave {
  readonly lastSync: readonly string[];
  readonly filter: BloomFilter;
}

/** Which hashes somebody has, with one in a hundred too many. */
export interface BloomFilter {
  readonly entries: number;
  readonly bitsPerEntry: number;
  readonly probes: number;
  readonly bits: Uint8Array;
}

const messageTypes = { changes: 0x42, wholeDocument: 0x43 } as const;
const hashBytes = 32;
/** Flags are bits of bytes of which the highest is set; the others are of former versions. */
const flagsByte = 0x80;
const resetFlag = 0x01;
/** As Automerge has it: seven probes of ten bits for each entry. */
const usual = { bitsPerEntry: 10, probes: 7 } as const;
/** Whoever asks for more wants to be waited for. */
const probesMax = 32;
const bitsPerEntryMax = 128;

export const emptyFilter: BloomFilter = { entries: 0, ...usual, bits: noBytes };

export function decodeSyncMessage(bytes: Uint8Array): Result<SyncMessage> {
  return decodeBytes(bytes, "a sync message", read);
}

/** Hashes as hex, or the bytes of all of them, one behind the other. */
export type Hashes = readonly string[] | Uint8Array;

interface SaidMessage {
  readonly heads: Hashes;
  readonly need: Hashes;
  readonly have: readonly { readonly lastSync: Hashes; readonly filter: BloomFilter }[];
  /** Chunks. */
  readonly changes: readonly Uint8Array[];
}

/** Without flags. */
export function encodeSyncMessage(message: SaidMessage): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeUint8(encoder, messageTypes.changes);
    writeHashes(encoder, message.heads);
    writeHashes(encoder, message.need);
    encoding.writeVarUint(encoder, message.have.length);
    for (const { lastSync, filter } of message.have) {
      writeHashes(encoder, lastSync);
      encoding.writeVarUint8Array(encoder, filterBytes(filter));
    }
    encoding.writeVarUint(encoder, message.changes.length);
    for (const change of message.changes) encoding.writeVarUint8Array(encoder, change);
  });
}

export function filterOf(hashes: readonly string[]): BloomFilter {
  const filter = { entries: hashes.length, ...usual, bits: new Uint8Array(bitBytes(hashes.length, usual.bitsPerEntry)) };
  for (const hash of hashes) for (const probe of probesOf(filter, hash)) filter.bits[probe >> 3]! |= 1 << (probe & 7);
  return filter;
}

/** Whether the hash may be in it; false: it is not. */
export function mayHave(filter: BloomFilter, hash: string): boolean {
  if (filter.bits.length === 0) return false;
  for (const probe of probesOf(filter, hash)) if (((filter.bits[probe >> 3] ?? 0) & (1 << (probe & 7))) === 0) return false;
  return true;
}

function read(reader: ByteReader): SyncMessage {
  const type = reader.number();
  if (type !== messageTypes.changes && type !== messageTypes.wholeDocument)
    throw new UnreadableBytes({ code: "BAD_FRAME", detail: `it is of type ${type}` });
  const heads = readHashes(reader);
  const need = readHashes(reader);
  const have = Array.from({ length: reader.count(2) }, () => ({ lastSync: readHashes(reader), filter: readFilter(reader) }));
  const changes = readChunks(reader);
  const takesDocuments = reader.remaining > 0;
  const flags = takesDocuments ? reader.bytes() : noBytes;
  // What a later version appends.
  reader.skipRest();
  const isReset = flags.some((byte) => (byte & flagsByte) !== 0 && (byte & resetFlag) !== 0);
  return { heads, need, have, changes, isReset, takesDocuments };
}

function readHashes(reader: ByteReader): readonly string[] {
  return Array.from({ length: reader.count(hashBytes) }, () => hexOf(reader.fixed(hashBytes)));
}

/** As one piece: how many there are is bounded where they are read as changes, and not here. */
function readChunks(reader: ByteReader): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let left = reader.number(); left > 0; left--) {
    const chunk = reader.bytes();
    if (chunk.length === 0) throw new UnreadableBytes({ code: "BAD_FRAME", detail: "a change has no bytes" });
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

function readFilter(reader: ByteReader): BloomFilter {
  const bytes = reader.bytes();
  if (bytes.length === 0) return emptyFilter;
  const filter = decodeBytes(bytes, "a filter", (inside) => {
    const entries = inside.number();
    const bitsPerEntry = inside.number(bitsPerEntryMax);
    const probes = inside.number(probesMax);
    const bits = inside.fixed(bitBytes(entries, bitsPerEntry));
    inside.skipRest();
    return { entries, bitsPerEntry, probes, bits };
  });
  if (!filter.ok) throw new UnreadableBytes(filter.refusal);
  return filter.value;
}

function filterBytes({ entries, bitsPerEntry, probes, bits }: BloomFilter): Uint8Array {
  if (entries === 0) return noBytes;
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, entries);
    encoding.writeVarUint(encoder, bitsPerEntry);
    encoding.writeVarUint(encoder, probes);
    encoding.writeUint8Array(encoder, bits);
  });
}

function bitBytes(entries: number, bitsPerEntry: number): number {
  return Math.ceil((entries * bitsPerEntry) / 8);
}

/** Which bits stand for the hash: three numbers out of its first twelve bytes, added up ("enhanced double hashing"). */
function probesOf({ bits, probes }: BloomFilter, hash: string): readonly number[] {
  const modulo = 8 * bits.length;
  const view = new DataView(bytesOfHex(hash.slice(0, 24)).buffer);
  let x = view.getUint32(0, true) % modulo;
  let y = view.getUint32(4, true) % modulo;
  const z = view.getUint32(8, true) % modulo;
  const found = [x];
  for (let more = 1; more < probes; more++) {
    x = (x + y) % modulo;
    y = (y + z) % modulo;
    found.push(x);
  }
  return found;
}

function writeHashes(encoder: encoding.Encoder, hashes: Hashes): void {
  if (hashes instanceof Uint8Array) {
    encoding.writeVarUint(encoder, hashes.length / hashBytes);
    encoding.writeUint8Array(encoder, hashes);
    return;
  }
  encoding.writeVarUint(encoder, hashes.length);
  for (const hash of hashes) encoding.writeUint8Array(encoder, bytesOfHex(hash));
}
