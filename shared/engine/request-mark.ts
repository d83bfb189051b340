/**
 * RequestMark: what a document keeps of a request that may come again, so that every relay that has the document knows it, without a table
 * of requests anywhere.
 *
 *     who asks ── key, secret ──▶ author, one that nobody else is ─┐
 *     what is asked ── digest ──▶ length ──────────────────────────┴─▶ so many clocks of that author, collected from the start
 *
 * A collected struct holds nothing, is nowhere, and costs some ten bytes; ContentIndex names it like any other: whether the author is known
 * says whether the request was, and how far the author's clock goes says what was asked. It travels with the edit, in one update: a replica
 * has both or neither.
 *
 * Bounded: an author for each key that is used in a document, and one more for a whole document that is written with it; none is let in where a
 * document has half of its authors (`authorsPerRoomMax`), of which the other half is for people. Two different
 * requests under one key pass for the same once in 2^28.
 */
import * as encoding from "lib0/encoding";
import type { Lineage } from "../base/ids.ts";
import { ByteCursor, Unreadable } from "./byte-cursor.ts";
import { authorOf } from "./drawn-author.ts";

export interface RequestMark {
  readonly author: number;
  /** 1 to 2^28. */
  readonly length: number;
}

/** What a request calls itself, and what it asks for: `digest` is hexadecimal, 7 digits at least, and evenly distributed. */
export interface RequestKey {
  readonly name: string;
  readonly digest: string;
}

/** `secret` is the mesh's. */
export function requestMark({ room, generation }: Lineage, { name, digest }: RequestKey, secret: Uint8Array): RequestMark {
  return { author: authorOf(["request", room, generation, name], secret), length: 1 + Number.parseInt(digest.slice(0, 7), 16) };
}

/** A Yjs update with one block more: one collected struct of `length` clocks. */
export function markedUpdate(update: Uint8Array, { author, length }: RequestMark): Uint8Array {
  const cursor = new ByteCursor(update);
  const blocks = countIn(cursor);
  if (blocks === undefined) return update;
  return encoding.encode((encoder) => {
    for (const number of [blocks + 1, 1, author, 0]) encoding.writeVarUint(encoder, number);
    encoding.writeUint8(encoder, 0);
    encoding.writeVarUint(encoder, length);
    encoding.writeUint8Array(encoder, update.subarray(cursor.position));
  });
}

function countIn(cursor: ByteCursor): number | undefined {
  try {
    return cursor.varUint();
  } catch (error) {
    // Bytes that hold no number hold no update either; admission says so.
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}
