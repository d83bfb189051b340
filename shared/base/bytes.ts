/**
 * Small questions about byte arrays that several modules ask.
 */
export const noBytes: Uint8Array = new Uint8Array(0);

/** Whether two arrays hold the same bytes. Not in constant time: never for secrets. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}

/** The parts one behind the other, in one new array. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Two lower-case hex digits per byte. */
export function hexOf(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += hexOfByte[byte]!;
  return hex;
}

/** Reverses `hexOf`. */
export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = 16 * digitOf(hex.charCodeAt(2 * index)) + digitOf(hex.charCodeAt(2 * index + 1));
  return bytes;
}

/** Digits come before letters, and the last four bits of "a" are 1. */
function digitOf(code: number): number {
  return (code & 0x0f) + 9 * (code >> 6);
}
