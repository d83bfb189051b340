/**
 * RoomDigest: 64 bits that stand for a room at a moment: its record with the tombstone, its content, and the clock that names it.
 *
 * The clock is among them: replicas with equal contents and different clocks are alike to readers, but not to acks and tokens, and
 * bringing their clocks together costs one message. A Yjs state vector would not do for the content: it does not name deletions.
 */
import * as encoding from "lib0/encoding";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { writeVectorClock } from "@inkmesh/shared/clock/vector-clock";
import { hash64, type Position } from "@inkmesh/shared/ring/hash";
import { writePosition } from "@inkmesh/shared/wire/mesh-layout";
import type { WireRecord } from "@inkmesh/shared/wire/mesh-room-message";
import { recordDigest } from "@inkmesh/shared/wire/record-codec";

/** `content`: the hash of the ContentIndex. All three as they are on disk at one moment. */
export function roomDigest(room: {
  readonly record: WireRecord | undefined;
  readonly content: Position;
  readonly clock: VectorClock;
}): Position {
  return hash64(
    encoding.encode((encoder) => {
      writePosition(encoder, recordDigest(room.record));
      writePosition(encoder, room.content);
      writeVectorClock(encoder, room.clock);
    }),
  );
}
