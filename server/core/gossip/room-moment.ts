/**
 * RoomMoment: what is on this disk of a room at one moment, in the words in which relays compare it.
 */
import { positionOfHex, type Position } from "@inkmesh/shared/ring/hash";
import type { RoomMoment } from "./room-comparison.ts";
import type { RoomCopy } from "./room-copy.ts";
import { roomDigest } from "./room-digest.ts";

/** The copy must be settled: what is here is what is on disk. */
export function momentOf(copy: RoomCopy, said: { readonly answer: boolean; readonly isComplete: boolean }): RoomMoment {
  const { lineage, content, log, storedRecord: record } = copy;
  return { type: "compare", lineage, ...said, content: positionOfHex(content.hash()), clock: log.durableClock, record };
}

/** The 64 bits that stand for the same. */
export function digestOf(copy: RoomCopy): Position {
  const { content, log, storedRecord: record } = copy;
  return roomDigest({ record, content: positionOfHex(content.hash()), clock: log.durableClock });
}
