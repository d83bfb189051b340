/**
 * The ring against a dumb second version: BigInt positions, one sorted list, a walk with no shortcut.
 */
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { comparePositions, hash64, positionHex } from "@inkmesh/shared/ring/hash";
import { HashRing, virtualNodesPerWeight, type RingMember } from "@inkmesh/shared/ring/hash-ring";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../replayable.ts";

const anyRelay = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,6}[a-z0-9])?$/).map((text) => text as RelayId);
const anyMember: fc.Arbitrary<RingMember> = fc.record({
  relay: anyRelay,
  weight: fc.integer({ min: 1, max: 3 }),
  zone: fc.constantFrom("", "", "east", "west", "south"),
});
const anyMembers = fc.uniqueArray(anyMember, { selector: (member) => member.relay, minLength: 1, maxLength: 8 });
const anyRoom = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }).map((text) => text as RoomName);
const anyRooms = fc.array(anyRoom, { minLength: 1, maxLength: 12 });

const mask = (1n << 64n) - 1n;

function dumbPosition(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask;
  hash ^= hash >> 33n;
  hash = (hash * 0xff51afd7ed558ccdn) & mask;
  hash ^= hash >> 33n;
  hash = (hash * 0xc4ceb9fe1a85ec53n) & mask;
  return hash ^ (hash >> 33n);
}

function dumbList(members: readonly RingMember[], room: string, n: number): readonly RelayId[] {
  const text = new TextEncoder();
  const nodes = members
    .flatMap((member) =>
      Array.from({ length: member.weight * virtualNodesPerWeight }, (_, node) => ({
        at: dumbPosition(text.encode(`${member.relay}#${node}`)),
        member,
      })),
    )
    .sort((left, right) => (left.at < right.at ? -1 : 1));
  const start = dumbPosition(text.encode(room));
  const walk = [...nodes.filter((node) => node.at >= start), ...nodes.filter((node) => node.at < start)].map((node) => node.member);
  const met = [...new Set(walk)];
  const zone = (member: RingMember): string => member.zone || `alone ${member.relay}`;
  const firsts = met.filter((member, index) => met.findIndex((other) => zone(other) === zone(member)) === index);
  return [...firsts, ...met.filter((member) => !firsts.includes(member))].slice(0, n).map((member) => member.relay);
}

describe("positions", () => {
  test("are FNV-1a 64 finished by fmix64, by another way of counting", () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(positionHex(hash64(bytes))).toBe(dumbPosition(bytes).toString(16).padStart(16, "0"));
      }),
      2_000,
    );
  });

  test("are ordered as the numbers that they are", () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (left, right) => {
        const [one, other] = [dumbPosition(left), dumbPosition(right)];
        expect(Math.sign(comparePositions(hash64(left), hash64(right)))).toBe(one < other ? -1 : one > other ? 1 : 0);
      }),
      500,
    );
  });
});

describe("[P5] a preference list", () => {
  test("is what a walk without shortcuts finds, in whatever order the members are told", () => {
    holds(
      fc.property(anyMembers, anyRooms, fc.integer({ min: 0, max: 10 }), (members, rooms, n) => {
        const ring = HashRing.of(members);
        const other = HashRing.of(members.toReversed());
        for (const room of rooms) {
          const list = ring.preferenceList(room, n);
          expect(list).toEqual(dumbList(members, room, n));
          expect(other.preferenceList(room, n)).toEqual(list);
        }
      }),
      40,
    );
  });

  test("names distinct relays, of as many zones as there are", () => {
    holds(
      fc.property(anyMembers, anyRooms, fc.integer({ min: 1, max: 10 }), (members, rooms, n) => {
        const ring = HashRing.of(members);
        const zoneOf = new Map(members.map((member) => [member.relay, member.zone || `alone ${member.relay}`]));
        const zones = new Set(zoneOf.values()).size;
        for (const room of rooms) {
          const list = ring.preferenceList(room, n);
          expect(list).toHaveLength(Math.min(n, members.length));
          expect(new Set(list).size).toBe(list.length);
          expect(new Set(list.map((relay) => zoneOf.get(relay))).size).toBe(Math.min(zones, list.length));
        }
      }),
      100,
    );
  });

  test("changes by at most the one relay that joins or leaves", () => {
    holds(
      fc.property(anyMembers, anyRooms, fc.integer({ min: 1, max: 4 }), (members, rooms, n) => {
        const [joining, ...rest] = members;
        const before = HashRing.of(rest);
        const after = HashRing.of(members);
        for (const room of rooms) {
          const old = before.preferenceList(room, n);
          const fresh = after.preferenceList(room, n);
          expect(fresh.filter((relay) => !old.includes(relay) && relay !== joining!.relay)).toEqual([]);
          expect(old.filter((relay) => !fresh.includes(relay)).length).toBeLessThanOrEqual(1);
        }
      }),
      60,
    );
  });
});

describe("256 virtual nodes per unit of weight", () => {
  const roomsCounted = 10_000;
  const named = (count: number, round: number): readonly RingMember[] =>
    Array.from({ length: count }, (_, relay) => ({ relay: `r${round}-${relay}` as RelayId, weight: 1, zone: "" }));
  const loads = (ring: HashRing, n: number): number => {
    const counts = new Map<RelayId, number>();
    for (let room = 0; room < roomsCounted; room++) {
      for (const relay of ring.preferenceList(`room/${room}` as RoomName, n)) counts.set(relay, (counts.get(relay) ?? 0) + 1);
    }
    return Math.max(...counts.values()) / ((roomsCounted * n) / ring.members.length);
  };

  // Measured over 12 rings: median 1.04 and 1.06, worst 1.09.
  test.each([5, 8])("spread replicas evenly over %i relays: the busiest carries at most an eighth more than the mean", (count) => {
    const ratios = Array.from({ length: 6 }, (_, round) => loads(HashRing.of(named(count, round)), 3)).sort((left, right) => left - right);
    expect(ratios.at(-1)).toBeLessThan(1.125);
    expect(ratios[2]).toBeLessThan(1.08);
  });

  test("a relay that joins takes little more than its share of the copies", () => {
    const members = named(6, 0);
    const before = HashRing.of(members.slice(1));
    const after = HashRing.of(members);
    let moved = 0;
    for (let room = 0; room < roomsCounted; room++) {
      const old = before.preferenceList(`room/${room}` as RoomName, 3);
      moved += after.preferenceList(`room/${room}` as RoomName, 3).filter((relay) => !old.includes(relay)).length;
    }
    expect(moved / (roomsCounted * 3)).toBeGreaterThan(0.9 / 6);
    expect(moved / (roomsCounted * 3)).toBeLessThan(1.1 / 6);
  });
});
