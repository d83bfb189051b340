import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { comparePositions, positionHex, positionOf } from "@inkmesh/shared/ring/hash";
import { HashRing, type RingMember } from "@inkmesh/shared/ring/hash-ring";
import { describe, expect, test } from "vitest";

const member = (relay: string, zone = "", weight = 1): RingMember => ({ relay: relay as RelayId, weight, zone });
const lists = (ring: HashRing, n: number, rooms: readonly string[]): readonly string[] =>
  rooms.map((room) => ring.preferenceList(room as RoomName, n).join(" "));
const rooms = ["notes", "notes/été", "shopping-list", "a", "automerge:2b7e"];

describe("positions", () => {
  // A changed position moves rooms between relays of two versions: these never change.
  test.each([
    ["", "efd01f60ba992926"],
    ["a", "82a2a958a9bece5b"],
    ["foobar", "2c22194922d1672b"],
    ["notes/été", "b5a21342474339dd"],
  ])("the position of %j is %s, for ever", (text, hex) => {
    expect(positionHex(positionOf(text))).toBe(hex);
  });
});

describe("a preference list", () => {
  test("is the same on every platform and in every version", () => {
    const ring = HashRing.of(["a", "b", "c", "d", "e"].map((relay) => member(relay)));
    expect(lists(ring, 3, rooms)).toEqual(["b c e", "a d e", "e d a", "c e d", "a e d"]);
  });

  test("takes from distinct zones first, and then those passed over", () => {
    const ring = HashRing.of([member("a", "east"), member("b", "east"), member("c", "west"), member("d", "west")]);
    expect(lists(ring, 3, rooms)).toEqual(["b c d", "a d c", "d a c", "c a d", "a d b"]);
  });

  test("has as many relays as there are when more are asked for", () => {
    const ring = HashRing.of([member("a"), member("b")]);
    expect(ring.preferenceList("notes" as RoomName, 3).toSorted()).toEqual(["a", "b"]);
    expect(HashRing.empty.preferenceList("notes" as RoomName, 3)).toEqual([]);
    expect(ring.preferenceList("notes" as RoomName, 0)).toEqual([]);
  });

  test("a relay of weight 3 carries about three shares", () => {
    const ring = HashRing.of([member("a"), member("b", "", 3)]);
    const owned = Array.from({ length: 4_000 }, (_, room) => ring.preferenceList(`room/${room}` as RoomName, 1)[0]);
    expect(owned.filter((relay) => relay === "b").length / owned.length).toBeCloseTo(0.75, 1);
  });

  test("a relay that stands twice, or with a weight of nothing, is a bug of ours", () => {
    expect(() => HashRing.of([member("a"), member("a")])).toThrow(/once/);
    expect(() => HashRing.of([member("a", "", 0)])).toThrow(/weight/);
    expect(() => HashRing.of([member("a", "", 1.5)])).toThrow(/weight/);
  });
});

test("virtual nodes are told clockwise, 256 for a weight of 1, and a list begins with the first one behind a room", () => {
  const ring = HashRing.of([member("a"), member("b", "", 2)]);
  const { virtualNodes } = ring;
  expect(virtualNodes).toHaveLength(3 * 256);
  expect(virtualNodes.filter(({ relay }) => relay === "b")).toHaveLength(2 * 256);
  expect(virtualNodes.toSorted((left, right) => comparePositions(left.position, right.position))).toEqual(virtualNodes);
  for (const room of rooms) {
    const first = virtualNodes.find(({ position }) => comparePositions(position, positionOf(room)) >= 0) ?? virtualNodes[0];
    expect(ring.preferenceList(room as RoomName, 1)).toEqual([first!.relay]);
  }
});
