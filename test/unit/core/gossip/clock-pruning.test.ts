import type { RelayId } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";
import { ClockPruning } from "../../../../server/core/gossip/clock-pruning.ts";
import { roomDigest } from "../../../../server/core/gossip/room-digest.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock, ringOne, ringTwo } from "./a-room.ts";

const [old, a, older] = [aLife("old"), aLife("a"), aLife("older")];
const [b, c] = ["b", "c"] as RelayId[] as [RelayId, RelayId];
const clock = aClock({ [old]: 7, [a]: 3 });
const ended = (actor: string): boolean => actor !== a;

function pruning(prunedMax = 10): ClockPruning {
  return new ClockPruning({ prunedMax, ring: ringOne, others: [b, c] });
}

describe("an actor that has ended", () => {
  test("goes once every other replica was found equal, with all of it", () => {
    const clocks = pruning();
    expect(clocks.prune(clock, ended)).toBe(clock);
    clocks.equalWith(b, ringOne, clock);
    clocks.equalWith(c, ringOne, aClock({ [old]: 6, [a]: 3 }));
    expect(clocks.prune(clock, ended)).toBe(clock);
    clocks.equalWith(c, ringOne, clock);
    expect(clocks.prune(clock, ended)).toEqual(aClock({ [a]: 3 }));
  });

  test("stays where the ring changed since, or the comparison was under another one", () => {
    const clocks = pruning();
    clocks.equalWith(b, ringOne, clock);
    clocks.equalWith(c, ringTwo, clock);
    expect(clocks.prune(clock, ended)).toBe(clock);
    clocks.equalWith(c, ringOne, clock);
    clocks.place(ringTwo, [b, c]);
    expect(clocks.prune(clock, ended)).toBe(clock);
  });

  test("counts as known afterwards, and does not come back with somebody's clock unless that says more", () => {
    const clocks = pruning();
    for (const relay of [b, c]) clocks.equalWith(relay, ringOne, clock);
    const pruned = clocks.prune(clock, ended);
    expect(clocks.known(pruned)).toEqual(clock);
    expect(clocks.withoutPruned(clock)).toEqual(aClock({ [a]: 3 }));
    expect(clocks.withoutPruned(aClock({ [old]: 8 }))).toEqual(aClock({ [old]: 8 }));
  });

  test("[P8] is remembered among so many, the oldest is forgotten first", () => {
    const clocks = pruning(1);
    for (const [actor, counter] of [
      [older, 1],
      [old, 7],
    ] as const) {
      for (const relay of [b, c]) clocks.equalWith(relay, ringOne, aClock({ [actor]: counter }));
      clocks.prune(aClock({ [actor]: counter }), ended);
    }
    expect(clocks.known(aClock({}))).toEqual(aClock({ [old]: 7 }));
  });
});

test("a room comes to something else with another content, clock or record", () => {
  const record = {
    room: "notes",
    generation: 0,
    title: undefined,
    kind: undefined,
    deleted: undefined,
    everDeleted: false,
    created: { physicalMs: 1, logical: 0, relay: b },
  };
  const base = { record: undefined, content: { high: 0, low: 1 }, clock };
  const digests = [
    base,
    { ...base, content: { high: 1, low: 0 } },
    { ...base, clock: aClock({ [a]: 3 }) },
    { ...base, record: record as never },
  ].map(roomDigest);
  expect(new Set(digests.map((digest) => JSON.stringify(digest))).size).toBe(4);
  expect(roomDigest({ ...base })).toEqual(digests[0]);
});
