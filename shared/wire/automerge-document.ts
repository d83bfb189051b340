/**
 * How automerge-repo names documents: 16 bytes (a UUID), written in base58 with four bytes of a checksum behind them (base58check, as Bitcoin's
 * addresses). The room of such a document is called `automerge:` and that, which is also the URL by which its applications know it.
 *
 * Invariants: a room of a document and the document's id say each other exactly; nothing else is either.
 */
import { createBase58check } from "@scure/base";
import { digest } from "lib0/hash/sha256";
import { bytesOfHex } from "../base/bytes.ts";
import type { RoomName } from "../base/ids.ts";

declare const brand: unique symbol;
/** An id of a document that was checked. */
export type DocumentId = string & { readonly [brand]: "DocumentId" };

const prefix = "automerge:";
const idBytes = 16;
/** 20 bytes are 20 (all zeros) to 28 digits. Longer ones are not read at all: that takes the square of their length. */
const idDigitsMax = 28;

const base58check = createBase58check((bytes: Uint8Array) => Uint8Array.from(digest(bytes)));

/** Whether `text` is the id of a document. */
export function isDocumentId(text: string): text is DocumentId {
  if (text.length > idDigitsMax) return false;
  try {
    return base58check.decode(text).length === idBytes;
  } catch {
    // Letters that base58 has not, or a checksum that is another one.
    return false;
  }
}

/** The id of the document that `bytes`, 16 of them, name. */
export function documentIdOf(bytes: Uint8Array): DocumentId {
  return base58check.encode(bytes) as DocumentId;
}

/** Heads as they are shown to people. */
export function textOfHeads(heads: readonly string[]): readonly string[] {
  return heads.map((head) => base58check.encode(bytesOfHex(head)));
}

export function roomOfDocument(document: DocumentId): RoomName {
  return `${prefix}${document}` as RoomName;
}

/** The document that `room` is of; undefined: it is of none. */
export function documentOfRoom(room: RoomName): DocumentId | undefined {
  const id = room.slice(prefix.length);
  return room.startsWith(prefix) && isDocumentId(id) ? id : undefined;
}
