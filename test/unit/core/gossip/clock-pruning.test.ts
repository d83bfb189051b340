import { describe, expect, test } from "vitest";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { prunable } from "../../../../server/core/gossip/clock-pruning.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock } from "./a-room.ts";

const [old, older, self] = [aLife("old"), aLife("older"), aLife("self")];
const clock = aClock({ [old]: 7, [older]: 3, [self]: 2 });
const oneOfAll = { dot: { actor: self, counter: 1 }, deps: aClock({ [old]: 7, [older]: 3 }) };
const standing = { living: new Set([self]), clock, tail: [oneOfAll] };

describe("of the actors that a clock names", () => {
  test("those may be pruned on whose last entry one of another actor builds", () => {
    expect(prunable(standing)).toEqual(aClock({ [old]: 7, [older]: 3 }));
    const tail = [{ ...oneOfAll, deps: aClock({ [old]: 6, [older]: 3 }) }];
    expect(prunable({ ...standing, tail })).toEqual(aClock({ [older]: 3 }));
  });

  test("the own one and others that live are not, whoever builds on it", () => {
    const tail = [{ dot: { actor: old, counter: 7 }, deps: aClock({ [self]: 2, [old]: 6 }) }];
    expect(prunable({ ...standing, tail })).toBe(VectorClock.empty);
    expect(prunable({ ...standing, living: new Set([self, old]) })).toEqual(aClock({ [older]: 3 }));
  });

  test("none may where what builds on them is not on disk", () => {
    expect(prunable({ ...standing, clock: aClock({ [old]: 7, [older]: 3 }) })).toEqual(VectorClock.empty);
  });
});
