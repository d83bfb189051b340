/**
 * ByteReader: reads lib0's coding out of bytes that somebody else wrote.
 *
 * lib0 trusts its input more than a relay may: it answers `NaN` and numbers beyond 2^53, views that keep a whole socket
 * buffer alive, and leaves counts to the caller. Here a number is whole and safe, bytes are copies that may be kept, and
 * what multiplies (messages, updates, actors) is counted against one budget per reader before anything is built, so
 * that 16 MiB of hostile bytes never become gigabytes of objects.
 *
 * Invariant: nothing throws out of `decodeBytes` and `decodeWith` for outside data; only a broken invariant of our own does.
 */
import * as decoding from "lib0/decoding";
import { AssertionError } from "../base/assert.ts";
import { ok, refused, type Refusal, type Result } from "../base/result.ts";
import { readByteString, readText, readWholeNumber } from "../base/whole-number.ts";
import { readVectorClock, type VectorClock } from "../clock/vector-clock.ts";

/** Messages, updates and actors in one frame together: 16,384 of them are a few MiB of objects at most. */
export const itemsPerFrameMax = 16_384;

/** Thrown inside a decoder, caught by `decodeBytes`: a refusal with its code. */
export class UnreadableBytes extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

export class ByteReader {
  readonly #decoder: decoding.Decoder;
  #itemsLeft: number;

  constructor(bytes: Uint8Array, itemsMax: number = itemsPerFrameMax) {
    this.#decoder = decoding.createDecoder(bytes);
    this.#itemsLeft = itemsMax;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#decoder.arr.length - this.#decoder.pos;
  }

  /** A whole number of at most `max`. */
  number(max: number = Number.MAX_SAFE_INTEGER): number {
    const number = readWholeNumber(this.#decoder);
    if (number > max) throw new UnreadableBytes({ code: "BAD_FRAME", detail: `number ${number}, limit ${max}` });
    return number;
  }

  /** Four bytes, the highest first. */
  uint32(): number {
    // lib0 reads beyond the end as zeros.
    if (this.remaining < 4) throw new UnreadableBytes({ code: "BAD_FRAME", detail: "a number ends early" });
    return decoding.readUint32BigEndian(this.#decoder);
  }

  /** How many items of at least `bytesEachMin` bytes follow: checked against what is left, and taken from the budget. */
  count(bytesEachMin: number): number {
    return this.counted(this.number(), bytesEachMin);
  }

  /** `count`, where that many items of at least `bytesEachMin` bytes may follow, as above. */
  counted(count: number, bytesEachMin: number): number {
    if (count * bytesEachMin > this.remaining)
      throw new UnreadableBytes({ code: "BAD_FRAME", detail: `${count} items in ${this.remaining} bytes` });
    this.spend(count);
    return count;
  }

  /** Takes `items` from the budget. */
  spend(items: number): void {
    this.#itemsLeft -= items;
    if (this.#itemsLeft < 0) throw new UnreadableBytes({ code: "BAD_FRAME", detail: "more items than one frame may carry" });
  }

  text(): string {
    return readText(this.#decoder);
  }

  /** Length-prefixed bytes, as a copy that does not keep the frame alive. */
  bytes(): Uint8Array {
    return readByteString(this.#decoder).slice();
  }

  /** So many bytes, as such a copy. */
  fixed(length: number): Uint8Array {
    return decoding.readUint8Array(this.#decoder, length).slice();
  }

  clock(): VectorClock {
    const clock = readVectorClock(this.#decoder, this.#itemsLeft);
    this.spend(clock.size);
    return clock;
  }

  /** Drops the rest: for what a newer version appended. */
  skipRest(): void {
    this.#decoder.pos = this.#decoder.arr.length;
  }

  /** Nothing may be left. */
  end(): void {
    if (this.remaining > 0) throw new UnreadableBytes({ code: "BAD_FRAME", detail: `${this.remaining} bytes too many` });
  }
}

/** What `read` makes of all of `bytes`, or a refusal; `what` names it for a person ("a session token"). */
export function decodeBytes<Value>(bytes: Uint8Array, what: string, read: (reader: ByteReader) => Value): Result<Value> {
  return decodeWith(new ByteReader(bytes), what, read);
}

/** What `read` makes of all that `reader` has, or a refusal. */
export function decodeWith<Reader extends ByteReader, Value>(reader: Reader, what: string, read: (reader: Reader) => Value): Result<Value> {
  const { remaining } = reader;
  try {
    const value = read(reader);
    reader.end();
    return ok(value);
  } catch (error) {
    if (error instanceof AssertionError) throw error;
    if (error instanceof UnreadableBytes) return refused(error.refusal.code, `${what} of ${remaining} bytes: ${error.refusal.detail}`);
    return refused("BAD_FRAME", `${what} of ${remaining} bytes ends early or is not readable`);
  }
}
