/**
 * One room on several relays, whatever happens to them: see `room-world.ts`.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../../replayable.ts";
import { RoomWorld, type WorldShape } from "./room-world.ts";

const shapes: readonly WorldShape[] = [
  { replicas: 3, members: 4, spares: 1 },
  { replicas: 5, members: 6, spares: 1 },
];
const workDone = [
  "saved",
  "passed over",
  "exchange",
  "difference of entries",
  "difference of state",
  "clocks joined",
  "unavailable",
  "destroyed",
  "forgotten",
  "joined",
  "leaving",
];
const long = process.env["INKMESH_LONG"] !== undefined;

function history(seed: number, shape: WorldShape): RoomWorld {
  const world = new RoomWorld(seed, shape);
  world.run(600);
  world.calm(60);
  world.checkEnd();
  return world;
}

describe.each(shapes)("a room on $replicas of $members relays", (shape) => {
  test(
    "[P2] [P3] [P5] is alike everywhere after calm, and nothing that was saved is lost but with all its disks",
    { timeout: long ? 600_000 : 30_000 },
    () => {
      holds(
        fc.property(fc.integer(), (seed) => {
          history(seed, shape);
        }),
        long ? 1_000 : 8,
      );
    },
  );

  test("goes the same way twice from one seed", () => {
    expect(history(7, shape).trace).toBe(history(7, shape).trace);
  });
});

test("a few histories go through all that the world is about", () => {
  const happened = new Set(Array.from({ length: 8 }, (_, seed) => [...history(seed, shapes[0]!).happened.keys()]).flat());
  expect([...happened]).toEqual(expect.arrayContaining(workDone));
});
