/**
 * NativeRelay: what relays say in our own protocol, as bytes. The relay encodes it, the client library decodes it.
 *
 * `welcome` and `error` never change their layout (`welcome` may grow behind its length), so that a client of any
 * version understands why a relay turned it away.
 *
 * Invariants: as for what clients say. A message that names a room by `handle` is the same bytes for every client.
 */
import * as encoding from "lib0/encoding";
import { unreachable } from "../base/assert.ts";
import type { Result } from "../base/result.ts";
import { writeVectorClock } from "../clock/vector-clock.ts";
import { decodeBytes, UnreadableBytes, type ByteReader } from "./byte-reader.ts";
import type { Durability, RelayMessage, Stamp } from "./client-message.ts";
import {
  channelMax,
  readAccess,
  readCode,
  readLacking,
  readOptional,
  readUpdates,
  relayType,
  updatesPerMessageMax,
  writeAccess,
  writeCode,
  writeLacking,
  writeMs,
  writeNumber,
  writeOptional,
  writeUpdates,
} from "./native-layout.ts";

/** The messages in a frame of a relay. */
export function decodeRelayMessages(frame: Uint8Array): Result<readonly SpokenMessage[]> {
  return decodeBytes(frame, "a frame", (reader) => {
    const messages: SpokenMessage[] = [];
    do {
      reader.spend(1);
      messages.push(readMessage(reader));
    } while (reader.remaining > 0);
    return messages;
  });
}

/** One frame per message; several for a long list of updates; none for the words of the Yjs dialects. */
export function encodeRelayMessage(message: RelayMessage): readonly Uint8Array[] {
  if (isUnspoken(message)) return [];
  if (message.type !== "updates" || message.updates.length <= updatesPerMessageMax)
    return [encoding.encode((encoder) => writeMessage(encoder, message))];
  const frames: Uint8Array[] = [];
  for (let from = 0; from < message.updates.length; from += updatesPerMessageMax) {
    const part = { ...message, updates: message.updates.slice(from, from + updatesPerMessageMax) };
    frames.push(encoding.encode((encoder) => writeMessage(encoder, part)));
  }
  return frames;
}

/** What only other dialects have words for. */
const unspoken = ["sync-step-1", "sync-step-2", "stateless", "credential-request", "joined", "sync", "unavailable", "heads"] as const;

/** What relays say in our own protocol. */
export type SpokenMessage = Exclude<RelayMessage, { type: (typeof unspoken)[number] }>;

function isUnspoken(message: RelayMessage): message is Exclude<RelayMessage, SpokenMessage> {
  return unspoken.some((type) => type === message.type);
}

function writeMessage(encoder: encoding.Encoder, message: SpokenMessage): void {
  writeNumber(encoder, relayType[message.type]);
  switch (message.type) {
    case "welcome":
      writeNumber(encoder, message.version);
      return encoding.writeVarUint8Array(
        encoder,
        encoding.encode((rest) => writeWelcome(rest, message)),
      );
    case "error":
      writeOptional(encoder, message.channel);
      writeCode(encoder, message.code);
      writeMs(encoder, message.retryAfterMs);
      return encoding.writeVarString(encoder, message.detail);
    case "opened":
      writeNumber(encoder, message.channel);
      writeNumber(encoder, message.handle);
      writeNumber(encoder, message.generation);
      writeAccess(encoder, message.access);
      writeNumber(encoder, message.replicas);
      writeNumber(encoder, message.needed);
      return encoding.writeVarUint8Array(encoder, message.stateVector);
    case "updates":
      writeNumber(encoder, message.handle);
      return writeUpdates(encoder, message.updates);
    case "chunk":
      writeNumber(encoder, message.handle);
      writeNumber(encoder, message.remaining);
      return encoding.writeVarUint8Array(encoder, message.bytes);
    case "synced":
      writeProgress(encoder, message);
      return encoding.writeVarString(encoder, message.content ?? "");
    case "clock":
      return writeProgress(encoder, message);
    case "behind":
      writeNumber(encoder, message.handle);
      return writeLacking(encoder, message.lacks);
    case "ack":
      writeNumber(encoder, message.handle);
      writeNumber(encoder, message.number);
      return writeDurability(encoder, message);
    case "nack":
      writeNumber(encoder, message.handle);
      writeNumber(encoder, message.number);
      writeCode(encoder, message.code);
      writeMs(encoder, message.retryAfterMs);
      encoding.writeVarString(encoder, message.detail);
      return encoding.writeVarUint8Array(encoder, message.stateVector);
    case "deleted":
      writeNumber(encoder, message.channel);
      writeNumber(encoder, message.generation);
      encoding.writeVarString(encoder, message.by);
      return writeMs(encoder, message.atMs);
    case "presence":
      writeNumber(encoder, message.handle);
      return encoding.writeVarUint8Array(encoder, message.bytes);
    case "presence-count":
      writeNumber(encoder, message.handle);
      return writeNumber(encoder, message.present);
    case "pong":
      return writeNumber(encoder, message.nonce);
    case "keepalive":
      return;
    default:
      return unreachable(message);
  }
}

function writeWelcome(encoder: encoding.Encoder, message: RelayMessage & { type: "welcome" }): void {
  encoding.writeVarString(encoder, message.relay);
  writeNumber(encoder, message.frameBytesMax);
  writeNumber(encoder, message.updateBytesMax);
  writeMs(encoder, message.keepaliveMs);
  writeNumber(encoder, message.relays.length);
  for (const { address } of message.relays) encoding.writeVarString(encoder, address);
  for (const { load } of message.relays) writeNumber(encoder, load);
}

function writeProgress(encoder: encoding.Encoder, message: RelayMessage & { type: "synced" | "clock" }): void {
  writeNumber(encoder, message.handle);
  writeVectorClock(encoder, message.clock);
  encoding.writeVarString(encoder, message.token);
  writeNumber(encoder, message.stamp?.physicalMs ?? 0);
  writeNumber(encoder, message.stamp?.logical ?? 0);
}

function writeDurability(encoder: encoding.Encoder, durability: Durability): void {
  writeNumber(encoder, durability.copies);
  writeNumber(encoder, durability.replicas);
  writeNumber(encoder, durability.needed);
}

function readMessage(reader: ByteReader): SpokenMessage {
  const type = reader.number();
  switch (type) {
    case relayType.welcome:
      return readWelcome(reader);
    case relayType.error:
      return {
        type: "error",
        channel: readOptional(reader, channelMax),
        code: readCode(reader),
        retryAfterMs: reader.number(),
        detail: reader.text(),
      };
    case relayType.opened:
      return {
        type: "opened",
        channel: reader.number(channelMax),
        handle: reader.number(),
        generation: reader.number(),
        access: readAccess(reader),
        replicas: reader.number(),
        needed: reader.number(),
        stateVector: reader.bytes(),
      };
    case relayType.updates:
      return { type: "updates", handle: reader.number(), updates: readUpdates(reader) };
    case relayType.chunk:
      return { type: "chunk", handle: reader.number(), remaining: reader.number(), bytes: reader.bytes() };
    case relayType.synced:
      return { type: "synced", ...readProgress(reader), ...readContent(reader) };
    case relayType.clock:
      return { type: "clock", ...readProgress(reader) };
    case relayType.behind:
      return { type: "behind", handle: reader.number(), lacks: readLacking(reader) };
    case relayType.ack:
      return {
        type: "ack",
        handle: reader.number(),
        number: reader.number(),
        copies: reader.number(),
        replicas: reader.number(),
        needed: reader.number(),
      };
    case relayType.nack:
      return {
        type: "nack",
        handle: reader.number(),
        number: reader.number(),
        code: readCode(reader),
        retryAfterMs: reader.number(),
        detail: reader.text(),
        stateVector: reader.bytes(),
      };
    case relayType.deleted:
      return { type: "deleted", channel: reader.number(channelMax), generation: reader.number(), by: reader.text(), atMs: reader.number() };
    case relayType.presence:
      return { type: "presence", handle: reader.number(), bytes: reader.bytes() };
    case relayType["presence-count"]:
      return { type: "presence-count", handle: reader.number(), present: reader.number() };
    case relayType.pong:
      return { type: "pong", nonce: reader.number() };
    case relayType.keepalive:
      return { type: "keepalive" };
    default:
      throw new UnreadableBytes({ code: "BAD_FRAME", detail: `message type ${type}` });
  }
}

function readProgress(reader: ByteReader): Omit<RelayMessage & { type: "clock" }, "type"> {
  return { handle: reader.number(), clock: reader.clock(), token: reader.text(), ...readStamp(reader) };
}

function readContent(reader: ByteReader): { readonly content?: string } {
  const content = reader.text();
  return content === "" ? {} : { content };
}

function readStamp(reader: ByteReader): { readonly stamp?: Stamp } {
  const stamp = { physicalMs: reader.number(), logical: reader.number() };
  return stamp.physicalMs === 0 ? {} : { stamp };
}

function readWelcome(reader: ByteReader): SpokenMessage {
  const version = reader.number();
  const fields = decodeBytes(reader.bytes(), "a welcome", (rest) => {
    const relay = rest.text();
    const [frameBytesMax, updateBytesMax, keepaliveMs] = [rest.number(), rest.number(), rest.number()];
    const addresses: string[] = [];
    for (let left = rest.count(1); left > 0; left--) addresses.push(rest.text());
    // Relays of version 2 do not say how busy the others are.
    const isOlder = rest.remaining === 0;
    const relays = addresses.map((address) => ({ address, load: isOlder ? 0 : rest.number() }));
    rest.skipRest();
    return { relay, frameBytesMax, updateBytesMax, keepaliveMs, relays };
  });
  if (!fields.ok) throw new UnreadableBytes(fields.refusal);
  return { type: "welcome", version, ...fields.value };
}
