import { afterEach, expect, test, vi } from "vitest";
import type { ActorId, RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RoomAnswer, RoomView } from "../../../server/core/effect.ts";
import type { RoomRequest } from "../../../server/core/input.ts";
import type { HistoryMinute, VersionAsk } from "../../../server/core/stored-history.ts";
import { anEdge } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>> | undefined;
afterEach(() => edge?.close());

const minuteMs = 60_000;
const first = Date.parse("2026-03-01T17:00Z") / minuteMs;

function aMinute(minute: number, author: string, entries: number): HistoryMinute {
  const stamp = (ms: number) => ({ physicalMs: minute * minuteMs + ms, logical: 0, relay: "a" as RelayId });
  const dots = [{ actor: "a.0" as ActorId, from: 1, length: entries }];
  return { author, minute, entries, first: stamp(1), last: stamp(59_000), dots, deps: VectorClock.empty };
}

const minutes = [aMinute(first, "ada", 3), aMinute(first, "bob", 2), aMinute(first + 1, "ada", 7), aMinute(first + 9, "ada", 1)];

/** One room, in its third generation. */
function answered(ask: RoomRequest): RoomAnswer | undefined {
  if (ask.type !== "show") return undefined;
  if (ask.room !== "plans") return { type: "refused", refusal: { code: "NOT_FOUND", detail: "no such document" } };
  return { type: "room", room: { room: ask.room, generation: 2 } as RoomView, created: false };
}

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${edge!.address}/api/rooms/${path}`);
  return { status: answer.status, body: await answer.json() };
}

test("the versions of a document are its minutes, the newest first, a page at a time", async () => {
  const asked: unknown[] = [];
  const history = async (room: RoomName, generation: number) => {
    asked.push([room, generation]);
    return { ok: true, value: { generation, base: VectorClock.empty, minutes } } as const;
  };
  edge = await anEdge({ answer: answered, history });
  const newest = { version: "2026-03-01T17:09Z", edits: 1, authors: [{ author: "ada", edits: 1 }] };
  const times = { firstMs: (first + 9) * minuteMs + 1, lastMs: (first + 9) * minuteMs + 59_000 };
  const all = await get("plans/history");
  expect(all).toMatchObject({
    status: 200,
    body: { room: "plans", generation: 2, versions: [{ ...newest, ...times }, { edits: 7 }, { edits: 5 }] },
  });
  expect(all.body).not.toHaveProperty("next");
  expect(asked).toEqual([["plans", 2]]);
  const page = await get("plans/history?limit=2");
  expect(page.body).toMatchObject({ versions: [newest, { edits: 7 }], next: "2026-03-01T17:01Z" });
  expect((await get("plans/history?limit=2&before=2026-03-01T17:01Z")).body).toMatchObject({
    versions: [
      {
        version: "2026-03-01T17:00Z",
        authors: [
          { author: "ada", edits: 3 },
          { author: "bob", edits: 2 },
        ],
      },
    ],
  });
});

test("a version is answered in a format, and never runs as a page of this origin", async () => {
  const asked: VersionAsk[] = [];
  const version = async (ask: VersionAsk) => {
    asked.push(ask);
    return { ok: true, value: ask.minute === first ? new TextEncoder().encode("<p>old</p>") : undefined } as const;
  };
  edge = await anEdge({ answer: answered, version });
  const answer = await fetch(`${edge.address}/api/rooms/plans/history/2026-03-01T17:00Z?format=html`);
  expect([answer.status, await answer.text()]).toEqual([200, "<p>old</p>"]);
  expect(answer.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
  expect(answer.headers.get("Content-Security-Policy")).toBe("sandbox; default-src 'none'");
  expect([answer.headers.get("Inkmesh-Generation"), answer.headers.get("Cache-Control")]).toEqual(["2", "no-store"]);
  expect(asked).toEqual([{ room: "plans", generation: 2, minute: first, format: "html" }]);
  expect(await get("plans/history/2026-03-01T17:05Z")).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
});

test.each([
  ["no document", "nobody's/history", 404, "NOT_FOUND"],
  ["no document", "nobody's/history/2026-03-01T17:00Z", 404, "NOT_FOUND"],
  ["no version's name", "plans/history/yesterday", 400, "BAD_REQUEST"],
  ["no minute", "plans/history/2026-13-01T17:00Z", 404, "NOT_FOUND"],
  ["no format", "plans/history/2026-03-01T17:00Z?format=pdf", 400, "BAD_REQUEST"],
  ["no page", "plans/history?limit=0", 400, "BAD_REQUEST"],
  ["no page", "plans/history?before=now", 400, "BAD_REQUEST"],
  ["no name", "%00/history", 400, "BAD_ROOM_NAME"],
])("%s: %s is answered with %i", async (_, path, status, code) => {
  edge = await anEdge({ answer: answered });
  expect(await get(path)).toMatchObject({ status, body: { error: { code } } });
});

test("[P8] who asks for more versions than are built at once is told to come again, and is answered afterwards", async () => {
  const waiting: (() => void)[] = [];
  const version = () =>
    new Promise<{ ok: true; value: Uint8Array }>((resolve) => void waiting.push(() => resolve({ ok: true, value: new Uint8Array(1) })));
  edge = await anEdge({ answer: answered, version });
  const ask = () => fetch(`${edge!.address}/api/rooms/plans/history/2026-03-01T17:00Z?format=update`);
  const first4 = Array.from({ length: 4 }, ask);
  await vi.waitFor(() => expect(waiting).toHaveLength(4));
  expect((await ask()).status).toBe(503);
  for (const go of waiting) go();
  expect((await Promise.all(first4)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const after = ask();
  await vi.waitFor(() => expect(waiting).toHaveLength(5));
  waiting[4]!();
  expect((await after).status).toBe(200);
});

test("a store that cannot answer is told of", async () => {
  const refusal = { code: "STORE_FAILED", detail: "no" } as const;
  edge = await anEdge({ answer: answered, history: async () => ({ ok: false, refusal }), version: async () => ({ ok: false, refusal }) });
  for (const path of ["plans/history", "plans/history/2026-03-01T17:00Z"])
    expect(await get(path)).toMatchObject({ status: 503, body: { error: { code: "STORE_FAILED" } } });
});
