/**
 * Mark: shows that a holder of the mesh secret wrote these bytes. HMAC-SHA-256 (RFC 2104) over a purpose and the bytes, so
 * that a mark made for one use is worth nothing for another.
 *
 * Invariants: comparing takes the same time wherever two marks differ; the secret does not leave this file.
 */
import { digest } from "lib0/hash/sha256";
import { encodeUtf8 } from "lib0/string";
import { concatBytes } from "../base/bytes.ts";

export const markBytes = 32;
const hashBlockBytes = 64;

/** What the bytes are meant for, an ASCII line; each use has one of its own. */
export type MarkPurpose =
  | "inkmesh session token"
  | "inkmesh author"
  | "inkmesh author of an edit"
  | "inkmesh mesh link, dialler"
  | "inkmesh mesh link, accepter"
  | "inkmesh mesh forget"
  | "inkmesh mesh drain"
  | "inkmesh mesh verify";

export function markOf(purpose: MarkPurpose, parts: readonly Uint8Array[], secret: Uint8Array): Uint8Array {
  const key = new Uint8Array(hashBlockBytes);
  key.set(secret.length > hashBlockBytes ? digest(secret) : secret);
  const inner = digest(concatBytes([key.map((byte) => byte ^ 0x36), encodeUtf8(`${purpose}\n`), ...parts]));
  return digest(concatBytes([key.map((byte) => byte ^ 0x5c), inner]));
}

/** Looks at every byte, whatever the first ones say. */
export function sameMark(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < right.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}
