/**
 * A Yjs clientID that is drawn from a name instead of at random: whoever knows the name, and the secret, draws the same one. As wide as Yjs
 * draws them, 32 bits.
 *
 * Two different contents of one author make documents that stay different for ever, with equal state vectors. 32 bits are few enough to search
 * for such a pair, so the draw is keyed (HMAC-SHA-256, `mark`) with the secret that the relays of a mesh share: who does not have it can only
 * try at a relay, one edit of one document each time, and meets one that is taken as seldom as Yjs itself does.
 */
import { encodeUtf8 } from "lib0/string";
import { markOf } from "../wire/mark.ts";

/** What an author is called: what for, and of what. */
export type AuthorName = readonly (string | number)[];

/** 1 to 2^32 - 1. `secret` is the mesh's. */
export function authorOf(name: AuthorName, secret: Uint8Array): number {
  return numberIn(authorKey(name, secret));
}

/** 32 bytes that draw an author for each edit (`authorOfEdit`), and tell nothing of the secret. */
export function authorKey(name: AuthorName, secret: Uint8Array): Uint8Array {
  return markOf("inkmesh author", [encodeUtf8(JSON.stringify(name))], secret);
}

/** 1 to 2^32 - 1; the same edit, the same author. */
export function authorOfEdit(update: Uint8Array, key: Uint8Array): number {
  return numberIn(markOf("inkmesh author of an edit", [update], key));
}

function numberIn(mark: Uint8Array): number {
  return new DataView(mark.buffer, mark.byteOffset).getUint32(0) || 1;
}
