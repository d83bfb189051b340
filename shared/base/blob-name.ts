/**
 * BlobName: how a document names the bytes of an image: by their SHA-256. Whoever has bytes of that name has the right ones.
 *
 *     sha256-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 *
 * A document mentions a blob where that name stands in its bytes, wherever that is: both of Yjs' encodings write a string in one piece. Nobody reads
 * the document to know; what only looks like a mention keeps a blob that could go.
 *
 * Invariant: `mentionedBlobs` finds every name that stands in the bytes, and is total for any.
 */
declare const brand: unique symbol;

export type BlobName = string & { readonly [brand]: "BlobName" };

/** Bytes of one blob: a photograph of a telephone. What is larger takes a slow line too long, and a link between relays from others. */
export const blobBytesMax = 8 * 2 ** 20;

const prefix = "sha256-";
const digits = 64;

/** Bytes of a name. Names that stand across the border of two parts are found in what overlaps by one less. */
export const blobNameBytes = prefix.length + digits;

/** Whether `text` may name a blob. */
export function isBlobName(text: string): text is BlobName {
  return /^sha256-[0-9a-f]{64}$/.test(text);
}

/** The name of bytes with this SHA-256, as 64 lower-case hex digits. */
export function blobNameOf(hash: string): BlobName {
  return (prefix + hash) as BlobName;
}

/** All names that stand in `bytes`, each once, in the order of their first places. */
export function mentionedBlobs(bytes: Uint8Array): BlobName[] {
  const found = new Set<BlobName>();
  // As many digits in a row as this steps over: one of them is looked at, and hardly anything else is.
  for (let at = digits; at < bytes.length; at += digits) {
    if (!isDigit(bytes[at])) continue;
    const from = beginOfDigits(bytes, at);
    if (hasPrefix(bytes, from) && hasDigits(bytes, from)) found.add(blobNameOf(textOf(bytes.subarray(from, from + digits))));
  }
  return [...found];
}

/** Where the digits begin among which `at` is, or so far before that it is none of the first ones of a name. */
function beginOfDigits(bytes: Uint8Array, at: number): number {
  let from = at;
  while (at - from < digits && from > 0 && isDigit(bytes[from - 1])) from--;
  return from;
}

function hasPrefix(bytes: Uint8Array, end: number): boolean {
  const from = end - prefix.length;
  if (from < 0) return false;
  for (let index = 0; index < prefix.length; index++) if (bytes[from + index] !== prefix.charCodeAt(index)) return false;
  return true;
}

function hasDigits(bytes: Uint8Array, from: number): boolean {
  for (let index = from; index < from + digits; index++) if (!isDigit(bytes[index])) return false;
  return true;
}

/** 0 to 9, a to f. */
function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66));
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
