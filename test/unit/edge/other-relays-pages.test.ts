import { afterEach, describe, expect, test } from "vitest";
import type { RoomAnswer } from "../../../server/core/effect.ts";
import { anEdge } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>> | undefined;
afterEach(async () => {
  await edge?.close();
  edge = undefined;
});

describe("[P9] what pages of other origins may read", () => {
  const relays = ["ws://127.0.0.1:4401/mesh", "wss://b.example/mesh"];
  const rooms = (answer: RoomAnswer) => ({ relays, answer: () => answer });

  test.each([
    ["https://b.example", "https://b.example"],
    ["http://127.0.0.1:4401", "http://127.0.0.1:4401"],
    ["http://localhost:4401", "http://localhost:4401"],
    ["http://localhost:5173", null],
    ["https://127.0.0.1:4401", null],
    ["https://evil.example", null],
    ["null", null],
  ])("a page of %s gets the leave for %s", async (origin, leave) => {
    edge = await anEdge(rooms({ type: "rooms", rooms: [], next: undefined, unanswered: [] }));
    const response = await fetch(`${edge.address}/api/rooms`, { headers: { Origin: origin } });
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([200, leave]);
    expect(response.headers.get("vary")).toContain("Origin");
  });

  test("a page of another relay may read what an answer says beside the document, and listen", async () => {
    edge = await anEdge({ relays });
    const headers = { Origin: "https://b.example" };
    const reading = new AbortController();
    const events = await fetch(`${edge.address}/api/events`, { headers, signal: reading.signal });
    expect([events.status, events.headers.get("access-control-allow-origin")]).toEqual([200, "https://b.example"]);
    expect(events.headers.get("access-control-expose-headers")).toBe("ETag, Inkmesh-Generation, Inkmesh-Token, Location, Retry-After");
    reading.abort();
  });

  test("a browser that asks beforehand hears what pages of other relays may do, with rooms and the view of the mesh, and nothing else", async () => {
    edge = await anEdge({ relays });
    const ask = { method: "OPTIONS", headers: { Origin: "https://b.example", "Access-Control-Request-Method": "PATCH" } };
    const response = await fetch(`${edge.address}/api/rooms/notes`, ask);
    expect([response.status, response.headers.get("access-control-allow-methods")]).toEqual([204, "GET, POST, PUT, PATCH, DELETE"]);
    expect(response.headers.get("access-control-allow-headers")).toBe(
      "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Inkmesh-Token, Last-Event-ID",
    );
    for (const path of ["/api/mesh", "/api/events"]) {
      expect((await fetch(`${edge.address}${path}`, ask)).headers.get("access-control-allow-origin")).toBe("https://b.example");
    }
    expect((await fetch(`${edge.address}/metrics`, ask)).headers.get("access-control-allow-origin")).toBeNull();
    const foreign = await fetch(`${edge.address}/api/rooms/notes`, { ...ask, headers: { Origin: "https://evil.example" } });
    expect([foreign.status, foreign.headers.get("access-control-allow-methods")]).toEqual([403, null]);
  });
});
