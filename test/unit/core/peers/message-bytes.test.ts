import type { ActorId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { expect, test } from "vitest";
import { messageBytes } from "../../../../server/core/peers/message-bytes.ts";
import { lineage } from "../gossip/a-room.ts";

const clockOf = (actors: number, prefix: string): VectorClock =>
  VectorClock.of(Array.from({ length: actors }, (_, index) => [`${prefix}.${index}` as ActorId, 1]));

test.each([
  [40, 0],
  [0, 40],
])("[P8] a word on pruned names counts by the names in both of its clocks (%i and %i more)", (named, pruned) => {
  const word = (more: readonly [number, number]): number =>
    messageBytes({ type: "pruned", lineage, clock: clockOf(1 + more[0], "a"), pruned: clockOf(1 + more[1], "b") });
  expect(word([named, pruned]) - word([0, 0])).toBeGreaterThanOrEqual(40 * 8);
});
