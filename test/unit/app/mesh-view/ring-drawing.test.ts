import { expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { arcsOf, colourOf, pointAt, ringOf, seatsOf, turnOf, turnOfRoom, walkOf } from "../../../../client/app/mesh-view/ring-drawing.ts";

const records = ["a", "b", "c", "d"].map((relay) => ({ relay, weight: 1, zone: "", place: "member" as const }));

test("the ring has those on it who join or belong; where all leave, those", () => {
  const names = (...places: ("joining" | "member" | "leaving" | "left")[]) =>
    ringOf(places.map((place, index) => ({ ...records[index]!, place }))).members.map(({ relay }) => relay);
  expect(names("joining", "member", "leaving", "left")).toEqual(["a", "b"]);
  expect(names("leaving", "leaving", "left")).toEqual(["a", "b"]);
  expect(names()).toEqual([]);
});

test("turns go clockwise from the top", () => {
  expect([0, 0.25, 0.5, 0.75].map((turn) => pointAt(turn, 10))).toEqual([
    { x: 0, y: -10 },
    { x: 10, y: -0 },
    { x: 0, y: 10 },
    { x: -10, y: 0 },
  ]);
  expect(turnOf({ high: 0x8000_0000, low: 0 })).toBe(0.5);
});

test("every virtual node has an arc of its relay, and together they are the whole circle", () => {
  const ring = ringOf(records);
  const arcs = arcsOf(ring, 100);
  expect([...arcs.keys()].toSorted()).toEqual(["a", "b", "c", "d"]);
  const pieces = [...arcs.values()].flatMap((path) => path.split("M").filter(Boolean));
  expect(pieces).toHaveLength(4 * 256);
  const starts = pieces.map((piece) => piece.slice(0, piece.indexOf("A")));
  const ends = pieces.map((piece) => piece.split(" 1 ").at(-1)!);
  expect(starts.toSorted()).toEqual(ends.toSorted());
});

test("the walk from a document comes by its preference list, in order, and ends with the last of them", () => {
  const ring = ringOf(records);
  for (const room of ["notes", "x", "shopping-list", "日本語"]) {
    const replicas = ring.preferenceList(room as RoomName, 3);
    const walk = walkOf(ring, room, replicas, 200);
    expect(walk.filter(({ rank }) => rank !== undefined).map(({ relay }) => relay)).toEqual(replicas);
    expect(walk.flatMap(({ rank }) => rank ?? [])).toEqual([1, 2, 3]);
    expect(walk.at(-1)).toEqual({ relay: replicas.at(-1), rank: 3 });
  }
  expect(walkOf(ring, "notes", ["nobody"], 5)).toHaveLength(5);
  expect(walkOf(ringOf([]), "notes", [], 5)).toEqual([]);
  expect(turnOfRoom("notes")).toBeLessThan(1);
});

test("one relay stands in the middle, several in a circle, each with a colour of its own", () => {
  expect([...seatsOf(["a"], 50).values()]).toEqual([{ x: 0, y: 0 }]);
  expect(seatsOf(["b", "a"], 50).get("a")).toEqual({ x: 0, y: -50 });
  const names = ["c", "a", "b"];
  expect(names.map((name) => colourOf(name, names))).toEqual([3, 1, 2]);
});
