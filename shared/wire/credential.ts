/**
 * Credential: what a client shows to be let in. It is read before anybody is known, and kept while its socket is open.
 */
import { decodeUtf8 } from "lib0/string";
import { UnreadableBytes, type ByteReader } from "./byte-reader.ts";

/** Bytes, of UTF-8: the largest tokens that are in use are some kilobytes, and HTTP's headers take no more either. */
export const credentialBytesMax = 16_384;

/** Refuses what is longer. */
export function readCredential(reader: ByteReader): string {
  const bytes = reader.bytes();
  if (bytes.length > credentialBytesMax)
    throw new UnreadableBytes({ code: "BAD_FRAME", detail: `a credential of ${bytes.length} bytes, limit ${credentialBytesMax}` });
  return decodeUtf8(bytes);
}
