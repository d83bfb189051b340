/**
 * A Yjs clientID that is drawn from a name instead of at random: whoever knows the name draws the same one. As wide as Yjs draws them.
 */
import { encodeUtf8 } from "lib0/string";
import { contentHash } from "./content-hash.ts";

/** 1 to 2^32 - 1. */
export function authorOf(name: string): number {
  return Number.parseInt(contentHash(encodeUtf8(name)).slice(0, 8), 16) || 1;
}
