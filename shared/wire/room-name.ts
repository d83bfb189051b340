/**
 * Room names: 1 to 256 UTF-8 bytes without control characters. Anything else is refused with a sentence.
 *
 * A name is what it is after *one* percent-decoding, slashes included: released y-websocket clients put the name into
 * the path as it is, so `a/b c` arrives as `a/b%20c`. Names are compared byte for byte: no case folding, no Unicode
 * normalization, since a name may be a key that another system made up. `automerge:` begins only the addresses of Automerge's documents. On disk a name is kept by its hash.
 */
import { utf8ByteLength } from "lib0/string";
import type { RoomName } from "../base/ids.ts";
import { ok, refused, type Result } from "../base/result.ts";
import { engineOf } from "../engine/engine-of.ts";
import { documentOfRoom } from "./automerge-document.ts";

export const roomNameBytesMax = 256;

/** C0, DEL and C1 are exactly Unicode's category Cc; a surrogate without its partner is Cs. */
const controlCharacter = /\p{Cc}/u;
const loneSurrogate = /\p{Cs}/u;
const outsideAscii = /[^\x21-\x7e]/;

/** `text` as a room's name. */
export function readRoomName(text: string): Result<RoomName> {
  if (text.length === 0) return refused("BAD_ROOM_NAME", "the name is empty");
  // A name never has fewer UTF-8 bytes than UTF-16 units: this spares measuring megabytes.
  if (text.length > roomNameBytesMax)
    return refused("BAD_ROOM_NAME", `a name of ${text.length} characters, limit ${roomNameBytesMax} bytes`);
  if (controlCharacter.test(text)) return refused("BAD_ROOM_NAME", "the name contains a control character");
  if (loneSurrogate.test(text)) return refused("BAD_ROOM_NAME", "the name contains half of a character");
  const bytes = utf8ByteLength(text);
  if (bytes > roomNameBytesMax) return refused("BAD_ROOM_NAME", `a name of ${bytes} bytes, limit ${roomNameBytesMax}`);
  const name = text as RoomName;
  // Such a name says which kind of document it is, so that it must be one of that kind.
  if (engineOf(name) === "automerge" && documentOfRoom(name) === undefined)
    return refused("BAD_ROOM_NAME", "it begins as the address of an Automerge document, and is none");
  return ok(name);
}

/** The name in a URL: what stands between the dialect's prefix (`/y/`) and `?`, still percent-encoded. */
export function decodeRoomPath(pathPart: string): Result<RoomName> {
  if (outsideAscii.test(pathPart)) return refused("BAD_ROOM_NAME", "the address contains characters that are not percent-encoded");
  try {
    return readRoomName(decodeURIComponent(pathPart));
  } catch {
    return refused("BAD_ROOM_NAME", "the address is percent-encoded wrongly");
  }
}
