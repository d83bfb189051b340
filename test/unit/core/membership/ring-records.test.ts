import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { ringRecordsMax, type RingRecord, type RingStatus } from "@inkmesh/shared/ring/ring-record";
import { decodeRing, encodeRing } from "@inkmesh/shared/wire/ring-codec";
import { describe, expect, test } from "vitest";
import { RingRecords } from "../../../../server/core/membership/ring-records.ts";

const [a, b, c, d] = ["a", "b", "c", "d"] as RelayId[] as [RelayId, RelayId, RelayId, RelayId];
const here = { weight: 1, zone: "" };
const aRecord = (relay: RelayId, status: RingStatus, counter = 1): RingRecord => ({ relay, status, counter, ...here, moves: 0 });
const ring = (...records: readonly RingRecord[]): RingRecords => RingRecords.empty.merge(records);
const named = (list: { readonly members: readonly { readonly relay: RelayId }[] }): readonly RelayId[] =>
  list.members.map((member) => member.relay);

describe("which relays place rooms", () => {
  const mixed = ring(aRecord(a, "member"), aRecord(b, "joining"), aRecord(c, "leaving"), aRecord(d, "forgotten"));

  test("[P5] the newest ring names those that join and those that belong", () => {
    expect(named(mixed.newest)).toEqual([a, b]);
  });

  test("the settled ring names those that have held rooms: members and those that leave", () => {
    expect(named(mixed.settled)).toEqual([a, c]);
  });

  test("when all are leaving they keep the rooms", () => {
    expect(named(ring(aRecord(a, "leaving"), aRecord(b, "left")).newest)).toEqual([a]);
  });

  test("an empty ring places nothing", () => {
    expect(RingRecords.empty.newest.preferenceList("notes" as RoomName, 3)).toEqual([]);
  });
});

describe("a relay's own record", () => {
  test("goes joining, member, leaving, left, and never back", () => {
    const joined = RingRecords.empty.join(a, here);
    const left = joined.advance(a, "member").advance(a, "leaving").advance(a, "left");
    expect(left.record(a)).toEqual(aRecord(a, "left"));
    expect(left.advance(a, "member")).toBe(left);
  });

  test("a join of one that belongs changes nothing; after left or forgotten it counts one more", () => {
    const member = RingRecords.empty.join(a, here).advance(a, "member");
    expect(member.join(a, here)).toBe(member);
    expect(member.forget(a).join(a, here).record(a)).toEqual(aRecord(a, "joining", 2));
    expect(member.advance(a, "leaving").join(a, here).status(a)).toBe("joining");
  });

  test("forgotten meanwhile, it stays forgotten whatever it writes apart from a join", () => {
    const before = ring(aRecord(a, "member"), aRecord(b, "member"));
    const forgotten = before.forget(a);
    const wroteOn = before.move(a, { weight: 4, zone: "east" }).advance(a, "leaving").advance(a, "left");
    const merged = forgotten.merge(wroteOn.entries());
    expect(merged.record(a)).toEqual({ ...aRecord(a, "forgotten"), weight: 4, zone: "east", moves: 1 });
    expect(merged.merge(wroteOn.join(a, here).entries()).status(a)).toBe("joining");
  });

  test("a relay that is not on the ring can neither advance nor be forgotten", () => {
    expect(RingRecords.empty.advance(a, "member")).toBe(RingRecords.empty);
    expect(RingRecords.empty.forget(a)).toBe(RingRecords.empty);
  });
});

describe("[P8] a ring has a limit", () => {
  const full = ring(...Array.from({ length: ringRecordsMax }, (_, relay) => aRecord(`r${relay}` as RelayId, "member")));

  test("past it new relays are turned away, and news of known ones still counts", () => {
    const merged = full.merge([aRecord("r7" as RelayId, "forgotten"), aRecord(a, "joining")]);
    expect(merged.entries()).toHaveLength(ringRecordsMax);
    expect(merged.status("r7" as RelayId)).toBe("forgotten");
    expect(merged.record(a)).toBeUndefined();
    expect(full.hasRoomFor(a)).toBe(false);
    expect(full.hasRoomFor("r7" as RelayId)).toBe(true);
  });

  test("[P9] bytes with more are refused", () => {
    const tooMany = [...full.entries(), aRecord("zz" as RelayId, "member")];
    expect(decodeRing(encodeRing(tooMany))).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  });
});

// Every relay of a mesh must give one state the same name: another name would start exchanges for ever.
test("the name of a state never changes", () => {
  expect(RingRecords.empty.id).toBe("b9034ad37056f5fb");
  expect(ring(aRecord(a, "member"), { ...aRecord(b, "joining", 300), weight: 4, zone: "east", moves: 2 }).id).toBe("d2abb9fb5863c585");
});
