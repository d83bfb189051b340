/**
 * Hash: 64-bit positions on the ring, the same on every platform and in every version of Node.
 *
 * FNV-1a 64 (Fowler, Noll, Vo) reads the bytes; on its own it leaves short names that differ in their last letter close
 * together, so MurmurHash3's finaliser `fmix64` (Appleby) spreads them over the whole circle. Both work on two halves of
 * 32 bits: JavaScript's numbers hold 53, and `BigInt` costs ten times as much.
 *
 * Not for secrets, and no protection against somebody who looks for collisions: it places rooms and names ring states
 * among relays that trust each other.
 */
import { encodeUtf8 } from "lib0/string";

/** An unsigned 64-bit number as two unsigned halves. */
export interface Position {
  readonly high: number;
  readonly low: number;
}

/** The position of a text, by its UTF-8 bytes. */
export function positionOf(text: string): Position {
  return hash64(encodeUtf8(text));
}

export function hash64(bytes: Uint8Array): Position {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    // The prime is 2^40 + 0x1b3: a product by 435 (below 2^41, exact) and a shift by 40.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x1_0000_0000) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return finalised(high, low);
}

/** Below 0, 0 or above, as for `sort`. */
export function comparePositions(left: Position, right: Position): number {
  return left.high - right.high || left.low - right.low;
}

/** 16 hex digits. */
/** Reverses `positionHex`. */
export function positionOfHex(hex: string): Position {
  return { high: Number.parseInt(hex.slice(0, 8), 16), low: Number.parseInt(hex.slice(8), 16) };
}

export function positionHex(position: Position): string {
  return position.high.toString(16).padStart(8, "0") + position.low.toString(16).padStart(8, "0");
}

/** fmix64: xor with the number shifted right by 33, times a constant, twice. */
function finalised(high: number, low: number): Position {
  const once = product64(high, (low ^ (high >>> 1)) >>> 0, 0xff51afd7, 0xed558ccd);
  const twice = product64(once.high, (once.low ^ (once.high >>> 1)) >>> 0, 0xc4ceb9fe, 0x1a85ec53);
  return { high: twice.high, low: (twice.low ^ (twice.high >>> 1)) >>> 0 };
}

/** The lower 64 bits of a product. */
function product64(leftHigh: number, leftLow: number, rightHigh: number, rightLow: number): Position {
  const carry = highHalf(leftLow, rightLow);
  return {
    high: (Math.imul(leftHigh, rightLow) + Math.imul(leftLow, rightHigh) + carry) >>> 0,
    low: Math.imul(leftLow, rightLow) >>> 0,
  };
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers, by their 16-bit halves. */
function highHalf(left: number, right: number): number {
  const leftTop = left >>> 16;
  const leftRest = left & 0xffff;
  const rightTop = right >>> 16;
  const rightRest = right & 0xffff;
  const middle = leftTop * rightRest + ((leftRest * rightRest) >>> 16);
  const middleRest = (middle & 0xffff) + leftRest * rightTop;
  return leftTop * rightTop + Math.floor(middle / 0x1_0000) + Math.floor(middleRest / 0x1_0000);
}
