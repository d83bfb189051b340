import type { RelayId } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";
import { RoomComparison, type RoomMoment } from "../../../../server/core/gossip/room-comparison.ts";
import type { RoomRecord } from "../../../../server/core/stored-room.ts";
import { aLife } from "../membership/a-membership.ts";
import { aClock, lineage } from "./a-room.ts";

const [a, b] = [aLife("a"), aLife("b")];
const peer = "b" as RelayId;
const hlc = { physicalMs: 1, logical: 0, relay: peer };
const record: RoomRecord = {
  room: lineage.room,
  generation: 0,
  title: undefined,
  kind: undefined,
  deleted: undefined,
  everDeleted: false,
  created: hlc,
};
const closed: RoomRecord = { ...record, deleted: { hlc, by: "ann" }, everDeleted: true };

function aMoment(content: number, clock: Readonly<Record<string, number>>, changes: Partial<RoomMoment> = {}): RoomMoment {
  return {
    type: "compare",
    lineage,
    answer: false,
    isComplete: true,
    content: { high: 0, low: content },
    clock: aClock(clock),
    record: undefined,
    ...changes,
  };
}

/** The second time, after both had the same. */
function compare(mine: RoomMoment, theirs: RoomMoment, isUrgent = false) {
  const comparison = new RoomComparison();
  const unnamed = aClock({});
  comparison.compare(peer, { mine, theirs: mine, unnamed, isUrgent: false });
  return comparison.compare(peer, { mine, theirs, unnamed, isUrgent });
}

describe("of equal contents", () => {
  test("both join the other's clock", () => {
    const steps = compare(aMoment(1, { [a]: 3 }), aMoment(1, { [a]: 2, [b]: 1 }, { isComplete: false }));
    expect(steps).toEqual([{ type: "equal", clock: aClock({ [a]: 2, [b]: 1 }), isComplete: false }]);
  });

  test("who is asked answers", () => {
    expect(compare(aMoment(1, {}), aMoment(1, {}, { answer: true })).map(({ type }) => type)).toEqual(["answer", "equal"]);
  });
});

describe("of different contents", () => {
  test.each([
    { what: "who has more asks for nothing", mine: { [a]: 3 }, theirs: { [a]: 2 }, urgent: [], calm: [] },
    { what: "who has less asks", mine: { [a]: 2 }, theirs: { [a]: 3 }, urgent: ["request-difference"], calm: ["look-again"] },
    {
      what: "both ask where each has something",
      mine: { [a]: 3 },
      theirs: { [b]: 1 },
      urgent: ["request-difference"],
      calm: ["look-again"],
    },
    {
      what: "both ask where the clocks name the same",
      mine: { [a]: 3 },
      theirs: { [a]: 3 },
      urgent: ["request-difference"],
      calm: ["request-difference"],
    },
  ])("$what; what may be under way is looked at again first", ({ mine, theirs, urgent, calm }) => {
    for (const [isUrgent, expected] of [
      [true, urgent],
      [false, calm],
    ] as const)
      expect(compare(aMoment(1, mine), aMoment(2, theirs), isUrgent).map(({ type }) => type)).toEqual(expected);
  });

  test("what was missing already the last time is asked for; in a room where people type nothing is", () => {
    const comparison = new RoomComparison();
    const typesOf = (mine: number, theirs: number) =>
      comparison
        .compare(peer, {
          ...{ mine: aMoment(mine, { [a]: mine }), theirs: aMoment(theirs, { [a]: theirs }) },
          ...{ unnamed: aClock({}), isUrgent: false },
        })
        .map(({ type }) => type);
    // Whoever has just come into memory may have left it again by the next time.
    expect(typesOf(2, 3)).toEqual(["request-difference"]);
    expect(typesOf(3, 5)).toEqual(["look-again"]);
    expect(typesOf(5, 7)).toEqual(["look-again"]);
    expect(typesOf(6, 8)).toEqual(["request-difference"]);
  });
});

describe("[P10] of records", () => {
  const types = (mine: RoomMoment, theirs: RoomMoment) => compare(mine, theirs, true).map(({ type }) => type);

  test("a tombstone is kept by a blank replica before it is equal to anybody, and content behind it is not asked for", () => {
    const steps = compare(aMoment(0, {}), aMoment(2, { [b]: 4 }, { record: closed }), true);
    expect(steps).toEqual([{ type: "keep-record", record: closed }]);
    expect(types(aMoment(0, {}, { record: closed }), aMoment(2, { [b]: 4 }, { record: closed }))).toEqual(["equal"]);
  });

  test("a first use meets a tombstone: its record loses, and nothing of its content goes anywhere", () => {
    expect(compare(aMoment(1, { [a]: 1 }, { record }), aMoment(0, {}, { record: closed }))).toEqual([
      { type: "keep-record", record: closed },
    ]);
    expect(compare(aMoment(0, {}, { record: closed }), aMoment(1, { [a]: 1 }, { record }))).toEqual([
      { type: "tell-record", record: closed },
    ]);
  });

  test("nothing is concluded across generations", () => {
    const next = { ...closed, generation: 1, deleted: undefined };
    const nextLineage = { ...lineage, generation: 1 };
    expect(types(aMoment(1, { [a]: 1 }, { record }), aMoment(1, { [a]: 1 }, { record: next, lineage: nextLineage }))).toEqual([
      "keep-record",
    ]);
    expect(types(aMoment(1, { [a]: 1 }, { record: next, lineage: nextLineage }), aMoment(1, { [a]: 1 }, { record }))).toEqual([
      "tell-record",
    ]);
  });

  test("equal contents under different titles join the titles first", () => {
    const titled = { ...record, title: { value: "T", hlc } };
    expect(types(aMoment(1, {}, { record }), aMoment(1, {}, { record: titled }))).toEqual(["keep-record", "look-again"]);
    expect(types(aMoment(1, {}, { record: titled }), aMoment(1, {}, { record }))).toEqual(["tell-record", "equal"]);
  });
});
