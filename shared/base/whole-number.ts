/**
 * Reads lib0's variable-length numbers, texts and byte strings where somebody else wrote them.
 *
 * lib0's own `readVarUint` goes on as long as bytes say so: 150 of them make its unit `Infinity` and the number `NaN`,
 * which passes every `>` comparison; and a number may come out above 2^53. Here a number has at most 8 bytes and is
 * whole and safe, or it is refused by throwing: for decoders that catch once.
 */
import { readUint8Array, type Decoder } from "lib0/decoding";
import { decodeUtf8 } from "lib0/string";

/** 8 × 7 bits hold every safe integer. */
const numberBytesMax = 8;

export function readWholeNumber(decoder: Decoder): number {
  let number = 0;
  let unit = 1;
  for (let left = numberBytesMax; left > 0; left--) {
    const byte = decoder.arr[decoder.pos];
    if (byte === undefined) throw new Error("a number ends early");
    decoder.pos += 1;
    number += (byte & 0x7f) * unit;
    unit *= 128;
    if (byte >= 0x80) continue;
    if (number > Number.MAX_SAFE_INTEGER) break;
    return number;
  }
  throw new Error("a number beyond 2^53");
}

/** Length-prefixed bytes, as a view. */
export function readByteString(decoder: Decoder): Uint8Array {
  return readUint8Array(decoder, readWholeNumber(decoder));
}

/** Length-prefixed UTF-8. */
export function readText(decoder: Decoder): string {
  return decodeUtf8(readByteString(decoder));
}
