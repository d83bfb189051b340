/**
 * Bytes on their way to another thread: copied one behind the other into one buffer that is handed over. A message would copy the whole buffer behind
 * each view, and a view of a hundred bytes may be of a message of megabytes.
 */
export interface PackedBytes {
  /** Views of `buffer`, in order. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
  /** To be transferred. */
  readonly buffer: ArrayBuffer;
}

export function packedBytes(parts: readonly Uint8Array[]): PackedBytes {
  const buffer = new ArrayBuffer(parts.reduce((sum, part) => sum + part.length, 0));
  const whole = new Uint8Array(buffer);
  let end = 0;
  const packed = parts.map((part) => {
    whole.set(part, end);
    end += part.length;
    return whole.subarray(end - part.length, end);
  });
  return { parts: packed, buffer };
}
