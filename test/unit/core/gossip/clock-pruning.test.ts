import { describe, expect, test } from "vitest";
import { prunable } from "../../../../server/core/gossip/clock-pruning.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock } from "./a-room.ts";

const [old, older, self] = [aLife("old"), aLife("older"), aLife("self")];
const clock = aClock({ [old]: 7, [older]: 3, [self]: 2 });
const oneOfAll = { dot: { actor: self, counter: 1 }, deps: aClock({ [old]: 7, [older]: 3 }) };
const standing = { living: new Set([self]), clock, tail: [oneOfAll] };

/** What may be pruned, to be compared: a clock keeps its counters to itself. */
function pruned(of: Parameters<typeof prunable>[0]): object {
  return Object.fromEntries(prunable(of).entries());
}

describe("of the actors that a clock names", () => {
  test("those may be pruned on whose last entry one of another actor builds", () => {
    expect(pruned(standing)).toEqual({ [old]: 7, [older]: 3 });
    const tail = [{ ...oneOfAll, deps: aClock({ [old]: 6, [older]: 3 }) }];
    expect(pruned({ ...standing, tail })).toEqual({ [older]: 3 });
  });

  test("the own one and others that live are not, whoever builds on it", () => {
    const tail = [{ dot: { actor: old, counter: 7 }, deps: aClock({ [self]: 2, [old]: 6 }) }];
    expect(pruned({ ...standing, tail })).toEqual({});
    expect(pruned({ ...standing, living: new Set([self, old]) })).toEqual({ [older]: 3 });
  });

  test("none may where what builds on them is not on disk", () => {
    expect(pruned({ ...standing, clock: aClock({ [old]: 7, [older]: 3 }) })).toEqual({});
  });
});
