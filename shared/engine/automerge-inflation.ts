/**
 * Inflating what Automerge has deflated (RFC 1951, without a header): a change of 256 bytes and more is kept and sent that way.
 *
 * A few bytes may claim a thousand times as many, so they are handed to fflate in small pieces, and what comes of each is counted before the next.
 *
 * Invariant: at most `bytesMax` and what one piece can come to (half a MiB) is ever made.
 */
import { Inflate } from "fflate";
import { concatBytes } from "../base/bytes.ts";
import { Unreadable } from "./byte-cursor.ts";

const pieceBytes = 512;

/** What `deflated` comes to; throws `Unreadable` where that is more than `bytesMax`, or nothing. */
export function inflate(deflated: Uint8Array, bytesMax: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  let left = bytesMax;
  const stream = new Inflate((piece) => {
    left -= piece.length;
    pieces.push(piece.slice());
  });
  for (let from = 0; from < deflated.length || from === 0; from += pieceBytes) {
    try {
      stream.push(deflated.subarray(from, from + pieceBytes), from + pieceBytes >= deflated.length);
    } catch {
      // fflate throws for what is not deflated, and for what ends in the middle of something.
      throw new Unreadable("BAD_UPDATE", `${deflated.length} bytes cannot be inflated`);
    }
    if (left < 0) throw new Unreadable("UPDATE_TOO_BIG", `${deflated.length} bytes come to more than ${bytesMax}`);
  }
  return concatBytes(pieces);
}
