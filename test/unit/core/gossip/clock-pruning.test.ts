import { describe, expect, test } from "vitest";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { prunable } from "../../../../server/core/gossip/clock-pruning.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock } from "./a-room.ts";

const [old, older, self] = [aLife("old"), aLife("older"), aLife("self")];
const clock = aClock({ [old]: 7, [older]: 3, [self]: 2 });
const oneOfAll = { dot: { actor: self, counter: 1 }, deps: aClock({ [old]: 7, [older]: 3 }) };
const standing = { self, isAlone: true, clockActorsMax: 2, clock, tail: [oneOfAll] };

describe("of the actors that a clock names", () => {
  test("those may be pruned on whose last entry one of another actor builds", () => {
    expect(prunable(standing)).toEqual(aClock({ [old]: 7, [older]: 3 }));
    const tail = [{ ...oneOfAll, deps: aClock({ [old]: 6, [older]: 3 }) }];
    expect(prunable({ ...standing, tail })).toEqual(aClock({ [older]: 3 }));
  });

  test("the own one never is, whoever builds on it", () => {
    const tail = [{ dot: { actor: old, counter: 7 }, deps: aClock({ [self]: 2, [old]: 6 }) }];
    expect(prunable({ ...standing, tail })).toBe(VectorClock.empty);
  });

  test.each([
    { why: "the room is not this relay's alone", change: { isAlone: false } },
    { why: "there are few", change: { clockActorsMax: 3 } },
    { why: "what builds on them is not on disk", change: { clock: aClock({ [old]: 7, [older]: 3 }), clockActorsMax: 1 } },
  ])("none may where $why", ({ change }) => {
    expect(prunable({ ...standing, ...change })).toEqual(VectorClock.empty);
  });
});
