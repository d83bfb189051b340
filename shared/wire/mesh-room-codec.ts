/**
 * MeshRoomCodec: the messages about rooms as bytes, within a frame of `mesh-codec.ts`.
 *
 * Invariants as there: total for any bytes, lists counted before they are built, one spelling per value.
 */
import * as encoding from "lib0/encoding";
import { unreachable } from "../base/assert.ts";
import { isActorId, isRelayId, type Lineage, type RelayId } from "../base/ids.ts";
import { writeVectorClock } from "../clock/vector-clock.ts";
import type { Entry } from "../engine/entry.ts";
import type { PresenceState } from "../presence/awareness-update.ts";
import type { ByteReader } from "./byte-reader.ts";
import { readEntry, writeEntry } from "./entry-codec.ts";
import {
  meshRoomType,
  readActor,
  readBoolean,
  readPosition,
  readPrefix,
  readRoom,
  unreadableMesh,
  writePosition,
  writePrefix,
} from "./mesh-layout.ts";
import type { EntryRun, ListedRoom, MeshRoomMessage, RoomDigest, TreeNode } from "./mesh-room-message.ts";
import { writeNumber } from "./native-layout.ts";
import { readRecord, writeRecord } from "./record-codec.ts";

/** A version, an actor, six numbers and texts of one byte each. */
const entryBytesMin = 8;
/** A prefix and sixteen digests. */
const nodeBytesMin = 1 + 16 * 8;
/** An id, a clock, and that it left. */
const presenceBytesMin = 3;
/** A record with its name of one letter and its stamp, four numbers. */
const listedBytesMin = 15;
/** A name of one letter and a digest. */
const digestBytesMin = 10;

export function writeRoomMessage(encoder: encoding.Encoder, message: MeshRoomMessage): void {
  writeNumber(encoder, meshRoomType[message.type]);
  if ("lineage" in message) writeLineage(encoder, message.lineage);
  switch (message.type) {
    case "entries":
      encoding.writeVarString(encoder, message.upstream ?? "");
      return writeList(encoder, message.entries, writeEntry);
    case "want":
      return writeRun(encoder, message.run);
    case "unavailable":
      writeRun(encoder, message.run);
      return writeBoolean(encoder, message.isFolded);
    case "durable":
      writeBoolean(encoder, message.isWhole);
      writeBoolean(encoder, message.isComplete);
      return writeVectorClock(encoder, message.clock);
    case "durable-query":
      return;
    case "tree":
      return writeList(encoder, message.nodes, writeNode);
    case "digests":
      writeNumber(encoder, message.prefix === undefined ? 0 : 1);
      if (message.prefix !== undefined) writePrefix(encoder, message.prefix);
      return writeList(encoder, message.rooms, writeRoomDigest);
    case "compare":
      writeBoolean(encoder, message.answer);
      writeBoolean(encoder, message.isComplete);
      writePosition(encoder, message.content);
      writeVectorClock(encoder, message.clock);
      writeBoolean(encoder, message.record !== undefined);
      return message.record === undefined ? undefined : writeRecord(encoder, message.record);
    case "difference-request":
      writeNumber(encoder, message.exchange);
      writeVectorClock(encoder, message.clock);
      return encoding.writeVarUint8Array(encoder, message.stateVector);
    case "difference":
      writeNumber(encoder, message.exchange);
      writeNumber(encoder, message.remaining);
      return encoding.writeVarUint8Array(encoder, message.bytes);
    case "cover":
      writeNumber(encoder, message.exchange);
      writeBoolean(encoder, message.isComplete);
      writeVectorClock(encoder, message.entries);
      return writeVectorClock(encoder, message.clock);
    case "record":
      return writeRecord(encoder, message.record);
    case "record-durable":
      return writePosition(encoder, message.digest);
    case "presence-watch":
      return writeBoolean(encoder, message.isWatching);
    case "presence":
      return writeList(encoder, message.states, writePresence);
    case "list":
      writeNumber(encoder, message.seq);
      encoding.writeVarString(encoder, message.after);
      writeNumber(encoder, message.limit);
      return encoding.writeVarString(encoder, message.search);
    case "listed":
      writeNumber(encoder, message.seq);
      writeList(encoder, message.rooms, writeListed);
      return encoding.writeVarString(encoder, message.next ?? "");
    default:
      return unreachable(message);
  }
}

/** The message of `type`, whose number has been read; undefined where the number is none of a room's. */
export function readRoomMessage(type: number, reader: ByteReader): MeshRoomMessage | undefined {
  switch (type) {
    case meshRoomType.entries:
      return {
        type: "entries",
        lineage: readLineage(reader),
        upstream: readUpstream(reader),
        entries: readList(reader, entryBytesMin, readEntryOfMesh),
      };
    case meshRoomType.want:
      return { type: "want", lineage: readLineage(reader), run: readRun(reader) };
    case meshRoomType.unavailable:
      return { type: "unavailable", lineage: readLineage(reader), run: readRun(reader), isFolded: readBoolean(reader) };
    case meshRoomType.durable:
      return {
        type: "durable",
        lineage: readLineage(reader),
        isWhole: readBoolean(reader),
        isComplete: readBoolean(reader),
        clock: reader.clock(),
      };
    case meshRoomType["durable-query"]:
      return { type: "durable-query", lineage: readLineage(reader) };
    case meshRoomType.tree:
      return { type: "tree", nodes: readList(reader, nodeBytesMin, readNode) };
    case meshRoomType.digests:
      return {
        type: "digests",
        prefix: readBoolean(reader) ? readPrefix(reader) : undefined,
        rooms: readList(reader, digestBytesMin, readRoomDigest),
      };
    case meshRoomType.compare:
      return {
        type: "compare",
        lineage: readLineage(reader),
        answer: readBoolean(reader),
        isComplete: readBoolean(reader),
        content: readPosition(reader),
        clock: reader.clock(),
        record: readBoolean(reader) ? readRecord(reader) : undefined,
      };
    case meshRoomType["difference-request"]:
      return {
        type: "difference-request",
        lineage: readLineage(reader),
        exchange: reader.number(),
        clock: reader.clock(),
        stateVector: reader.bytes(),
      };
    case meshRoomType.difference:
      return {
        type: "difference",
        lineage: readLineage(reader),
        exchange: reader.number(),
        remaining: reader.number(),
        bytes: reader.bytes(),
      };
    case meshRoomType.cover:
      return {
        type: "cover",
        lineage: readLineage(reader),
        exchange: reader.number(),
        isComplete: readBoolean(reader),
        entries: reader.clock(),
        clock: reader.clock(),
      };
    case meshRoomType.record:
      return { type: "record", record: readRecord(reader) };
    case meshRoomType["record-durable"]:
      return { type: "record-durable", lineage: readLineage(reader), digest: readPosition(reader) };
    case meshRoomType["presence-watch"]:
      return { type: "presence-watch", lineage: readLineage(reader), isWatching: readBoolean(reader) };
    case meshRoomType.presence:
      return { type: "presence", lineage: readLineage(reader), states: readList(reader, presenceBytesMin, readPresence) };
    case meshRoomType.list:
      return { type: "list", seq: reader.number(), after: reader.text(), limit: reader.number(), search: reader.text() };
    case meshRoomType.listed:
      return {
        type: "listed",
        seq: reader.number(),
        rooms: readList(reader, listedBytesMin, readListed),
        next: reader.text() || undefined,
      };
    default:
      return undefined;
  }
}

function writeLineage(encoder: encoding.Encoder, lineage: Lineage): void {
  encoding.writeVarString(encoder, lineage.room);
  writeNumber(encoder, lineage.generation);
}

function readLineage(reader: ByteReader): Lineage {
  return { room: readRoom(reader), generation: reader.number() };
}

function readUpstream(reader: ByteReader): RelayId | undefined {
  const relay = reader.text();
  if (relay === "") return undefined;
  if (!isRelayId(relay)) throw unreadableMesh("no name of a relay");
  return relay;
}

/** The log takes any text for an actor; between relays it names a life. */
function readEntryOfMesh(reader: ByteReader): Entry {
  const entry = readEntry(reader);
  if (!isActorId(entry.dot.actor)) throw unreadableMesh("no name of an actor");
  return entry;
}

function writeRun(encoder: encoding.Encoder, run: EntryRun): void {
  encoding.writeVarString(encoder, run.actor);
  writeNumber(encoder, run.from);
  writeNumber(encoder, run.to);
}

function readRun(reader: ByteReader): EntryRun {
  const run = { actor: readActor(reader), from: reader.number(), to: reader.number() };
  if (run.from < 1 || run.to < run.from) throw unreadableMesh("a run of no entries");
  return run;
}

function writeNode(encoder: encoding.Encoder, node: TreeNode): void {
  writePrefix(encoder, node.prefix);
  for (const digest of node.digests) writePosition(encoder, digest);
}

function readNode(reader: ByteReader): TreeNode {
  return { prefix: readPrefix(reader), digests: Array.from({ length: 16 }, () => readPosition(reader)) };
}

function writeRoomDigest(encoder: encoding.Encoder, { room, digest }: RoomDigest): void {
  encoding.writeVarString(encoder, room);
  writePosition(encoder, digest);
}

function readRoomDigest(reader: ByteReader): RoomDigest {
  return { room: readRoom(reader), digest: readPosition(reader) };
}

function writeListed(encoder: encoding.Encoder, { record, bytes, sessions, changedMs, isHeld }: ListedRoom): void {
  writeRecord(encoder, record);
  writeNumber(encoder, bytes);
  writeNumber(encoder, sessions);
  writeBoolean(encoder, changedMs !== undefined);
  if (changedMs !== undefined) writeNumber(encoder, changedMs);
  writeBoolean(encoder, isHeld);
}

function readListed(reader: ByteReader): ListedRoom {
  return {
    record: readRecord(reader),
    bytes: reader.number(),
    sessions: reader.number(),
    changedMs: readBoolean(reader) ? reader.number() : undefined,
    isHeld: readBoolean(reader),
  };
}

function writePresence(encoder: encoding.Encoder, { id, clock, state }: PresenceState): void {
  writeNumber(encoder, id);
  writeNumber(encoder, clock);
  writeBoolean(encoder, state !== undefined);
  if (state !== undefined) encoding.writeVarString(encoder, state);
}

function readPresence(reader: ByteReader): PresenceState {
  return { id: reader.number(), clock: reader.number(), state: readBoolean(reader) ? reader.text() : undefined };
}

function writeBoolean(encoder: encoding.Encoder, value: boolean): void {
  writeNumber(encoder, value ? 1 : 0);
}

function writeList<Item>(encoder: encoding.Encoder, items: readonly Item[], write: (encoder: encoding.Encoder, item: Item) => void): void {
  writeNumber(encoder, items.length);
  for (const item of items) write(encoder, item);
}

function readList<Item>(reader: ByteReader, bytesEachMin: number, read: (reader: ByteReader) => Item): readonly Item[] {
  const items: Item[] = [];
  for (let left = reader.count(bytesEachMin); left > 0; left--) items.push(read(reader));
  return items;
}
