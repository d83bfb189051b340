import type { Entry } from "@inkmesh/shared/engine/entry";
import { describe, expect, test } from "vitest";
import { DifferenceIntake } from "../../../../server/core/gossip/difference-intake.ts";
import { planDifference } from "../../../../server/core/gossip/difference-plan.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock, anEntry, lineage, replicationLimits } from "./a-room.ts";

const [a, b, c] = [aLife("a"), aLife("b"), aLife("c")];
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const has = { clock: aClock({ [a]: 1 }), stateVector: bytes(0) };
const clock = aClock({ [a]: 3, [c]: 9 });
const none = aClock({});
const slice = (exchange: number, remaining: number, ...values: number[]) => ({
  type: "difference" as const,
  lineage,
  exchange,
  remaining,
  bytes: bytes(...values),
});
const cover = (exchange: number, entries = none) => ({ type: "cover" as const, lineage, exchange, isComplete: true, entries, clock });

function begun(limits = {}): DifferenceIntake {
  const intake = new DifferenceIntake({ lineage, limits: replicationLimits({ differenceBytesMax: 10, ...limits }) });
  intake.begin(b, has, 0);
  return intake;
}

describe("a cover is worth something", () => {
  const joined = [{ from: b, clock, isComplete: true }];

  test("once the whole state is stored and durable", () => {
    const intake = begun();
    expect(intake.differenceCame(b, slice(1, 2, 1, 2))).toEqual([]);
    expect(intake.differenceCame(b, slice(1, 0, 3, 4))).toEqual([{ type: "store", from: b, exchange: 1, state: bytes(1, 2, 3, 4) }]);
    intake.coverCame(b, cover(1));
    expect(intake.settle(100, clock)).toEqual([]);
    intake.stored(b, 1, 7);
    expect(intake.settle(6, none)).toEqual([]);
    expect(intake.settle(7, none)).toEqual(joined);
    expect(intake.settle(8, none)).toEqual([]);
  });

  test("once all entries that came instead are durable", () => {
    const intake = begun();
    intake.coverCame(b, cover(1, aClock({ [a]: 3 })));
    expect(intake.settle(100, aClock({ [a]: 2 }))).toEqual([]);
    expect(intake.settle(100, aClock({ [a]: 3 }))).toEqual(joined);
  });

  test.each<{ what: string; happens: (intake: DifferenceIntake) => void }>([
    {
      what: "some of the state could not be let in",
      happens: (intake) => (intake.differenceCame(b, slice(1, 0, 1)), intake.stored(b, 1, undefined), intake.coverCame(b, cover(1))),
    },
    { what: "a slice is missing", happens: (intake) => (intake.differenceCame(b, slice(1, 2, 1)), intake.coverCame(b, cover(1))) },
    {
      what: "a slice came twice",
      happens: (intake) => (
        intake.differenceCame(b, slice(1, 2, 1)),
        intake.differenceCame(b, slice(1, 2, 1)),
        intake.differenceCame(b, slice(1, 0, 1, 1)),
        intake.coverCame(b, cover(1))
      ),
    },
    { what: "the link was lost", happens: (intake) => (intake.linkDown(b), intake.coverCame(b, cover(1))) },
    {
      what: "it is of another exchange",
      happens: (intake) => (intake.differenceCame(b, slice(1, 0, 1)), intake.stored(b, 1, 0), intake.coverCame(b, cover(2))),
    },
    {
      what: "it is somebody else's",
      happens: (intake) => (intake.differenceCame(b, slice(1, 0, 1)), intake.stored(b, 1, 0), intake.coverCame(c, cover(1))),
    },
    { what: "nothing came before it", happens: (intake) => intake.coverCame(b, cover(1)) },
  ])("never when $what", ({ happens }) => {
    const intake = begun();
    happens(intake);
    expect(intake.settle(100, clock)).toEqual([]);
  });

  test("[P8] a difference beyond the bound is given up", () => {
    expect(begun().differenceCame(b, slice(1, 9, 1, 2))).toEqual([{ type: "given-up", from: b, tooBig: 11 }]);
    const torn = begun();
    torn.differenceCame(b, slice(1, 2, 1));
    expect(torn.differenceCame(b, slice(1, 4, 1)), "which may be whole the next time").toEqual([
      { type: "given-up", from: b, tooBig: undefined },
    ]);
  });

  test("one exchange with a peer at a time, another one when it came to nothing", () => {
    const intake = begun({ exchangeAgainMs: 100 });
    expect(intake.begin(b, has, 99)).toBeUndefined();
    expect(intake.begin(c, has, 99)).toMatchObject({ exchange: 2 });
    expect(intake.begin(b, has, 100)).toEqual({ type: "difference-request", lineage, exchange: 3, ...has });
  });
});

describe("a difference is told", () => {
  const limits = { differenceBytesMax: 10 };
  const tail = [anEntry(a, 2), anEntry(b, 1, { [a]: 2 }), anEntry(a, 3, { [b]: 1 })];
  const room = (entries: readonly Entry[] = tail) => ({ folded: aClock({ [a]: 1 }), tail: entries });

  test("by entries where the other side can take in each of them as it comes", () => {
    expect(planDifference(room(), aClock({ [a]: 1 }), limits)).toEqual({
      type: "entries",
      entries: tail,
      named: aClock({ [a]: 3, [b]: 1 }),
    });
    expect(planDifference(room(), aClock({ [a]: 2 }), limits)).toMatchObject({ entries: tail.slice(1) });
  });

  test.each([
    {
      why: "the snapshot names something that it lacks",
      of: { ...room(), folded: aClock({ [a]: 1, [c]: 1 }) },
      theirs: aClock({ [a]: 1 }),
      bounds: limits,
    },
    { why: "an entry would wait there", of: room([anEntry(b, 1, { [c]: 9 })]), theirs: aClock({ [a]: 1 }), bounds: limits },
    { why: "there are no entries that it lacks", of: room(), theirs: aClock({ [a]: 3, [b]: 1 }), bounds: limits },
    { why: "they are larger than a difference may be", of: room(), theirs: aClock({ [a]: 1 }), bounds: { differenceBytesMax: 2 } },
  ])("as a state where $why", ({ of, theirs, bounds }) => {
    expect(planDifference(of, theirs, bounds)).toEqual({ type: "state" });
  });
});
