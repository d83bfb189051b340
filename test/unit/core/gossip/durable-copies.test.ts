import type { RelayId, RingId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { describe, expect, test } from "vitest";
import { copiesNeeded, DurableCopies, type DurabilityLevel, type DurableReply } from "../../../../server/core/gossip/durable-copies.ts";
import { DurableTelling } from "../../../../server/core/gossip/durable-telling.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock, lineage, ringOne, ringTwo } from "./a-room.ts";

const [a, b, c] = [aLife("a"), aLife("b"), aLife("c")];
const replicas = ["a", "b", "c"] as RelayId[];

/** Relay a, which has entered its entries 1 to `entered` and has those up to `durable` on disk. */
function copies(
  options: {
    entered?: number;
    durable?: number;
    self?: string;
    isComplete?: boolean;
    level?: DurabilityLevel;
    dotsMax?: number;
    clock?: VectorClock;
  } = {},
): DurableCopies {
  const { entered = 3, durable = 3, self = "a", isComplete = true, level = "majority", dotsMax = 100, clock = aClock({}) } = options;
  const result = new DurableCopies({ self: self as RelayId, level, dotsMax, clock, isComplete, ring: ringOne, replicas });
  for (let counter = 1; counter <= entered; counter++) result.entered({ actor: a, counter });
  result.ownDurable(durable);
  return result;
}

function reply(actor: DurableReply["actor"], counter: number, changes: Partial<DurableReply> = {}): DurableReply {
  return { actor, ring: ringOne, isWhole: true, isComplete: true, clock: aClock({ [a]: counter }), ...changes };
}

test.each([
  ["majority", 1, 1],
  ["majority", 2, 2],
  ["majority", 3, 2],
  ["majority", 5, 3],
  ["1", 3, 1],
  ["all", 3, 3],
  ["all", 0, 1],
] as const)("%s of %i replicas needs %i", (level, n, needed) => {
  expect(copiesNeeded(level, n)).toBe(needed);
});

describe("[P2] a copy is counted", () => {
  test("up to what its replica called durable, and saved is what W hold", () => {
    const counted = copies();
    expect([counted.savedTo, counted.heldBy(1)]).toEqual([-1, 3]);
    counted.heard(reply(b, 2));
    expect([counted.savedTo, counted.heldBy(3)]).toEqual([2, -1]);
    counted.heard(reply(c, 1));
    expect([1, 2, 3].map((position) => counted.holdersAt(position).length)).toEqual([3, 2, 1]);
    expect(counted.holders(aClock({ [a]: 2 }))).toEqual(["a", "b"]);
  });

  test("also of what came here after a replica had called it durable", () => {
    const counted = copies({ entered: 0, durable: 0, self: "edge" });
    for (const life of [a, b, c]) counted.heard(reply(life, 2));
    for (const counter of [1, 2, 3]) counted.entered({ actor: a, counter });
    expect(counted.heldBy(3)).toBe(2);
  });

  test.each([
    { why: "its replica is not complete", changes: { isComplete: false } },
    { why: "it was said under another ring", changes: { ring: ringTwo } },
    { why: "its clock lacks an earlier entry", changes: { clock: aClock({ [b]: 9 }) } },
  ])("not when $why", ({ changes }) => {
    const counted = copies();
    counted.heard(reply(b, 3, changes));
    expect(counted.savedTo).toBeLessThan(1);
    expect(counted.holders(aClock({ [a]: 1 }))).toEqual(["a"]);
  });

  test("not when the ring names its relay no more, and again when it is named anew and has said so", () => {
    const counted = copies();
    counted.heard(reply(b, 3));
    counted.place(ringTwo, ["a", "c", "d"] as RelayId[]);
    expect(counted.savedTo).toBe(-1);
    counted.place(ringTwo, replicas);
    expect(counted.savedTo).toBe(-1);
    counted.heard(reply(b, 0, { isWhole: false, ring: ringTwo, clock: aClock({}) }));
    expect(counted.savedTo).toBe(3);
  });

  test("not after its link is gone; an old life's link takes nothing from the new one", () => {
    const counted = copies();
    counted.heard(reply(aLife("b", 2), 3));
    counted.linkDown(b);
    expect(counted.savedTo).toBe(3);
    counted.linkDown(aLife("b", 2));
    expect(counted.savedTo).toBe(-1);
  });

  test("no further than a later word goes: a wiped replica starts anew", () => {
    const counted = copies();
    counted.heard(reply(b, 3));
    counted.heard(reply(aLife("b", 2), 0));
    expect(counted.savedTo).toBe(0);
  });

  test.each([
    { what: "is no replica", options: { self: "edge" } },
    { what: "is not complete", options: { isComplete: false } },
    { what: "has not got it on disk", options: { durable: 0 } },
  ])("this relay's own not when it $what", ({ options }) => {
    const counted = copies(options);
    counted.heard(reply(b, 3));
    expect(counted.savedTo).toBeLessThanOrEqual(0);
    counted.heard(reply(c, 3));
    expect(counted.savedTo).toBe(3);
  });
});

describe("a change to a durable clock", () => {
  test("is joined to what the same life said before on this link", () => {
    const counted = copies();
    counted.heard(reply(b, 1));
    expect(counted.heard(reply(b, 3, { isWhole: false }))).toBe(true);
    expect(counted.savedTo).toBe(3);
  });

  test.each([
    { what: "nothing", before: undefined },
    { what: "another life's word", before: reply(aLife("b", 2), 3) },
  ])("to $what is not counted, and the whole is to be asked for", ({ before }) => {
    const counted = copies();
    if (before !== undefined) counted.heard(before);
    expect(counted.heard(reply(b, 3, { isWhole: false }))).toBe(false);
    expect(counted.savedTo).toBe(-1);
  });

  test("is all that a link carries after the whole; nothing is said twice", () => {
    const telling = new DurableTelling(lineage);
    const standing = (clock: VectorClock, isComplete = true, ring: RingId = ringOne) => ({ ring, isComplete, clock });
    const said = (clock: VectorClock, isWhole: boolean, isComplete = true) => ({ type: "durable", lineage, isWhole, isComplete, clock });
    expect(telling.tell(b, standing(aClock({ [a]: 1, [c]: 2 })))).toEqual(said(aClock({ [a]: 1, [c]: 2 }), true));
    expect(telling.tell(b, standing(aClock({ [a]: 4, [c]: 2 })))).toEqual(said(aClock({ [a]: 4 }), false));
    expect(telling.tell(b, standing(aClock({ [a]: 4, [c]: 2 })))).toBeUndefined();
    expect(telling.tell(b, standing(aClock({ [a]: 4, [c]: 2 }), false))).toEqual(said(aClock({}), false, false));
    expect(telling.tell(b, standing(aClock({ [a]: 4, [c]: 2 }), false, ringTwo))).toEqual(said(aClock({}), false, false));
    telling.forget(b);
    expect(telling.tell(b, standing(aClock({ [a]: 4, [c]: 2 })))).toEqual(said(aClock({ [a]: 4, [c]: 2 }), true));
    expect(telling.tell(b, standing(aClock({ [a]: 4 })))).toEqual(said(aClock({ [a]: 4 }), true));
  });
});

describe("positions far back", () => {
  test("[P8] that every replica has had are told apart no more, so that a relay alone keeps none", () => {
    const counted = copies();
    counted.heard(reply(b, 2));
    counted.heard(reply(c, 2));
    counted.linkDown(b);
    counted.heard(reply(b, 1));
    expect(counted.holdersAt(1)).toEqual(["a", "c"]);
    counted.heard(reply(b, 2));
    expect(counted.holdersAt(2)).toEqual(["a", "b", "c"]);
  });

  test("[P8] are told apart no more: who is further behind counts for none until it has caught up", () => {
    const counted = copies({ entered: 20, durable: 20, dotsMax: 8 });
    counted.heard(reply(b, 3));
    expect(counted.savedTo).toBe(-1);
    counted.heard(reply(c, 20));
    expect(counted.savedTo).toBe(20);
    counted.heard(reply(b, 15));
    expect(counted.heldBy(3)).toBe(15);
  });

  test("that are not on disk are never folded", () => {
    const counted = copies({ entered: 20, durable: 2, dotsMax: 4 });
    counted.heard(reply(b, 3));
    expect(counted.savedTo).toBe(2);
  });

  test("of pruned actors ask nobody to name them", () => {
    const counted = copies({ clock: aClock({ [c]: 7 }) });
    counted.heard(reply(b, 3));
    expect(counted.savedTo).toBe(-1);
    counted.pruned(aClock({ [c]: 7 }), aClock({ [a]: 1 }));
    expect(counted.savedTo).toBe(3);
  });

  test("[P2] of pruned actors are held only by who has what stays named instead", () => {
    const counted = copies({ entered: 0, durable: 0 });
    for (const dot of [
      { actor: a, counter: 1 },
      { actor: c, counter: 1 },
    ])
      counted.entered(dot);
    counted.ownDurable(2);
    counted.heard(reply(b, 1, { clock: aClock({ [a]: 1, [c]: 1 }) }));
    counted.pruned(aClock({ [a]: 1 }), aClock({ [c]: 1 }));
    // As it was before either of them was written: a folder that was put back.
    counted.heard(reply(c, 0));
    expect(counted.holdersAt(1)).toEqual(["a", "b"]);
    counted.heard(reply(c, 0, { clock: aClock({ [c]: 1 }) }));
    expect(counted.holdersAt(2)).toEqual(["a", "b", "c"]);
  });

  test("[P2] of pruned actors leave what was counted before as it was, also where the snapshot is ahead of a replica", () => {
    const counted = copies({ entered: 4, durable: 4, clock: aClock({ [c]: 7 }) });
    counted.heard(reply(b, 2, { clock: aClock({ [a]: 2, [c]: 7 }) }));
    expect([counted.savedTo, counted.holdersAt(1)]).toEqual([2, ["a", "b"]]);
    counted.pruned(aClock({ [c]: 7 }), aClock({ [a]: 4 }));
    expect([counted.savedTo, counted.holdersAt(1), counted.holdersAt(3)]).toEqual([2, ["a", "b"], ["a"]]);
    counted.heard(reply(b, 3, { isWhole: false }));
    expect(counted.savedTo).toBe(3);
  });
});
