/**
 * RoomAddress: how a document's name is drawn and how it stands in the page's address.
 *
 * A name is random, so two devices that are offline never give one name to two documents; the title is content.
 * 16 letters of a 32-letter alphabet are 80 bits. The alphabet leaves out what is easily misread (i, l, o, u).
 */
import { readRoomName } from "@inkmesh/client";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** A fresh name for a document. `randomBytes` must fill what it is given. */
export function drawRoomName(randomBytes: (bytes: Uint8Array) => Uint8Array = fillRandom): string {
  let name = "";
  for (const byte of randomBytes(new Uint8Array(16))) name += alphabet[byte % alphabet.length];
  return name;
}

/** The path of a document's page. */
export function pathOfRoom(room: string): string {
  return `/d/${encodeURIComponent(room)}`;
}

/** The room that a path names, or undefined if it is no document's page or cannot be read. */
export function roomOfPath(path: string): string | undefined {
  if (!path.startsWith("/d/")) return undefined;
  try {
    const name = readRoomName(decodeURIComponent(path.slice("/d/".length)));
    return name.ok ? name.value : undefined;
  } catch {
    return undefined; // A stray "%" in the address.
  }
}

function fillRandom(bytes: Uint8Array): Uint8Array {
  return crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
