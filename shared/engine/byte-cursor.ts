/**
 * ByteCursor: reads numbers and strings, in lib0's coding, from bytes that somebody else wrote.
 *
 * lib0's own readers answer `undefined`, NaN or a number past the end for some torn inputs, and decode every string
 * that is only to be passed over. This one knows where it stands, refuses what it cannot read by throwing
 * `Unreadable`, and never reads a claimed length further than there are bytes.
 *
 * Invariant: `position` never passes the end. Whoever drives a cursor catches `Unreadable` once, at the boundary, and
 * turns it into a `Result`.
 */
import { decodeUtf8 } from "lib0/string";
import type { ErrorCode } from "../base/errors.ts";
import type { Refusal } from "../base/result.ts";

/** The bytes cannot be read, and why. Never leaves the function that made the cursor. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  readonly refusal: Refusal;

  constructor(code: ErrorCode, detail: string) {
    super(detail);
    this.refusal = { code, detail };
  }
}

/** A safe integer fits in 8 groups of 7 bits; whatever is longer is padding or lies. */
const numberBytesMax = 8;

export class ByteCursor {
  readonly bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  byte(): number {
    const byte = this.bytes[this.position];
    if (byte === undefined) throw this.#tornEnd();
    this.position++;
    return byte;
  }

  varUint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let unit = 0x80;
    for (let length = 2; length <= numberBytesMax; length++) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      unit *= 0x80;
    }
    throw new Unreadable("BAD_UPDATE", `a number at byte ${this.position} is too large`);
  }

  /** A count of things of which each takes at least `bytesEach`: more than can follow is refused before any loop. */
  count(bytesEach: number): number {
    const count = this.varUint();
    if (count * bytesEach > this.left) throw new Unreadable("BAD_UPDATE", `${count} things are announced in ${this.left} bytes`);
    return count;
  }

  skip(length: number): void {
    if (length > this.left) throw this.#tornEnd();
    this.position += length;
  }

  /** lib0's signed numbers: the first byte has 6 bits of value, the others 7. */
  skipVarInt(): void {
    let value = 0;
    let unit = 1;
    for (let length = 1; length <= numberBytesMax; length++) {
      const byte = this.byte();
      const bits = length === 1 ? 6 : 7;
      value += (byte & ((1 << bits) - 1)) * unit;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return;
      }
      unit *= 1 << bits;
    }
    throw new Unreadable("BAD_UPDATE", `a number at byte ${this.position} is too large`);
  }

  string(): string {
    return this.#decode(this.varUint());
  }

  /** Passes over a string and answers its length in UTF-16 units, which is what Yjs counts. */
  stringLength(): number {
    const length = this.varUint();
    if (length > this.left) throw this.#tornEnd();
    const end = this.position + length;
    for (let index = this.position; index < end; index++) {
      if ((this.bytes[index] ?? 0) >= 0x80) return this.#decode(length).length;
    }
    this.position = end;
    return length;
  }

  #decode(length: number): string {
    const start = this.position;
    this.skip(length);
    try {
      return decodeUtf8(this.bytes.subarray(start, this.position));
    } catch {
      // lib0's decoder is fatal: it throws for what is not UTF-8, and so would every client's.
      throw new Unreadable("BAD_UPDATE", `a text of ${length} bytes is not UTF-8`);
    }
  }

  #tornEnd(): Unreadable {
    return new Unreadable("BAD_UPDATE", `${this.bytes.length} bytes end in the middle of something`);
  }
}
