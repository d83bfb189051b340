/**
 * Reads the heads of Automerge's changes: which change it is, on which others it hangs, and whose it is. What it does to a document stays closed,
 * which only Automerge (WebAssembly, on a worker) opens.
 *
 *     update  chunk*
 *     chunk   magic 85 6f 4a 83 · checksum, 4 bytes · type, 1 byte · length · so many bytes
 *             1 change · 2 change, deflated · 0 a whole document, 3 a bundle: refused here, since their changes are known only once they are built
 *     change  deps: count × 32 bytes · actor: length, bytes · seq · first operation ≥ 1 · time, signed · message: length, UTF-8
 *             · other actors: count × (length, bytes) · columns: count × (what it is, length) · what is in the columns · anything
 *
 * Numbers are LEB128, in their shortest form. A change is named by the SHA-256 of its type (1, also where it is deflated), length and bytes, and
 * the checksum is the first four bytes of that: so whoever has the hash has the change, byte for byte.
 *
 * Invariants: total for any bytes; each chunk's checksum is right; what is answered has been read to the end. What a chunk comes to when it is
 * inflated is bounded over the whole update.
 * Source: automerge.org/automerge-binary-format-spec, and rust/automerge/src/storage of automerge/automerge where that is silent.
 */
import { digest } from "lib0/hash/sha256";
import { concatBytes, hexOf, sameBytes } from "../base/bytes.ts";
import { ok, refused, type Result } from "../base/result.ts";
import { countOperations, makingIn, readColumns, type Column } from "./automerge-columns.ts";
import { inflate } from "./automerge-inflation.ts";
import { ByteCursor, Unreadable } from "./byte-cursor.ts";
import type { ContentLimits } from "./crdt-engine.ts";
import { leb128, leb128Count, leb128Of, skipSignedLeb128, taken } from "./leb128.ts";

/** A change's head. Hashes and actors are hex digits, as Automerge shows them. */
export interface AutomergeChange {
  readonly hash: string;
  readonly deps: readonly string[];
  readonly actor: string;
  /** 1 for the actor's first change, one more for each. */
  readonly seq: number;
  /** The number of its first operation. */
  readonly startOp: number;
  /** How many operations it has, and at most how many of them delete something. */
  readonly operations: number;
  readonly deletions: number;
  /** The chunk as it came: a part of the update. */
  readonly bytes: Uint8Array;
}

export const hashBytes = 32;
const magic = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83);
const checksumBytes = 4;
const chunkTypes = { document: 0, change: 1, deflated: 2, bundle: 3 } as const;
/** The shortest change: a header, no deps, an actor of no bytes, and zeros and ones. */
const chunkBytesMin = 18;
/** What Automerge draws has 16; applications may choose longer ones. */
const actorBytesMax = 128;
/** Automerge counts operations and an actor's changes in 32 bits. */
const counterMax = 0xffff_ffff;
/**
 * What all deflated changes of an update may come to: 1 MiB, and 64 times as many bytes as it has, as much as a frame of 16 MiB brings without
 * deflating at most. Inflating takes about 25 ms per MiB on the thread that serves everybody, so few bytes must not buy much of it; what people
 * write deflates to a tenth at best. Automerge of today deflates no changes.
 */
const inflatedBytesFree = 1024 * 1024;
const inflatedPerByte = 64;
const inflatedBytesMax = 16 * 1024 * 1024;

/** The changes that `update` is made of, as they follow each other. */
export function readChanges(update: Uint8Array, limits: ContentLimits): Result<readonly AutomergeChange[]> {
  try {
    return ok(new ChunkReader(update, limits).all());
  } catch (error) {
    if (error instanceof Unreadable) return refused(error.refusal.code, error.refusal.detail);
    throw error;
  }
}

/** Whether `update` begins as a whole document does. */
export function isWholeDocument(update: Uint8Array): boolean {
  return sameBytes(update.subarray(0, magic.length), magic) && update[magic.length + checksumBytes] === chunkTypes.document;
}

/**
 * `update` as several, each of whole chunks and of at most `bytesMax` bytes, but for a chunk that is larger. Total: what cannot be read is left in one
 * piece, for whoever reads it to refuse. Copies: a piece that is kept for long must not keep all of `update`.
 */
export function splitUpdate(update: Uint8Array, bytesMax: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  let last = 0;
  for (let end = chunkEnd(update, 0); end !== undefined; end = chunkEnd(update, end)) {
    if (end - from > bytesMax && last > from) {
      pieces.push(update.slice(from, last));
      from = last;
    }
    last = end;
  }
  return from < update.length ? [...pieces, update.slice(from)] : pieces;
}

/** Undefined: no whole chunk begins there. */
function chunkEnd(update: Uint8Array, start: number): number | undefined {
  const cursor = new ByteCursor(update);
  try {
    cursor.skip(start + magic.length + checksumBytes + 1);
    cursor.skip(leb128(cursor));
    return cursor.position;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

/**
 * Which operations of a change make a list, a map or a text, counted from its first; at most `max` of them. Reads but the one column that says what
 * operations do; what is damaged there is left to whoever applies it. `change`: as `readChanges` answered it.
 */
export function objectsMadeIn({ bytes }: AutomergeChange, max: number): readonly number[] {
  const cursor = new ByteCursor(bytes);
  cursor.skip(magic.length + checksumBytes);
  const isDeflated = cursor.byte() === chunkTypes.deflated;
  const body = taken(cursor, leb128(cursor));
  return makingIn(columnsOf(isDeflated ? inflate(body, inflatedBytesMax) : body), max);
}

class ChunkReader {
  readonly #cursor: ByteCursor;
  readonly #limits: ContentLimits;
  #inflatedLeft: number;

  constructor(update: Uint8Array, limits: ContentLimits) {
    this.#cursor = new ByteCursor(update);
    this.#inflatedLeft = Math.min(inflatedBytesMax, inflatedBytesFree + inflatedPerByte * update.length);
    this.#limits = limits;
  }

  all(): readonly AutomergeChange[] {
    const changes: AutomergeChange[] = [];
    while (this.#cursor.left > 0) {
      if (changes.length >= this.#limits.partsPerUpdateMax)
        throw new Unreadable("TOO_MANY_PARTS", `more than ${this.#limits.partsPerUpdateMax} changes in one update`);
      changes.push(this.#chunk());
    }
    return changes;
  }

  #chunk(): AutomergeChange {
    const cursor = this.#cursor;
    const start = cursor.position;
    if (cursor.left < chunkBytesMin) throw new Unreadable("BAD_UPDATE", `${cursor.left} bytes are no change`);
    if (!sameBytes(taken(cursor, magic.length), magic)) throw new Unreadable("BAD_UPDATE", `no change begins at byte ${start}`);
    const checksum = taken(cursor, checksumBytes);
    const hashed = cursor.position;
    const type = cursor.byte();
    const body = taken(cursor, leb128(cursor));
    const plain = this.#plain(type, body, cursor.bytes.subarray(hashed, cursor.position));
    const hash = digest(plain.hashed);
    if (!sameBytes(checksum, hash.subarray(0, checksumBytes)))
      throw new Unreadable("BAD_UPDATE", `the checksum of the change at byte ${start} is wrong`);
    return { hash: hexOf(hash), ...readHead(plain.body, this.#limits), bytes: cursor.bytes.subarray(start, cursor.position) };
  }

  /** The change as it is not deflated, and what its hash is of. */
  #plain(type: number, body: Uint8Array, hashed: Uint8Array): { readonly body: Uint8Array; readonly hashed: Uint8Array } {
    if (type === chunkTypes.change) return { body, hashed };
    if (type === chunkTypes.document) throw new Unreadable("BAD_UPDATE", "a whole document is no update: its changes are");
    if (type === chunkTypes.bundle) throw new Unreadable("BAD_UPDATE", "a bundle of changes is not understood here");
    if (type !== chunkTypes.deflated) throw new Unreadable("BAD_UPDATE", `a chunk of type ${type}`);
    const inflated = inflate(body, this.#inflatedLeft);
    this.#inflatedLeft -= inflated.length;
    return { body: inflated, hashed: concatBytes([Uint8Array.of(chunkTypes.change), leb128Of(inflated.length), inflated]) };
  }
}

function readHead(body: Uint8Array, limits: ContentLimits): Omit<AutomergeChange, "hash" | "bytes"> {
  const cursor = new ByteCursor(body);
  const deps = Array.from({ length: leb128Count(cursor, hashBytes) }, () => hexOf(taken(cursor, hashBytes)));
  const actor = hexOf(actorIn(cursor));
  const seq = counter(cursor, limits);
  const startOp = counter(cursor, limits);
  skipSignedLeb128(cursor);
  skipMessage(cursor);
  for (let others = leb128Count(cursor, 1); others > 0; others--) actorIn(cursor);
  return { deps, actor, seq, startOp, ...countOperations(readColumns(cursor)) };
}

function actorIn(cursor: ByteCursor): Uint8Array {
  const length = leb128(cursor);
  if (length > actorBytesMax) throw new Unreadable("BAD_UPDATE", `an actor of ${length} bytes, limit ${actorBytesMax}`);
  return taken(cursor, length);
}

function counter(cursor: ByteCursor, limits: ContentLimits): number {
  const value = leb128(cursor);
  if (value === 0) throw new Unreadable("BAD_UPDATE", "changes and operations are counted from 1");
  if (value > Math.min(counterMax, limits.clockMax))
    throw new Unreadable("CLOCK_TOO_FAR", `number ${value}, limit ${Math.min(counterMax, limits.clockMax)}`);
  return value;
}

function skipMessage(cursor: ByteCursor): void {
  const from = cursor.position;
  leb128(cursor);
  cursor.position = from;
  // Reads the length again, and refuses what is not UTF-8.
  cursor.stringLength();
}

function columnsOf(body: Uint8Array): readonly Column[] {
  const cursor = new ByteCursor(body);
  for (let deps = leb128(cursor); deps > 0; deps--) cursor.skip(hashBytes);
  actorIn(cursor);
  leb128(cursor);
  leb128(cursor);
  skipSignedLeb128(cursor);
  skipMessage(cursor);
  for (let others = leb128(cursor); others > 0; others--) actorIn(cursor);
  return readColumns(cursor);
}
