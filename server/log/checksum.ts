/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B): finds torn and flipped bytes on disk. Not a defence against somebody who
 * means to: whoever can write the data folder is trusted.
 */
const table = castagnoliTable();
const text = new TextEncoder();

/** The checksum of `bytes`; with `seed`, of what `seed` covers and `bytes` behind it. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (let index = 0; index < bytes.length; index++) {
    crc = table[(crc ^ (bytes[index] as number)) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** The checksum of a stored row: of its key in words and of its content, so that a row in the wrong place is found too. */
export function rowChecksum(key: string, content: Uint8Array | string): number {
  return crc32c(typeof content === "string" ? text.encode(content) : content, crc32c(text.encode(key)));
}

function castagnoliTable(): Int32Array {
  const entries = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    entries[byte] = crc;
  }
  return entries;
}
