import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ActorId, RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { openToken } from "@inkmesh/shared/wire/session-token";
import type { RoomRecord } from "../../../server/core/stored-room.ts";
import { DocumentEvents } from "../../../server/edge/document-events.ts";
import { EventReader } from "../../harness/event-reader.ts";
import { anEdge, edgeSecret, eventually } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>>;
beforeEach(async () => {
  edge = await anEdge();
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await edge.close();
});

const hlc = { physicalMs: 1, logical: 0, relay: "a" as RelayId };
const clockAt = (counter: number): VectorClock => VectorClock.of([["a.0" as ActorId, counter]]);
const change = (room: string, counter = 1): void =>
  edge.events.note({ type: "changed", lineage: { room: room as RoomName, generation: 0 }, clock: clockAt(counter) });
const record = (room: string, title: string | undefined, more: Partial<RoomRecord> = {}): RoomRecord => ({
  ...{ room: room as RoomName, generation: 0, kind: undefined, deleted: undefined, everDeleted: false, created: hlc },
  title: title === undefined ? undefined : { value: title, hlc },
  ...more,
});
const note = (before: RoomRecord | undefined, after: RoomRecord): void => edge.events.note({ type: "recorded", before, record: after });
const types = (reader: EventReader): string[] => reader.events.map(({ type, data }) => `${type} ${data.room ?? ""}`);

test("who listens is told what happens, the changes of a moment as one, with a token of what is there then", async () => {
  const reader = await EventReader.at(edge.address);
  note(undefined, record("one", "T"));
  change("one", 1);
  change("one", 2);
  note(record("one", "T"), record("one", "U"));
  await eventually(() => expect(reader.events).toHaveLength(3));
  note(record("one", "U"), record("one", "U"));
  note(record("one", "U"), record("one", "U", { deleted: { hlc, by: "" } }));
  note(record("one", "U", { deleted: { hlc, by: "" } }), record("one", undefined, { generation: 1 }));
  await eventually(() => expect(types(reader)).toEqual(["created one", "changed one", "renamed one", "deleted one", "created one"]));
  const [changed] = reader.heard("changed");
  const token = openToken(changed!.data.token!, edgeSecret);
  expect(token.ok && token.value.clock.covers(clockAt(2))).toBe(true);
  expect(reader.heard("renamed")[0]!.data).toEqual({ room: "one", generation: 0, title: "U" });
  await eventually(() => expect(reader.beats).toBeGreaterThan(0));
});

test("who comes back gets what was missed, of the rooms that it names, and otherwise is told that this is not known", async () => {
  const first = await EventReader.at(edge.address);
  for (const room of ["a", "b"]) note(undefined, record(room, room));
  await eventually(() => expect(first.events).toHaveLength(2));
  first.end();
  for (const room of ["c", "d"]) note(undefined, record(room, room));
  const back = await EventReader.at(edge.address, { after: first.lastId });
  await eventually(() => expect(types(back)).toEqual(["created c", "created d"]));
  back.end();
  const some = await EventReader.at(edge.address, { after: first.events[0]!.id, query: "?room=b&room=d" });
  note(undefined, record("e", "e"));
  note(undefined, record("b", "again", { generation: 1 }));
  await eventually(() => expect(types(some)).toEqual(["created b", "created d", "created b"]));
  some.end();
  // Four are kept: what the first one missed is gone.
  for (const after of [first.events[0]!.id, "b.0/1", "a.0/99", "nonsense"]) {
    const reader = await EventReader.at(edge.address, { after });
    await eventually(() => expect(types(reader)).toEqual(["reset "]));
    expect(reader.lastId).toBe(some.lastId);
    reader.end();
  }
});

test("[P8] who missed megabytes gets all of that, in order", async () => {
  await edge.close();
  edge = await anEdge({ eventsKeptMax: 3_000 });
  const first = await EventReader.at(edge.address);
  first.end();
  const words = "x".repeat(1_000);
  for (let at = 0; at < 3_000; at++) note(undefined, record(`r${at}`, words));
  const back = await EventReader.at(edge.address, { after: first.lastId });
  await eventually(() => expect(back.events).toHaveLength(3_000));
  expect(types(back)).toEqual(Array.from({ length: 3_000 }, (_, at) => `created r${at}`));
  back.end();
});

test("[P8] the text of an event is made once for all who listen, and nobody is given more in one turn than a piece", async () => {
  const events = new DocumentEvents({
    ...{ actor: "a.0" as ActorId, tokenSecret: edgeSecret },
    limits: { eventsKeptMax: 2_000, eventEveryMs: 60_000, eventBeatMs: 60_000 },
  });
  const pieces = Array.from({ length: 100 }, (): string[] => []);
  const told = (): number => Math.min(...pieces.map((texts) => texts.join("").split("event: ").length - 1));
  for (const texts of pieces) {
    const send = (text: string): boolean => (texts.push(text), true);
    events.listen({ rooms: undefined, send, end: () => undefined, cut: () => undefined }, undefined);
  }
  const entries = vi.spyOn(VectorClock.prototype, "entries");
  for (let at = 0; at < 1_000; at++) {
    events.note({ type: "changed", lineage: { room: `r${at}` as RoomName, generation: 0 }, clock: clockAt(at + 1) });
  }
  expect(told()).toBe(0);
  await eventually(() => expect(told()).toBe(1_000));
  // Once for the token and once beside it.
  expect(entries.mock.calls.length).toBeLessThanOrEqual(2_000);
  expect(Math.max(...pieces.flat().map((text) => text.length))).toBeLessThan(17_000);
  events.close();
});

test("who takes nothing more is given nothing more, and told that some of it is gone when it does again", () => {
  const events = new DocumentEvents({
    ...{ actor: "a.0" as ActorId, tokenSecret: edgeSecret },
    limits: { eventsKeptMax: 4, eventEveryMs: 60_000, eventBeatMs: 60_000 },
  });
  const texts: string[] = [];
  const send = (text: string): boolean => (texts.push(text), false);
  const { drained } = events.listen({ rooms: undefined, send, end: () => undefined, cut: () => undefined }, undefined);
  vi.useFakeTimers({ toFake: ["setImmediate"] });
  for (let at = 0; at < 6; at++) events.note({ type: "recorded", before: undefined, record: record(`r${at}`, "T") });
  vi.runAllTimers();
  expect(texts).toEqual(["id: a.0/0\n\n"]);
  drained();
  vi.runAllTimers();
  drained();
  events.note({ type: "recorded", before: undefined, record: record("last", "T") });
  vi.runAllTimers();
  expect(texts.slice(1).map((text) => text.split("\n").slice(0, 2))).toEqual([
    ["id: a.0/6", "event: reset"],
    ["id: a.0/7", "event: created"],
  ]);
  events.close();
});

test("[P8] no more listen than may, whoever does not read is let go, and all are when the relay stops", async () => {
  await edge.close();
  edge = await anEdge({ eventsKeptMax: 1_000 });
  const reader = await EventReader.at(edge.address);
  const silent = await fetch(`${edge.address}/api/events`);
  const refused = await fetch(`${edge.address}/api/events`);
  expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: "RELAY_BUSY" } }]);
  const words = "x".repeat(10_000);
  await eventually(() => {
    for (let turn = 0; turn < 100; turn++) note(undefined, record("r", words));
    expect(edge.events.listening).toBeLessThan(2);
  });
  await silent.body?.cancel().catch(() => undefined);
  const other = await EventReader.at(edge.address);
  edge.events.close();
  await eventually(() => expect(other.hasEnded).toBe(true));
  reader.end();
});

test("who only asks for the head gets it, and does not listen", async () => {
  const head = await fetch(`${edge.address}/api/events`, { method: "HEAD", signal: AbortSignal.timeout(5_000) });
  expect([head.status, head.headers.get("content-type"), edge.events.listening]).toEqual([200, "text/event-stream; charset=utf-8", 0]);
});

test("a room that may not be named so is refused, and so is who comes while the relay stops", async () => {
  const bad = await fetch(`${edge.address}/api/events?room=`);
  expect([bad.status, await bad.json()]).toMatchObject([400, { error: { code: "BAD_ROOM_NAME" } }]);
  edge.status.enter("stopping");
  expect((await fetch(`${edge.address}/api/events`)).status).toBe(503);
});
