import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../../../property/replayable.ts";
import { joinRecords, standingOf } from "../../../../server/core/gossip/record-join.ts";
import type { RoomRecord } from "../../../../server/core/stored-room.ts";

const hlc = (physicalMs: number, relay = "a") => ({ physicalMs, logical: 0, relay: relay as RelayId });

function aRecord(changes: Partial<RoomRecord> = {}): RoomRecord {
  return {
    room: "notes" as RoomName,
    generation: 0,
    title: undefined,
    kind: undefined,
    deleted: undefined,
    everDeleted: false,
    created: hlc(5),
    ...changes,
  };
}

const anyHlc = fc.record({ physicalMs: fc.nat(3), logical: fc.nat(1), relay: fc.constantFrom("a", "b").map((relay) => relay as RelayId) });
const anyRegister = fc.option(fc.record({ value: fc.constantFrom("x", "y"), hlc: anyHlc }), { nil: undefined });
const anyRecord: fc.Arbitrary<RoomRecord> = fc.record({
  room: fc.constant("notes" as RoomName),
  generation: fc.nat(2),
  title: anyRegister,
  kind: anyRegister,
  deleted: fc.option(fc.record({ hlc: anyHlc, by: fc.constantFrom("ann", "ben") }), { nil: undefined }),
  everDeleted: fc.boolean(),
  created: anyHlc,
});

describe("[P10] records of two relays", () => {
  test("come to the same in any order, grouping and repetition", () => {
    holds(
      fc.property(anyRecord, anyRecord, anyRecord, (one, two, three) => {
        const joined = joinRecords(joinRecords(one, two), three);
        expect(joinRecords(three, joinRecords(two, one))).toEqual(joined);
        expect(joinRecords(joined, two)).toEqual(joined);
        expect(joinRecords(one, one)).toEqual(one);
      }),
      1_000,
    );
  });

  test.each([
    {
      what: "a tombstone wins over a later title",
      one: aRecord({ deleted: { hlc: hlc(6), by: "ann" }, everDeleted: true }),
      two: aRecord({ title: { value: "T", hlc: hlc(9) } }),
      shows: { deleted: { hlc: hlc(6), by: "ann" }, title: { value: "T", hlc: hlc(9) } },
    },
    {
      what: "the next generation wins over a tombstone of the one before",
      one: aRecord({ deleted: { hlc: hlc(9), by: "ann" } }),
      two: aRecord({ generation: 1, created: hlc(7) }),
      shows: { generation: 1, deleted: undefined, everDeleted: true },
    },
    {
      what: "the later title stays",
      one: aRecord({ title: { value: "old", hlc: hlc(6) } }),
      two: aRecord({ title: { value: "new", hlc: hlc(6, "b") } }),
      shows: { title: { value: "new", hlc: hlc(6, "b") } },
    },
    { what: "the earlier creation stays", one: aRecord({ created: hlc(4, "b") }), two: aRecord(), shows: { created: hlc(4, "b") } },
  ])("$what", ({ one, two, shows }) => {
    expect(joinRecords(one, two)).toMatchObject(shows);
    expect(joinRecords(two, one)).toMatchObject(shows);
  });
});

test.each([
  { generation: 0, record: undefined, standing: "current" },
  { generation: 1, record: undefined, standing: "ahead" },
  { generation: 1, record: aRecord({ generation: 1 }), standing: "current" },
  { generation: 0, record: aRecord({ generation: 1 }), standing: "closed" },
  { generation: 1, record: aRecord({ generation: 1, deleted: { hlc: hlc(6), by: "ann" } }), standing: "closed" },
  { generation: 2, record: aRecord({ generation: 1, deleted: { hlc: hlc(6), by: "ann" } }), standing: "ahead" },
])("[P10] what speaks of generation $generation is $standing", ({ generation, record, standing }) => {
  expect(standingOf(generation, record)).toBe(standing);
});
