import { expect, test } from "vitest";
import { readExperiments, readMesh, readRoom } from "../../../../client/app/mesh-view/mesh-reading.ts";
import { aMesh, aMeshBody } from "./an-answer.ts";

test("a relay's view: itself first, the others by name, with their places on the ring", () => {
  const mesh = aMesh("b", [{ relay: "c", state: "suspect", sinceSeconds: 3 }, { relay: "a" }], { roomsToHandOver: 4 });
  expect(mesh.relays.map(({ relay, state, place }) => [relay, state, place])).toEqual([
    ["b", "alive", "member"],
    ["a", "alive", "member"],
    ["c", "suspect", "member"],
  ]);
  expect(mesh).toMatchObject({ self: "b", replicas: 3, needed: 2, roomsToHandOver: 4, wallMs: 1_000_000, experiments: undefined });
});

test("of several lives of a name the one that is there is shown, and of two dead ones the later", () => {
  const lives = [
    { relay: "c", actor: "c.1", state: "dead" },
    { relay: "c", actor: "c.2", state: "alive" },
    { relay: "d", actor: "d.1", state: "left" },
    { relay: "d", actor: "d.2", state: "left" },
    { relay: "a", actor: "a.0", state: "dead" },
  ];
  const mesh = aMesh("a", lives);
  expect(mesh.relays.map(({ actor }) => actor)).toEqual(["a.0000000000000001", "c.2", "d.2"]);
});

test("a relay that has a place and was not seen is there, too; one that gave it up is not", () => {
  const records = [
    { relay: "a", status: "member" },
    { relay: "x", status: "member" },
    { relay: "y", status: "forgotten" },
    { relay: "z", status: "left" },
  ];
  const mesh = aMesh("a", [], {}, { ring: { id: "r", records } });
  expect(mesh.relays.map(({ relay, state }) => [relay, state])).toEqual([
    ["a", "alive"],
    ["x", "not seen"],
  ]);
});

test.each([undefined, null, 7, "<html>", {}, { self: "a" }, { self: "a", relays: {} }, { relays: [{ relay: "a" }] }])(
  "%j is no relay's answer",
  (body) => {
    expect(readMesh(body)).toBeUndefined();
    expect(readRoom(body)).toBeUndefined();
  },
);

test("a relay that starts, and what is not understood, break nothing", () => {
  expect(readMesh({ self: "a", relays: [{ relay: "a", state: "alive", phase: "starting" }] })).toMatchObject({
    phase: "starting",
    records: [],
  });
  const strange = { relay: "b", state: "asleep", roundTripMs: "fast", sessions: Number.NaN };
  expect(aMesh("a", [strange]).relays[1]).toMatchObject({ state: "not seen", roundTripMs: undefined, sessions: undefined });
  expect(readMesh({ ...aMeshBody("a"), experiments: { cut: ["b"], isPaused: true, skewMs: 5 } })?.experiments).toEqual({
    cut: ["b"],
    isPaused: true,
    skewMs: 5,
  });
  expect(readExperiments("x")).toEqual({ cut: [], isPaused: false, skewMs: 0 });
});
