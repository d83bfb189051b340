import type { RelayId, RingId } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";
import { Completeness, formerReplicas, type FormerReplicas } from "../../../../server/core/gossip/completeness.ts";
import { unmarkedTrace, type RoomTrace } from "../../../../server/core/gossip/room-trace.ts";
import { RingRecords } from "../../../../server/core/membership/ring-records.ts";
import { lineage, replicationLimits, ringOne, ringTwo } from "./a-room.ts";

const [a, b, c, d] = ["a", "b", "c", "d"] as RelayId[] as [RelayId, RelayId, RelayId, RelayId];
const limits = replicationLimits();
const place = { weight: 1, zone: "" };

function former(relays: readonly RelayId[], enough: number, all = relays, ring: RingId = ringOne): FormerReplicas {
  return { ring, enough, relays, all };
}

function standing(of: FormerReplicas, { self = a, trace = "blank" as RoomTrace } = {}): Completeness {
  return new Completeness({ self, limits, trace, former: of });
}

function members(...relays: readonly RelayId[]): RingRecords {
  return relays.reduce((ring, relay) => ring.join(relay, place).advance(relay, "member"), RingRecords.empty);
}

describe("[P2] a blank replica may be complete", () => {
  test.each([
    { after: "one complete other of three, W 2", of: former([a, b, c], 2), complete: [b], incomplete: [], may: false },
    { after: "two complete others of three, W 2", of: former([a, b, c], 2), complete: [b, c], incomplete: [], may: true },
    { after: "one complete and one other, who are all", of: former([a, b, c], 2), complete: [b], incomplete: [c], may: true },
    { after: "two that are not complete of three others", of: former([b, c, d], 2), complete: [], incomplete: [b, c], may: false },
    { after: "one complete other of three, W 3", of: former([b, c, d], 1), complete: [c], incomplete: [], may: true },
    { after: "somebody who never held the room", of: former([b], 1), complete: [c], incomplete: [], may: false },
    {
      after: "one of those held it, and not whom the settled ring names",
      of: former([a, b], 2, [a, b, c]),
      complete: [b],
      incomplete: [],
      may: false,
    },
    { after: "nobody, where there is nobody else", of: former([a], 1), complete: [], incomplete: [], may: true },
    { after: "nobody, where no ring is known yet", of: former([], 0), complete: [], incomplete: [], may: false },
  ])("after comparing with $after: $may", ({ of, complete, incomplete, may }) => {
    const replica = standing(of);
    for (const relay of complete) replica.compared(relay, ringOne, true);
    for (const relay of incomplete) replica.compared(relay, ringOne, false);
    expect([replica.isComplete, replica.shouldMark]).toEqual([false, may]);
    if (may) replica.marked();
    expect([replica.isComplete, replica.shouldMark]).toEqual([may, false]);
  });

  test("not by what was compared under another ring, or over a link that is gone", () => {
    const replica = standing(former([a, b, c], 2));
    replica.compared(b, ringTwo, true);
    replica.compared(c, ringOne, true);
    expect(replica.missing).toEqual([b]);
    replica.compared(b, ringOne, true);
    replica.linkDown(c);
    expect(replica.shouldMark).toBe(false);
    replica.compared(c, ringOne, true);
    replica.place(former([a, b, c], 2, [a, b, c], ringTwo));
    expect([replica.shouldMark, replica.missing]).toEqual([false, [b, c]]);
  });

  test("and loses that by damage at once, until it has compared anew", () => {
    const replica = standing(former([a, b, c], 2), { trace: "marked" });
    expect(replica.isComplete).toBe(true);
    replica.damaged();
    expect([replica.isComplete, replica.missing]).toEqual([false, [b, c]]);
  });

  test("asks for it by itself, now and then", () => {
    const replica = standing(former([a, b, c], 2));
    expect(replica.toCompare(0)).toEqual([b, c]);
    expect(replica.toCompare(999)).toEqual([]);
    expect(replica.nextDeadline()).toBe(1_000);
    replica.compared(b, ringOne, false);
    expect(replica.toCompare(1_000)).toEqual([c]);
    replica.compared(c, ringOne, false);
    expect(replica.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the first use of a room", () => {
  const founded = members(a, b, c);
  const at = { self: a, replicas: 3 };

  test("is complete where a whole disk held its place, and the mark is written with it", () => {
    const trace = unmarkedTrace(lineage.room, { hasTrace: false, whole: founded }, at);
    const replica = standing(former([a, b, c], 2), { trace });
    expect([trace, replica.isComplete, replica.shouldMark]).toEqual(["unused", true, true]);
    expect(replica.missing).toEqual([]);
  });

  test("[P2] that is written to while it has no mark vouches for nothing any more, and is marked only when it has compared", () => {
    const replica = standing(former([a, b, c], 2), { trace: "unused" });
    expect([replica.retraced("unused"), replica.isComplete]).toEqual([true, true]);
    expect([replica.retraced("blank"), replica.isComplete, replica.shouldMark]).toEqual([false, false, false]);
    expect(replica.missing.length).toBeGreaterThan(0);
    const marked = standing(former([a, b, c], 2), { trace: "marked" });
    expect([marked.retraced("blank"), marked.isComplete]).toEqual([true, true]);
  });

  test.each([
    { where: "a disk that never was whole", disk: { hasTrace: false, whole: undefined } },
    { where: "a disk with traces of the room and no mark", disk: { hasTrace: true, whole: founded } },
    { where: "a relay that the room comes to only now", disk: { hasTrace: false, whole: members(b, c, d) } },
  ])("is blank on $where", ({ disk }) => {
    expect(unmarkedTrace(lineage.room, disk, at)).toBe("blank");
  });
});

describe("who held a room up to now", () => {
  const at = { replicas: 3, level: "majority" as const };
  const list = (ring: RingRecords): readonly RelayId[] => ring.newest.preferenceList(lineage.room, 3);

  test("are whom the ring of the last wholeness names, not whom the settled one names by now", () => {
    const whole = members(a, b, c);
    const now = whole.join(d, place).advance(d, "member").advance(a, "leaving");
    const of = formerReplicas(lineage.room, { now, whole }, at);
    expect([of.ring, of.enough, of.relays]).toEqual([now.id, 2, list(whole)]);
  });

  test("are whom the settled ring names, on a disk that never was whole", () => {
    const now = members(a, b, c).join(d, place);
    expect(formerReplicas(lineage.room, { now, whole: undefined }, at).relays).toEqual(list(members(a, b, c)));
  });

  test("without those that left or were forgotten, who count among the n all the same", () => {
    const whole = members(a, b, c);
    const now = whole.join(d, place).advance(d, "member").forget(b).advance(c, "left");
    const of = formerReplicas(lineage.room, { now, whole }, at);
    expect([of.enough, of.relays, new Set(of.all)]).toEqual([2, [a], new Set([a, d])]);
  });
});
