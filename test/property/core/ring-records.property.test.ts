/**
 * The ring's records: the laws of a join, the wire form, and several relays that write apart and gossip.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import { mergeRingRecords, ringStatuses, sameRingRecord, weightMax, type RingRecord } from "@inkmesh/shared/ring/ring-record";
import { decodeRing, encodeRing } from "@inkmesh/shared/wire/ring-codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RingRecords } from "../../../server/core/membership/ring-records.ts";
import { holds } from "../replayable.ts";

const relays = ["a", "b", "c", "d"] as RelayId[];
const anyRecord: fc.Arbitrary<RingRecord> = fc.record({
  relay: fc.constantFrom(...relays),
  status: fc.constantFrom(...ringStatuses),
  counter: fc.integer({ min: 1, max: 3 }),
  weight: fc.integer({ min: 1, max: weightMax }),
  zone: fc.constantFrom("", "east", "west"),
  moves: fc.nat(2),
});
const anyRecords = fc.array(anyRecord, { maxLength: 6 });

/** What a whole pile of records comes to, without any merging: the best of each half by a sort. */
function dumbMerge(records: readonly RingRecord[]): readonly RingRecord[] {
  return relays.flatMap((relay) => {
    const own = records.filter((record) => record.relay === relay);
    if (own.length === 0) return [];
    const key = (record: RingRecord): number => record.counter * 10 + ringStatuses.indexOf(record.status);
    const place = (record: RingRecord): string => `${record.moves} ${String(record.weight).padStart(2, "0")} ${record.zone}`;
    const { counter, status } = own.reduce((best, record) => (key(record) > key(best) ? record : best));
    const { moves, weight, zone } = own.reduce((best, record) => (place(record) > place(best) ? record : best));
    return [{ relay, status, counter, weight, zone, moves }];
  });
}

describe("[P5] records of a ring", () => {
  test("come to the same in any order, grouping and repetition", () => {
    holds(
      fc.property(anyRecords, anyRecords, anyRecords, (one, two, three) => {
        const [a, b, c] = [one, two, three].map((records) => RingRecords.empty.merge(records)) as [RingRecords, RingRecords, RingRecords];
        const forward = a.merge(b.entries()).merge(c.entries());
        const backward = c.merge(b.merge(a.entries()).entries());
        expect(forward.entries()).toEqual(dumbMerge([...one, ...two, ...three]));
        expect(backward.entries()).toEqual(forward.entries());
        expect(backward.id).toBe(forward.id);
        expect(forward.merge(a.entries())).toBe(forward);
      }),
      1_000,
    );
  });

  test("have one name for one state and another for any other", () => {
    holds(
      fc.property(anyRecords, anyRecords, (one, two) => {
        const [left, right] = [RingRecords.empty.merge(one), RingRecords.empty.merge(two)];
        expect(left.id === right.id).toBe(JSON.stringify(left.entries()) === JSON.stringify(right.entries()));
      }),
      500,
    );
  });

  test("one merge more never takes back a counter, a status or a move", () => {
    holds(
      fc.property(anyRecord, anyRecord, (left, other) => {
        const right = { ...other, relay: left.relay };
        const merged = mergeRingRecords(left, right);
        for (const part of [left, right]) expect(sameRingRecord(mergeRingRecords(merged, part), merged)).toBe(true);
        expect(merged.counter).toBe(Math.max(left.counter, right.counter));
        expect(merged.moves).toBe(Math.max(left.moves, right.moves));
      }),
      500,
    );
  });

  test("are read back from their bytes, and torn ones are not taken for the whole", () => {
    holds(
      fc.property(anyRecords, fc.nat(200), (records, cut) => {
        const entries = RingRecords.empty.merge(records).entries();
        const bytes = encodeRing(entries);
        expect(decodeRing(bytes)).toEqual({ ok: true, value: entries });
        if (cut < bytes.length) expect(decodeRing(bytes.subarray(0, cut)).ok).toBe(false);
      }),
      500,
    );
  });
});

/** A relay writes about itself, an operator forgets, two exchange what they know. */
const anyEvent = fc.oneof(
  fc.record({ type: fc.constantFrom("advance" as const, "join" as const, "move" as const), by: fc.nat(3), to: fc.nat(3) }),
  fc.record({ type: fc.constant("forget" as const), by: fc.nat(3), to: fc.nat(3) }),
  fc.record({ type: fc.constant("gossip" as const), by: fc.nat(3), to: fc.nat(3) }),
);

describe("relays that write apart", () => {
  test("agree once everybody has heard everybody, and only a join after it brings a forgotten one back", () => {
    holds(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        const views = relays.map((relay) => RingRecords.empty.join(relay, { weight: 1, zone: "" }).advance(relay, "member"));
        const forgottenAt = new Map<RelayId, number>();
        const joinedAt = new Map<RelayId, number>();
        for (const { type, by, to } of events) {
          const self = relays[by]!;
          const view = views[by]!;
          if (type === "gossip") views[to] = views[to]!.merge(view.entries());
          if (type === "advance") views[by] = view.advance(self, to === 0 ? "member" : to === 1 ? "leaving" : "left");
          if (type === "move") views[by] = view.move(self, { weight: 1 + to, zone: "east" });
          if (type === "join") {
            views[by] = view.join(self, { weight: 1, zone: "" });
            joinedAt.set(self, views[by]!.record(self)!.counter);
          }
          const target = relays[to]!;
          if (type === "forget" && view.record(target) !== undefined) {
            views[by] = view.forget(target);
            forgottenAt.set(target, Math.max(forgottenAt.get(target) ?? 0, view.record(target)!.counter));
          }
        }
        const all = views.reduce((sum, view) => sum.merge(view.entries()));
        for (const view of views) expect(view.merge(all.entries()).id).toBe(all.id);
        for (const [relay, counter] of forgottenAt) {
          expect(all.status(relay) === "forgotten" || (joinedAt.get(relay) ?? 0) > counter).toBe(true);
        }
      }),
      500,
    );
  });
});
