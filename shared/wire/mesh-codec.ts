/**
 * MeshCodec: a frame of a proven link as bytes. Every frame names the state of its sender's ring, by its kind where that is the ring of
 * the frame before, so that two relays notice at the next word that they place rooms differently; then come messages, back to back to
 * the end. What a link remembers (`link-memory.ts`) is part of what is read: frames of one direction are read in their order.
 *
 * Invariants: decoding is total for any bytes and bounded: lists are counted against what is left of the frame and against one
 * budget before anything is built; decode(encode(frame)) equals the frame. What is said about the mesh
 * leaves the memory for names alone, so that it may overtake what is said about rooms.
 */
import * as encoding from "lib0/encoding";
import { concatBytes } from "../base/bytes.ts";
import type { RingId } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import { decodeWith, type ByteReader } from "./byte-reader.ts";
import { LinkEncoder, LinkMemory, LinkReader } from "./link-memory.ts";
import {
  meshFrameType,
  meshMessageType,
  readActor,
  readAddress,
  readBoolean,
  readHexId,
  readRelease,
  unreadableMesh,
  writeHexId,
} from "./mesh-layout.ts";
import { memberStates, type MeshFrame, type MeshMessage, type Rumor } from "./mesh-message.ts";
import { readRoomMessage, writeRoomMessage } from "./mesh-room-codec.ts";
import { writeNumber } from "./native-layout.ts";
import { readRing, writeRing } from "./ring-codec.ts";

/** Without a memory: as the first frame of a link. */
export function encodeMeshFrame(frame: MeshFrame, memory: LinkMemory = new LinkMemory()): Uint8Array {
  const messages = frame.messages.map((message) => encodeMeshMessage(message, memory));
  return packMeshFrame(frame.ring, messages, memory);
}

/** One message as it stands in the next frame of a link. */
export function encodeMeshMessage(message: MeshMessage, memory: LinkMemory): Uint8Array {
  const encoder = new LinkEncoder(memory);
  writeMessage(encoder, message);
  return encoding.toUint8Array(encoder);
}

/** The next frame of a link, of messages that are encoded already. */
export function packMeshFrame(ring: RingId, messages: readonly Uint8Array[], memory: LinkMemory): Uint8Array {
  const head = encoding.encode((encoder) => {
    writeNumber(encoder, ring === memory.ring ? meshFrameType.sameRingFrame : meshFrameType.frame);
    if (ring !== memory.ring) writeHexId(encoder, ring);
  });
  memory.ring = ring;
  return concatBytes([head, ...messages]);
}

/** Without a memory: as the first frame of a link. */
export function decodeMeshFrame(bytes: Uint8Array, memory: LinkMemory = new LinkMemory()): Result<MeshFrame> {
  return decodeWith(new LinkReader(bytes, memory), "a mesh frame", (reader) => {
    const ring = readFrameRing(reader);
    const messages: MeshMessage[] = [];
    while (reader.remaining > 0) {
      reader.spend(1);
      messages.push(readMessage(reader));
    }
    return { ring, messages };
  });
}

function readFrameRing(reader: LinkReader): RingId {
  const type = reader.number();
  if (type !== meshFrameType.frame && type !== meshFrameType.sameRingFrame) throw unreadableMesh(`frame type ${type}`);
  const ring = type === meshFrameType.frame ? (readHexId(reader) as RingId | undefined) : reader.memory.ring;
  if (ring === undefined) throw unreadableMesh("no name of a ring");
  reader.memory.ring = ring;
  return ring;
}

function writeMessage(encoder: LinkEncoder, message: MeshMessage): void {
  switch (message.type) {
    case "probe":
      return writeNumbers(encoder, meshMessageType.probe, message.seq);
    case "ack":
      return writeNumbers(encoder, meshMessageType.ack, message.seq);
    case "nack":
      return writeNumbers(encoder, meshMessageType.nack, message.seq);
    case "indirect-probe":
      writeNumbers(encoder, meshMessageType.indirectProbe, message.seq);
      return encoding.writeVarString(encoder, message.target);
    case "rumors":
      writeNumber(encoder, meshMessageType.rumors);
      return writeRumors(encoder, message.rumors);
    case "push-pull":
      writeNumbers(encoder, meshMessageType.pushPull, message.answer ? 1 : 0);
      return writeRumors(encoder, message.rumors);
    case "ring":
      writeNumbers(encoder, meshMessageType.ring, message.answer ? 1 : 0);
      return writeRing(encoder, message.records);
    case "load":
      return writeNumbers(encoder, meshMessageType.load, message.sessions);
    case "release":
      writeNumber(encoder, meshMessageType.release);
      return encoding.writeVarString(encoder, message.release);
    default:
      return writeRoomMessage(encoder, message);
  }
}

function readMessage(reader: LinkReader): MeshMessage {
  const type = reader.number();
  switch (type) {
    case meshMessageType.probe:
      return { type: "probe", seq: reader.number() };
    case meshMessageType.ack:
      return { type: "ack", seq: reader.number() };
    case meshMessageType.nack:
      return { type: "nack", seq: reader.number() };
    case meshMessageType.indirectProbe:
      return { type: "indirect-probe", seq: reader.number(), target: readActor(reader) };
    case meshMessageType.rumors:
      return { type: "rumors", rumors: readRumors(reader) };
    case meshMessageType.pushPull:
      return { type: "push-pull", answer: readBoolean(reader), rumors: readRumors(reader) };
    case meshMessageType.ring:
      return { type: "ring", answer: readBoolean(reader), records: readRing(reader) };
    case meshMessageType.load:
      return { type: "load", sessions: reader.number() };
    case meshMessageType.release:
      return { type: "release", release: readRelease(reader) };
    default: {
      const message = readRoomMessage(type, reader);
      if (message === undefined) throw unreadableMesh(`message type ${type}`);
      return message;
    }
  }
}

function writeRumors(encoder: encoding.Encoder, rumors: readonly Rumor[]): void {
  writeNumber(encoder, rumors.length);
  for (const rumor of rumors) {
    encoding.writeVarString(encoder, rumor.actor);
    writeNumbers(encoder, memberStates.indexOf(rumor.state), rumor.incarnation);
    encoding.writeVarString(encoder, rumor.address);
    if (rumor.state === "suspect") encoding.writeVarString(encoder, rumor.accuser);
  }
}

function readRumors(reader: ByteReader): readonly Rumor[] {
  const rumors: Rumor[] = [];
  for (let left = reader.count(rumorBytesMin); left > 0; left--) rumors.push(readRumor(reader));
  return rumors;
}

/** A name of one letter and its life, three numbers of one byte. */
const rumorBytesMin = 22;

/** A life that refuted once per second would need 30,000 years. */
const incarnationMax = 2 ** 40;

function readRumor(reader: ByteReader): Rumor {
  const actor = readActor(reader);
  const state = memberStates[reader.number(memberStates.length - 1)]!;
  const incarnation = reader.number(incarnationMax);
  const address = readAddress(reader);
  return state === "suspect" ? { actor, state, incarnation, address, accuser: readActor(reader) } : { actor, state, incarnation, address };
}

function writeNumbers(encoder: encoding.Encoder, ...numbers: readonly number[]): void {
  for (const number of numbers) writeNumber(encoder, number);
}
