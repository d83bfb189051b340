/**
 * MeshLayout: the numbers of what relays say to each other, and how its fields are written. README.md beside this file has
 * the table; a golden test holds the bytes. A number is never given to another message.
 */
import * as encoding from "lib0/encoding";
import { assert } from "../base/assert.ts";
import { hexOf } from "../base/bytes.ts";
import { isActorId, type ActorId } from "../base/ids.ts";
import { UnreadableBytes, type ByteReader } from "./byte-reader.ts";

/** What a WebSocket message between relays is: a step of the handshake, or a frame of a proven link. */
export const meshFrameType = { hello: 1, proof: 2, welcome: 3, refusal: 4, frame: 16 } as const;

export const meshMessageType = { probe: 1, ack: 2, indirectProbe: 3, nack: 4, rumors: 5, pushPull: 6, ring: 7 } as const;

const addressCharactersMax = 512;

/** Whether relays may be told to dial `text`: an absolute ws: or wss: address of at most 512 visible ASCII characters. */
export function isMeshAddress(text: string): boolean {
  return text.length <= addressCharactersMax && /^wss?:\/\/[\x21-\x7e]+$/.test(text);
}

/** Nothing, or an address. */
export function readAddress(reader: ByteReader): string {
  const text = reader.text();
  if (text !== "" && !isMeshAddress(text)) throw unreadableMesh(`an address of ${text.length} characters`);
  return text;
}

export function readActor(reader: ByteReader): ActorId {
  const text = reader.text();
  if (!isActorId(text)) throw unreadableMesh("no name of an actor");
  return text;
}

/** An id of 16 hex digits as 8 bytes; undefined as none. */
export function writeHexId(encoder: encoding.Encoder, id: string | undefined): void {
  assert(id === undefined || /^[0-9a-f]{16}$/.test(id), "an id of the mesh has 16 hex digits");
  encoding.writeVarUint8Array(
    encoder,
    Uint8Array.from((id ?? "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
  );
}

export function readHexId(reader: ByteReader): string | undefined {
  const bytes = reader.bytes();
  if (bytes.length === 0) return undefined;
  if (bytes.length !== 8) throw unreadableMesh(`an id of ${bytes.length} bytes`);
  return hexOf(bytes);
}

export function readBoolean(reader: ByteReader): boolean {
  return reader.number(1) === 1;
}

export function unreadableMesh(detail: string): UnreadableBytes {
  return new UnreadableBytes({ code: "BAD_FRAME", detail });
}
