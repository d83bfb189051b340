/**
 * Numbers as Automerge writes them: LEB128, in their shortest form, for Automerge refuses longer ones. Whoever reads catches `Unreadable`.
 */
import { Unreadable, type ByteCursor } from "./byte-cursor.ts";

export function signedLeb128(cursor: ByteCursor): number {
  let value = 0;
  let factor = 1;
  for (;;) {
    const byte = cursor.byte();
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - factor;
  }
}

export function taken(cursor: ByteCursor, length: number): Uint8Array {
  const from = cursor.position;
  cursor.skip(length);
  return cursor.bytes.subarray(from, cursor.position);
}

export function leb128(cursor: ByteCursor): number {
  const from = cursor.position;
  const value = cursor.varUint();
  const length = cursor.position - from;
  if (length > 1 && cursor.bytes[cursor.position - 1] === 0)
    throw new Unreadable("BAD_UPDATE", `a number at byte ${from} is longer than it need be`);
  return value;
}

export function leb128Count(cursor: ByteCursor, bytesEach: number): number {
  const count = leb128(cursor);
  if (count * bytesEach > cursor.left) throw new Unreadable("BAD_UPDATE", `${count} things are announced in ${cursor.left} bytes`);
  return count;
}

/** A signed number of at most 64 bits, in its shortest form. */
export function skipSignedLeb128(cursor: ByteCursor): void {
  const from = cursor.position;
  let before = 0;
  for (let length = 1; length <= 10; length++) {
    const byte = cursor.byte();
    if (byte >= 0x80) {
      before = byte;
      continue;
    }
    const isPadded = length > 1 && byte === ((before & 0x40) === 0 ? 0 : 0x7f);
    if (isPadded || (length === 10 && byte !== 0 && byte !== 0x7f)) break;
    return;
  }
  throw new Unreadable("BAD_UPDATE", `a number at byte ${from} is too large, or longer than it need be`);
}

export function leb128Of(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; bytes.length === 0 || left > 0; left = Math.floor(left / 128)) bytes.push((left % 128) | (left >= 128 ? 0x80 : 0));
  return Uint8Array.from(bytes);
}
