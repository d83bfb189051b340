/**
 * MeshRoomCodec: the messages about rooms as bytes, within a frame of `mesh-codec.ts`.
 *
 * Invariants as there: total for any bytes, lists counted before they are built, one spelling per value.
 */
import * as encoding from "lib0/encoding";
import { unreachable } from "../base/assert.ts";
import { isRelayId, type RelayId } from "../base/ids.ts";
import type { PresenceState } from "../presence/awareness-update.ts";
import { readEntryRuns, writeEntryRuns } from "./entry-run-codec.ts";
import { writeClock, writeCounters, writeLineage, writeName, type LinkEncoder, type LinkReader } from "./link-memory.ts";
import { readBlobMessage, writeBlobMessage } from "./mesh-blob-codec.ts";
import { isAboutBlob } from "./mesh-blob-message.ts";
import { readHistoryMessage, writeHistoryMessage } from "./mesh-history-codec.ts";
import { isAboutHistory } from "./mesh-history-message.ts";
import {
  meshRoomType,
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

/** A prefix and sixteen digests. */
const nodeBytesMin = 1 + 16 * 8;
/** An id, a clock, and that it left. */
const presenceBytesMin = 3;
/** A record with its name of one letter and its stamp, four numbers. */
const listedBytesMin = 15;
/** The number of a name and a digest. */
const digestBytesMin = 9;

function typeOf(message: MeshRoomMessage): number {
  return meshRoomType[message.type === "entries" && message.upstream !== undefined ? "entries-of-edge" : message.type];
}

export function writeRoomMessage(encoder: LinkEncoder, message: MeshRoomMessage): void {
  writeNumber(encoder, typeOf(message));
  if ("lineage" in message) writeLineage(encoder, message.lineage);
  if (isAboutHistory(message)) return writeHistoryMessage(encoder, message);
  if (isAboutBlob(message)) return writeBlobMessage(encoder, message);
  switch (message.type) {
    case "entries":
      if (message.upstream !== undefined) encoding.writeVarString(encoder, message.upstream);
      return writeEntryRuns(encoder, message.entries);
    case "want":
      return writeRun(encoder, message.run);
    case "unavailable":
      writeRun(encoder, message.run);
      return writeBoolean(encoder, message.isFolded);
    case "durable":
      writeNumber(encoder, (message.isWhole ? 1 : 0) + (message.isComplete ? 2 : 0) + 4 * message.clock.size);
      return writeCounters(encoder, message.clock);
    case "durable-query":
      return writeBoolean(encoder, message.isAsking);
    case "subscribe":
      writeBoolean(encoder, message.isSubscribing);
      return writeClock(encoder, message.clock);
    case "tree":
      return writeList(encoder, message.nodes, writeNode);
    case "names":
      writeNumber(encoder, message.answer ? 1 : 0);
      return writePosition(encoder, message.names);
    case "digests":
      writeNumber(encoder, message.prefix === undefined ? 0 : 1);
      if (message.prefix !== undefined) writePrefix(encoder, message.prefix);
      return writeList(encoder, message.rooms, message.prefix === undefined ? writeChanged : writeRoomDigest);
    case "compare":
      writeBoolean(encoder, message.answer);
      writeBoolean(encoder, message.isComplete);
      writePosition(encoder, message.content);
      writeClock(encoder, message.clock);
      writeBoolean(encoder, message.record !== undefined);
      return message.record === undefined ? undefined : writeRecord(encoder, message.record);
    case "difference-request":
      writeNumber(encoder, message.exchange);
      writeClock(encoder, message.clock);
      return encoding.writeVarUint8Array(encoder, message.stateVector);
    case "difference":
      writeNumber(encoder, message.exchange);
      writeNumber(encoder, message.remaining);
      return encoding.writeVarUint8Array(encoder, message.bytes);
    case "cover":
      writeNumber(encoder, message.exchange);
      writeBoolean(encoder, message.isComplete);
      writeClock(encoder, message.entries);
      return writeClock(encoder, message.clock);
    case "record":
      return writeRecord(encoder, message.record);
    case "record-durable":
      return writePosition(encoder, message.digest);
    case "presence-watch":
      return writeBoolean(encoder, message.isWatching);
    case "words":
      return encoding.writeVarString(encoder, message.text);
    case "pruned":
      writeClock(encoder, message.clock);
      return writeClock(encoder, message.pruned);
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
export function readRoomMessage(type: number, reader: LinkReader): MeshRoomMessage | undefined {
  switch (type) {
    case meshRoomType.entries:
      return { type: "entries", lineage: reader.lineage(), upstream: undefined, entries: readEntryRuns(reader) };
    case meshRoomType["entries-of-edge"]:
      return { type: "entries", lineage: reader.lineage(), upstream: readUpstream(reader), entries: readEntryRuns(reader) };
    case meshRoomType.want:
      return { type: "want", lineage: reader.lineage(), run: readRun(reader) };
    case meshRoomType.unavailable:
      return { type: "unavailable", lineage: reader.lineage(), run: readRun(reader), isFolded: readBoolean(reader) };
    case meshRoomType.durable:
      return { type: "durable", lineage: reader.lineage(), ...readStanding(reader) };
    case meshRoomType["durable-query"]:
      return { type: "durable-query", lineage: reader.lineage(), isAsking: readBoolean(reader) };
    case meshRoomType.subscribe:
      return { type: "subscribe", lineage: reader.lineage(), isSubscribing: readBoolean(reader), clock: reader.clock() };
    case meshRoomType.tree:
      return { type: "tree", nodes: readList(reader, nodeBytesMin, readNode) };
    case meshRoomType.names:
      return { type: "names", answer: readBoolean(reader), names: readPosition(reader) };
    case meshRoomType.digests: {
      const prefix = readBoolean(reader) ? readPrefix(reader) : undefined;
      return { type: "digests", prefix, rooms: readList(reader, digestBytesMin, prefix === undefined ? readChanged : readRoomDigest) };
    }
    case meshRoomType.compare:
      return {
        type: "compare",
        lineage: reader.lineage(),
        answer: readBoolean(reader),
        isComplete: readBoolean(reader),
        content: readPosition(reader),
        clock: reader.clock(),
        record: readBoolean(reader) ? readRecord(reader) : undefined,
      };
    case meshRoomType["difference-request"]:
      return {
        type: "difference-request",
        lineage: reader.lineage(),
        exchange: reader.number(),
        clock: reader.clock(),
        stateVector: reader.bytes(),
      };
    case meshRoomType.difference:
      return {
        type: "difference",
        lineage: reader.lineage(),
        exchange: reader.number(),
        remaining: reader.number(),
        bytes: reader.bytes(),
      };
    case meshRoomType.cover:
      return {
        type: "cover",
        lineage: reader.lineage(),
        exchange: reader.number(),
        isComplete: readBoolean(reader),
        entries: reader.clock(),
        clock: reader.clock(),
      };
    case meshRoomType.record:
      return { type: "record", record: readRecord(reader) };
    case meshRoomType["record-durable"]:
      return { type: "record-durable", lineage: reader.lineage(), digest: readPosition(reader) };
    case meshRoomType["presence-watch"]:
      return { type: "presence-watch", lineage: reader.lineage(), isWatching: readBoolean(reader) };
    case meshRoomType.words:
      return { type: "words", lineage: reader.lineage(), text: reader.text() };
    case meshRoomType.pruned:
      return { type: "pruned", lineage: reader.lineage(), clock: reader.clock(), pruned: reader.clock() };
    case meshRoomType.presence:
      return { type: "presence", lineage: reader.lineage(), states: readList(reader, presenceBytesMin, readPresence) };
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
      return readHistoryMessage(type, reader) ?? readBlobMessage(type, reader);
  }
}

function readStanding(reader: LinkReader): Pick<Extract<MeshRoomMessage, { type: "durable" }>, "isWhole" | "isComplete" | "clock"> {
  const number = reader.number();
  return { isWhole: number % 2 === 1, isComplete: number % 4 >= 2, clock: reader.counters(Math.floor(number / 4)) };
}

function readUpstream(reader: LinkReader): RelayId {
  const relay = reader.text();
  if (!isRelayId(relay)) throw unreadableMesh("no name of a relay");
  return relay;
}

function writeRun(encoder: LinkEncoder, run: EntryRun): void {
  writeName(encoder, run.actor);
  writeNumber(encoder, run.from);
  writeNumber(encoder, run.to);
}

function readRun(reader: LinkReader): EntryRun {
  const run = { actor: reader.actor(), from: reader.number(), to: reader.number() };
  if (run.from < 1 || run.to < run.from) throw unreadableMesh("a run of no entries");
  return run;
}

function writeNode(encoder: LinkEncoder, node: TreeNode): void {
  writePrefix(encoder, node.prefix);
  for (const digest of node.digests) writePosition(encoder, digest);
}

function readNode(reader: LinkReader): TreeNode {
  return { prefix: readPrefix(reader), digests: Array.from({ length: 16 }, () => readPosition(reader)) };
}

function writeChanged(encoder: LinkEncoder, { room, digest }: RoomDigest): void {
  writeName(encoder, room);
  writePosition(encoder, digest);
}

function readChanged(reader: LinkReader): RoomDigest {
  return { room: reader.room(), digest: readPosition(reader) };
}

/** Of a whole part of the circle: rooms in use are not forgotten for it. */
function writeRoomDigest(encoder: LinkEncoder, { room, digest }: RoomDigest): void {
  encoding.writeVarString(encoder, room);
  writePosition(encoder, digest);
}

function readRoomDigest(reader: LinkReader): RoomDigest {
  return { room: readRoom(reader), digest: readPosition(reader) };
}

function writeListed(encoder: LinkEncoder, { record, bytes, sessions, changedMs, isHeld }: ListedRoom): void {
  writeRecord(encoder, record);
  writeNumber(encoder, bytes);
  writeNumber(encoder, sessions);
  writeBoolean(encoder, changedMs !== undefined);
  if (changedMs !== undefined) writeNumber(encoder, changedMs);
  writeBoolean(encoder, isHeld);
}

function readListed(reader: LinkReader): ListedRoom {
  return {
    record: readRecord(reader),
    bytes: reader.number(),
    sessions: reader.number(),
    changedMs: readBoolean(reader) ? reader.number() : undefined,
    isHeld: readBoolean(reader),
  };
}

function writePresence(encoder: LinkEncoder, { id, clock, state }: PresenceState): void {
  writeNumber(encoder, id);
  writeNumber(encoder, clock);
  writeBoolean(encoder, state !== undefined);
  if (state !== undefined) encoding.writeVarString(encoder, state);
}

function readPresence(reader: LinkReader): PresenceState {
  return { id: reader.number(), clock: reader.number(), state: readBoolean(reader) ? reader.text() : undefined };
}

function writeBoolean(encoder: LinkEncoder, value: boolean): void {
  writeNumber(encoder, value ? 1 : 0);
}

function writeList<Item>(encoder: LinkEncoder, items: readonly Item[], write: (encoder: LinkEncoder, item: Item) => void): void {
  writeNumber(encoder, items.length);
  for (const item of items) write(encoder, item);
}

function readList<Item>(reader: LinkReader, bytesEachMin: number, read: (reader: LinkReader) => Item): readonly Item[] {
  const items: Item[] = [];
  for (let left = reader.count(bytesEachMin); left > 0; left--) items.push(read(reader));
  return items;
}
