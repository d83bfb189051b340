/**
 * MeshHistoryCodec: the messages about histories as bytes, within a frame of `mesh-codec.ts`, behind their number and lineage.
 *
 * Invariants as there; ranges are sorted, and no two of them touch.
 */
import * as encoding from "lib0/encoding";
import { unreachable } from "../base/assert.ts";
import type { DotRange } from "../clock/dot-ranges.ts";
import { writeClock, writeName, type LinkEncoder, type LinkReader } from "./link-memory.ts";
import type { MeshHistoryMessage } from "./mesh-history-message.ts";
import { meshRoomType, readBoolean, unreadableMesh } from "./mesh-layout.ts";
import { writeNumber } from "./native-layout.ts";

/** A name's number, a counter and a length. */
const rangeBytesMin = 3;

export function writeHistoryMessage(encoder: LinkEncoder, message: MeshHistoryMessage): void {
  writeNumber(encoder, message.exchange);
  switch (message.type) {
    case "history-request":
      writeNumber(encoder, message.wantsBase ? 1 : 0);
      writeClock(encoder, message.clock);
      writeClock(encoder, message.base);
      return writeRanges(encoder, message.told);
    case "history-part":
      writeNumber(encoder, message.remaining);
      return encoding.writeVarUint8Array(encoder, message.bytes);
    case "history-offer":
      writeClock(encoder, message.base);
      writeRanges(encoder, message.old);
      return writeRanges(encoder, message.told);
    case "history-covered":
      return undefined;
    default:
      return unreachable(message);
  }
}

/** Undefined where the number is none of a message about histories. */
export function readHistoryMessage(type: number, reader: LinkReader): MeshHistoryMessage | undefined {
  switch (type) {
    case meshRoomType["history-request"]:
      return {
        type: "history-request",
        lineage: reader.lineage(),
        exchange: reader.number(),
        wantsBase: readBoolean(reader),
        clock: reader.clock(),
        base: reader.clock(),
        told: readRanges(reader),
      };
    case meshRoomType["history-part"]:
      return {
        type: "history-part",
        lineage: reader.lineage(),
        exchange: reader.number(),
        remaining: reader.number(),
        bytes: reader.bytes(),
      };
    case meshRoomType["history-offer"]:
      return {
        type: "history-offer",
        lineage: reader.lineage(),
        exchange: reader.number(),
        base: reader.clock(),
        old: readRanges(reader),
        told: readRanges(reader),
      };
    case meshRoomType["history-covered"]:
      return { type: "history-covered", lineage: reader.lineage(), exchange: reader.number() };
    default:
      return undefined;
  }
}

function writeRanges(encoder: LinkEncoder, ranges: readonly DotRange[]): void {
  writeNumber(encoder, ranges.length);
  for (const { actor, from, length } of ranges) {
    writeName(encoder, actor);
    writeNumber(encoder, from);
    writeNumber(encoder, length);
  }
}

function readRanges(reader: LinkReader): readonly DotRange[] {
  const ranges: DotRange[] = [];
  for (let left = reader.count(rangeBytesMin); left > 0; left--) {
    const range = { actor: reader.actor(), from: reader.number(), length: reader.number() };
    const before = ranges.at(-1);
    const isBehind =
      before === undefined || before.actor < range.actor || (before.actor === range.actor && before.from + before.length < range.from);
    if (!isBehind || range.from < 1 || range.length < 1) throw unreadableMesh("ranges that are not in order, or of nothing");
    ranges.push(range);
  }
  return ranges;
}
