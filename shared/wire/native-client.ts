/**
 * NativeClient: what clients say in our own protocol, as bytes. The client library encodes it, the relay decodes it.
 *
 * A frame is one or more messages, back to back. `hello` never changes its layout: type, version, then everything else
 * behind a length, so that a relay of any version can read the version and answer. A `hello` of a version that this
 * relay does not speak ends the frame: what follows it is in a language that cannot be read.
 *
 * Invariants: decoding is total for any bytes and refuses what it does not understand; decode(encode(m)) equals m, but
 * for lists of updates longer than `updatesPerMessageMax`, which come out as several messages.
 */
import * as encoding from "lib0/encoding";
import { assert, unreachable } from "../base/assert.ts";
import type { Result } from "../base/result.ts";
import { writeVectorClock } from "../clock/vector-clock.ts";
import { decodeBytes, itemsPerFrameMax, UnreadableBytes, type ByteReader } from "./byte-reader.ts";
import type { ClientMessage } from "./client-message.ts";
import { readCredential } from "./credential.ts";
import { packFrames } from "./frame-packing.ts";
import {
  channelMax,
  clientType,
  readAccess,
  readKind,
  readOptional,
  readUpdates,
  updatesPerMessageMax,
  writeAccess,
  writeKind,
  writeNumber,
  writeOptional,
  writeUpdates,
} from "./native-layout.ts";
import { speaksNative } from "./protocol-version.ts";

/** The messages in a frame of a client. */
export function decodeClientMessages(frame: Uint8Array): Result<readonly ClientMessage[]> {
  return decodeBytes(frame, "a frame", (reader) => {
    const messages: ClientMessage[] = [];
    do {
      reader.spend(1);
      const message = readMessage(reader);
      messages.push(message);
      if (message.type === "hello" && !speaksNative(message.version)) reader.skipRest();
    } while (reader.remaining > 0);
    return messages;
  });
}

/**
 * `messages` in order, in as few frames as `frameBytesMax` allows (an update that is larger goes alone in a frame of
 * its own size).
 */
export function encodeClientMessages(messages: readonly ClientMessage[], frameBytesMax: number = 1_048_576): readonly Uint8Array[] {
  return packFrames(messages.flatMap(withShortLists).map(encodeMessage), { frameBytesMax, itemsMax: itemsPerFrameMax });
}

function withShortLists(message: ClientMessage): readonly ClientMessage[] {
  if (message.type !== "updates" || message.updates.length <= updatesPerMessageMax) return [message];
  const parts: ClientMessage[] = [];
  for (let from = 0; from < message.updates.length; from += updatesPerMessageMax) {
    const first = message.first === undefined ? undefined : message.first + from;
    parts.push({ ...message, first, updates: message.updates.slice(from, from + updatesPerMessageMax) });
  }
  return parts;
}

function encodeMessage(message: ClientMessage): { bytes: Uint8Array; items: number } {
  const items = message.type === "updates" ? 1 + message.updates.length : message.type === "open" ? 1 + message.clock.size : 1;
  return { bytes: encoding.encode((encoder) => writeMessage(encoder, message)), items };
}

function writeMessage(encoder: encoding.Encoder, message: ClientMessage): void {
  switch (message.type) {
    case "hello":
      writeNumber(encoder, clientType.hello);
      writeNumber(encoder, message.version);
      return encoding.writeVarUint8Array(
        encoder,
        encoding.encode((rest) => {
          encoding.writeVarString(rest, message.agent);
          encoding.writeVarString(rest, message.credential);
        }),
      );
    case "open":
      writeChannel(encoder, clientType.open, message.channel);
      encoding.writeVarString(encoder, message.room);
      writeOptional(encoder, message.generation);
      writeAccess(encoder, message.access);
      encoding.writeVarString(encoder, message.token);
      writeVectorClock(encoder, message.clock);
      return encoding.writeVarUint8Array(encoder, message.stateVector);
    case "close":
      return writeChannel(encoder, clientType.close, message.channel);
    case "sync-request":
      writeChannel(encoder, clientType.syncRequest, message.channel);
      return encoding.writeVarUint8Array(encoder, message.stateVector);
    case "updates":
      assert(message.first !== undefined && message.first >= 1, "updates of our own protocol are numbered from 1");
      writeChannel(encoder, clientType.updates, message.channel);
      writeNumber(encoder, message.first);
      writeKind(encoder, message.kind);
      return writeUpdates(encoder, message.updates);
    case "presence":
      writeChannel(encoder, clientType.presence, message.channel);
      return encoding.writeVarUint8Array(encoder, message.bytes);
    case "presence-query":
      return writeChannel(encoder, clientType.presenceQuery, message.channel);
    case "ping":
      writeNumber(encoder, clientType.ping);
      return writeNumber(encoder, message.nonce);
    case "stateless":
    case "credential":
    case "join":
    case "sync":
    case "heads-wanted":
      return assert(false, "our own protocol has no word for it");
    default:
      return unreachable(message);
  }
}

function readMessage(reader: ByteReader): ClientMessage {
  const type = reader.number();
  switch (type) {
    case clientType.hello:
      return readHello(reader);
    case clientType.open:
      return {
        type: "open",
        channel: reader.number(channelMax),
        room: reader.text(),
        generation: readOptional(reader),
        access: readAccess(reader),
        token: reader.text(),
        clock: reader.clock(),
        stateVector: reader.bytes(),
      };
    case clientType.close:
      return { type: "close", channel: reader.number(channelMax) };
    case clientType.syncRequest:
      return { type: "sync-request", channel: reader.number(channelMax), stateVector: reader.bytes() };
    case clientType.updates:
      return {
        type: "updates",
        channel: reader.number(channelMax),
        first: readFirst(reader),
        kind: readKind(reader),
        updates: readUpdates(reader),
      };
    case clientType.presence:
      return { type: "presence", channel: reader.number(channelMax), bytes: reader.bytes() };
    case clientType.presenceQuery:
      return { type: "presence-query", channel: reader.number(channelMax) };
    case clientType.ping:
      return { type: "ping", nonce: reader.number() };
    default:
      throw new UnreadableBytes({ code: "BAD_FRAME", detail: `message type ${type}` });
  }
}

/** Fields behind those known here are a newer version's and are passed over. */
function readHello(reader: ByteReader): ClientMessage {
  const version = reader.number();
  const rest = reader.bytes();
  if (!speaksNative(version)) return { type: "hello", version, agent: "", credential: "" };
  const fields = decodeBytes(rest, "a hello", (inner) => {
    const hello = { agent: inner.text(), credential: readCredential(inner) };
    inner.skipRest();
    return hello;
  });
  if (!fields.ok) throw new UnreadableBytes(fields.refusal);
  return { type: "hello", version, ...fields.value };
}

function readFirst(reader: ByteReader): number {
  const first = reader.number();
  if (first < 1) throw new UnreadableBytes({ code: "BAD_FRAME", detail: "updates are numbered from 1" });
  return first;
}

function writeChannel(encoder: encoding.Encoder, type: number, channel: number): void {
  assert(channel <= channelMax, "a channel number is below 2^31");
  writeNumber(encoder, type);
  writeNumber(encoder, channel);
}
