/**
 * MeshLayout: the numbers of what relays say to each other, and how its fields are written. README.md beside this file has
 * the table; a golden test holds the bytes. A number is never given to another message.
 */
import * as encoding from "lib0/encoding";
import { assert } from "../base/assert.ts";
import { bytesOfHex, hexOf } from "../base/bytes.ts";
import { isActorId, type ActorId, type RoomName } from "../base/ids.ts";
import type { Position } from "../ring/hash.ts";
import { UnreadableBytes, type ByteReader } from "./byte-reader.ts";
import type { Prefix } from "./mesh-room-message.ts";
import { readRoomName } from "./room-name.ts";

/** What a WebSocket message between relays is: a step of the handshake, or a frame of a proven link. */
export const meshFrameType = { hello: 1, proof: 2, welcome: 3, refusal: 4, frame: 16, sameRingFrame: 17 } as const;

export const meshMessageType = {
  probe: 1,
  ack: 2,
  indirectProbe: 3,
  nack: 4,
  rumors: 5,
  pushPull: 6,
  ring: 7,
  load: 8,
  release: 9,
} as const;

export const meshRoomType = {
  entries: 32,
  want: 33,
  unavailable: 34,
  durable: 35,
  "durable-query": 36,
  tree: 37,
  digests: 38,
  compare: 39,
  "difference-request": 40,
  difference: 41,
  cover: 42,
  record: 43,
  "record-durable": 44,
  "presence-watch": 45,
  presence: 46,
  list: 47,
  listed: 48,
  subscribe: 49,
  "entries-of-edge": 50,
  names: 51,
  words: 52,
  pruned: 53,
  "history-request": 60,
  "history-part": 61,
  "history-offer": 62,
  "history-covered": 63,
  "blob-request": 64,
  "blob-part": 65,
  "blob-absent": 66,
  "blob-offer": 67,
  "blob-held": 68,
} as const;

const addressCharactersMax = 512;

const releaseCharactersMax = 64;

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

/** The name of a release: at most 64 visible ASCII characters. */
export function isRelease(text: string): boolean {
  return text.length <= releaseCharactersMax && /^[\x21-\x7e]+$/.test(text);
}

export function readRelease(reader: ByteReader): string {
  const text = reader.text();
  if (!isRelease(text)) throw unreadableMesh(`a release of ${text.length} characters`);
  return text;
}

export function readActor(reader: ByteReader): ActorId {
  return actorNamed(reader.text());
}

/** `text` as the name of a life; throws where it is none. */
export function actorNamed(text: string): ActorId {
  if (!isActorId(text)) throw unreadableMesh("no name of an actor");
  return text;
}

/** An id of 16 hex digits as 8 bytes; undefined as none. */
export function writeHexId(encoder: encoding.Encoder, id: string | undefined): void {
  assert(id === undefined || /^[0-9a-f]{16}$/.test(id), "an id of the mesh has 16 hex digits");
  encoding.writeVarUint8Array(encoder, bytesOfHex(id ?? ""));
}

export function readHexId(reader: ByteReader): string | undefined {
  const bytes = reader.bytes();
  if (bytes.length === 0) return undefined;
  if (bytes.length !== 8) throw unreadableMesh(`an id of ${bytes.length} bytes`);
  return hexOf(bytes);
}

export function readRoom(reader: ByteReader): RoomName {
  return roomNamed(reader.text());
}

/** `text` as the name of a room; throws where it is none. */
export function roomNamed(text: string): RoomName {
  const room = readRoomName(text);
  if (!room.ok) throw unreadableMesh("no name of a room");
  return room.value;
}

/** 8 bytes, the highest first. */
export function writePosition(encoder: encoding.Encoder, { high, low }: Position): void {
  encoding.writeUint32BigEndian(encoder, high);
  encoding.writeUint32BigEndian(encoder, low);
}

export function readPosition(reader: ByteReader): Position {
  return { high: reader.uint32(), low: reader.uint32() };
}

/** A position has sixteen half bytes. */
const prefixHalfBytesMax = 16;

/** `uint` half bytes, then as many bytes of one each. */
export function writePrefix(encoder: encoding.Encoder, prefix: Prefix): void {
  encoding.writeVarUint8Array(encoder, Uint8Array.from(prefix));
}

export function readPrefix(reader: ByteReader): Prefix {
  const prefix = [...reader.bytes()];
  if (prefix.length > prefixHalfBytesMax || prefix.some((half) => half > 15)) throw unreadableMesh("no part of the circle");
  return prefix;
}

export function readBoolean(reader: ByteReader): boolean {
  return reader.number(1) === 1;
}

export function unreadableMesh(detail: string): UnreadableBytes {
  return new UnreadableBytes({ code: "BAD_FRAME", detail });
}
