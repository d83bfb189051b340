import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RoomAnswer, RoomView } from "../../../server/core/effect.ts";
import { anEdge, eventually, opened } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>>;
const folders: string[] = [];
afterEach(async () => {
  await edge.close();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

function aRoom(changes: Partial<RoomView> = {}): RoomView {
  const clock = VectorClock.of([["a.1" as never, 3]]);
  const safety = { copies: 1, replicas: 1, needed: 1, heldBy: ["a"] };
  return {
    ...safety,
    room: "r" as RoomName,
    generation: 0,
    engine: "yjs",
    title: "T",
    kind: "text",
    clock,
    bytes: 9,
    sessions: 2,
    createdMs: 1,
    changedMs: 2,
    ...changes,
  };
}

function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

async function errorCode(response: Response): Promise<string> {
  return ((await response.json()) as { error: { code: string } }).error.code;
}

describe("rooms over HTTP", () => {
  test("a list is asked with its page and search", async () => {
    edge = await anEdge({ answer: () => ({ type: "rooms", rooms: [aRoom()], next: "r", unanswered: ["b" as RelayId] }) });
    const response = await fetch(`${edge.address}/api/rooms?limit=7&search=no%20tes&after=q`);
    expect(edge.ofType("request-received")[0]!.ask).toEqual({ type: "list", limit: 7, search: "no tes", after: "q" });
    expect(await response.json()).toEqual({ rooms: [{ ...aRoom(), clock: { "a.1": 3 } }], next: "r", unanswered: ["b"] });
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("a room's name is one segment, decoded once", async () => {
    edge = await anEdge({ answer: () => ({ type: "content", bytes: new Uint8Array(0), token: "t", generation: 0 }) });
    for (const name of ["a/b", "a%2Fb", "ü ?#", "..", "%"]) {
      expect((await fetch(`${edge.address}/api/rooms/${encodeURIComponent(name).replace("..", "%2e%2e")}/content`)).status).toBeLessThan(
        500,
      );
      const asked = edge.ofType("request-received").at(-1)?.ask;
      if (name !== "..") expect(asked).toMatchObject({ room: name });
    }
  });

  test("a created room answers 201 and where it is; without a name it is given one", async () => {
    edge = await anEdge({
      answer: (ask) => ({ type: "room", room: aRoom({ room: ask.type === "create" ? ask.room : ("" as RoomName) }), created: true }),
    });
    const named = await fetch(`${edge.address}/api/rooms`, post({ room: "a/b", title: "T" }));
    expect([named.status, named.headers.get("location")]).toEqual([201, "/api/rooms/a%2Fb"]);
    expect(edge.ofType("request-received")[0]!.ask).toEqual({ type: "create", room: "a/b", title: "T", kind: undefined, principal: "" });
    const unnamed = (await (await fetch(`${edge.address}/api/rooms`, post({}))).json()) as RoomView;
    expect(unnamed.room).toMatch(/^[\w-]{16}$/);
  });

  test("change and delete, with who deletes it if that is said", async () => {
    edge = await anEdge({
      answer: (ask): RoomAnswer => (ask.type === "delete" ? { type: "done" } : { type: "room", room: aRoom(), created: false }),
    });
    const changed = await fetch(`${edge.address}/api/rooms/r`, { ...post({ title: "New" }), method: "PATCH" });
    const deleted = await fetch(`${edge.address}/api/rooms/r`, { method: "DELETE" });
    const byAda = await fetch(`${edge.address}/api/rooms/r?by=Ada%20L.`, { method: "DELETE" });
    const byTooMuch = await fetch(`${edge.address}/api/rooms/r?by=${"x".repeat(81)}`, { method: "DELETE" });
    const byMirrored = await fetch(`${edge.address}/api/rooms/r?by=${encodeURIComponent("\u202e adA\u200b \u2069")}`, { method: "DELETE" });
    expect([changed, deleted, byAda, byTooMuch, byMirrored].map(({ status }) => status)).toEqual([200, 204, 204, 400, 204]);
    expect(edge.ofType("request-received").map(({ ask }) => ask)).toEqual([
      { type: "change", room: "r", title: "New", kind: undefined, principal: "" },
      { type: "delete", room: "r", principal: "" },
      { type: "delete", room: "r", principal: "Ada L." },
      { type: "delete", room: "r", principal: "adA" },
    ]);
  });

  test("[P6] content carries the session token in and out", async () => {
    const bytes = new TextEncoder().encode("héllo");
    edge = await anEdge({ answer: () => ({ type: "content", bytes, token: "out", generation: 3 }) });
    const response = await fetch(`${edge.address}/api/rooms/r/content?format=markdown`, { headers: { "Inkmesh-Token": "in" } });
    expect(edge.ofType("request-received")[0]!.ask).toEqual({ type: "content", room: "r", format: "markdown", token: "in" });
    expect(response.headers.get("inkmesh-token")).toBe("out");
    expect(response.headers.get("inkmesh-generation")).toBe("3");
    expect(response.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
    expect(await response.text()).toBe("héllo");
  });

  test("[P9] content as HTML is sandboxed", async () => {
    edge = await anEdge({ answer: () => ({ type: "content", bytes: new Uint8Array(), token: "", generation: 0 }) });
    const response = await fetch(`${edge.address}/api/rooms/r/content?format=html`);
    expect(response.headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test.each<[what: string, path: string, init: RequestInit, status: number, code: string]>([
    ["an unknown format", "/api/rooms/r/content?format=exe", {}, 400, "BAD_REQUEST"],
    ["a limit out of bounds", "/api/rooms?limit=1000", {}, 400, "BAD_REQUEST"],
    ["a name of control characters", "/api/rooms/a%00b", {}, 400, "BAD_ROOM_NAME"],
    ["a name that is too long", `/api/rooms/${"x".repeat(257)}`, {}, 400, "BAD_ROOM_NAME"],
    ["a name that is encoded wrongly", "/api/rooms/%E0%A4%A", {}, 400, "BAD_REQUEST"],
    ["a body that is no JSON", "/api/rooms", { ...post(0), body: "{" }, 400, "BAD_REQUEST"],
    ["a body of another type", "/api/rooms", { method: "POST", body: '{"room":"r"}' }, 400, "BAD_REQUEST"],
    ["a body with unknown fields", "/api/rooms", post({ room: "r", owner: "me" }), 400, "BAD_REQUEST"],
    ["a title that is too long", "/api/rooms", post({ title: "x".repeat(301) }), 400, "BAD_REQUEST"],
    ["a body that is too large", "/api/rooms", post({ title: "x".repeat(20_000) }), 413, "FRAME_TOO_BIG"],
    ["an unknown address", "/api/room", {}, 404, "NOT_FOUND"],
    ["an unknown address below", "/api/rooms/r/contents", {}, 404, "NOT_FOUND"],
    ["a change from a foreign page", "/api/rooms", post({}, { Origin: "https://evil.example" }), 403, "ORIGIN_REFUSED"],
  ])("[P9] %s is refused", async (_what, address, init, status, code) => {
    edge = await anEdge();
    const response = await fetch(edge.address + address, init);
    expect([response.status, await errorCode(response)]).toEqual([status, code]);
    expect(edge.ofType("request-received")).toEqual([]);
  });

  test("a refusal of the core has its status, sentence and when to try again", async () => {
    edge = await anEdge({ answer: () => ({ type: "refused", refusal: refused("BEHIND", "two entries").refusal }) });
    const response = await fetch(`${edge.address}/api/rooms/r`);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toMatchObject({ error: { code: "BEHIND", detail: "two entries", retryable: true, retryAfterMs: 1_000 } });
  });

  test("a request that the core does not answer is answered RELAY_BUSY, and taken back", async () => {
    edge = await anEdge({ requestMs: 50 });
    const response = await fetch(`${edge.address}/api/rooms/r`);
    expect([response.status, await errorCode(response)]).toEqual([503, "RELAY_BUSY"]);
    expect(edge.cancelled()).toEqual([1]);
  });

  test("a request whose asker went away is taken back", async () => {
    edge = await anEdge();
    const away = new AbortController();
    const asked = fetch(`${edge.address}/api/rooms/r`, { signal: away.signal }).catch(() => undefined);
    await eventually(() => expect(edge.ofType("request-received")).toHaveLength(1));
    away.abort();
    await asked;
    await eventually(() => expect(edge.cancelled()).toEqual([1]));
  });

  test("[P8] more requests than may wait are answered RELAY_BUSY at once", async () => {
    edge = await anEdge({ requestMs: 300 });
    const responses = await Promise.all(Array.from({ length: 12 }, () => fetch(`${edge.address}/api/rooms/r`)));
    expect(responses.every((response) => response.status === 503)).toBe(true);
    expect(edge.ofType("request-received")).toHaveLength(10);
  });
});

describe("health", () => {
  test("a relay that starts is up but not ready, and takes neither rooms nor sockets", async () => {
    edge = await anEdge();
    edge.status.enter("starting");
    expect((await fetch(`${edge.address}/health`)).status).toBe(200);
    const ready = await fetch(`${edge.address}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { ready: false, reasons: ["The relay is starting."] }]);
    expect((await fetch(`${edge.address}/api/rooms`)).status).toBe(503);
    await expect(opened(edge.connect("/sync"))).rejects.toThrow("503");
  });

  test("a full disk makes it unready, damage does not", async () => {
    edge = await anEdge();
    edge.status.incomplete();
    edge.status.damaged({ where: "log.db", what: "truncated", keptAs: "log.db.damaged-1", room: undefined });
    const ready = await fetch(`${edge.address}/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { complete: false, damage: [{ what: "truncated" }] }]);
    edge.status.storeFull(true);
    expect((await fetch(`${edge.address}/ready`)).status).toBe(503);
    edge.status.storeFull(false);
    expect((await fetch(`${edge.address}/ready`)).status).toBe(200);
  });

  test("metrics are Prometheus text, and the mesh is this relay", async () => {
    edge = await anEdge();
    const metrics = await (await fetch(`${edge.address}/metrics`)).text();
    expect(metrics).toContain("# TYPE inkmesh_updates_admitted_total counter");
    expect(await (await fetch(`${edge.address}/api/mesh`)).json()).toMatchObject({
      self: "a",
      replicas: 1,
      relays: [{ relay: "a", state: "alive" }],
    });
  });
});

describe("upgrades", () => {
  test.each([
    ["a foreign page", "/sync", { Origin: "https://evil.example" }, "403"],
    ["no page at all", "/sync", { Origin: "null" }, "403"],
    ["an unknown path", "/socket", {}, "404"],
    ["a path that only begins like one", "/synchronous", {}, "404"],
    ["y-websocket without a room's slash", "/y", {}, "404"],
  ])("from %s at %s are refused before 101", async (_what, address, headers, status) => {
    edge = await anEdge();
    await expect(opened(edge.connect(address, headers as Record<string, string>))).rejects.toThrow(status);
    expect(edge.inputs).toEqual([]);
  });

  test("from this relay's own pages, this machine's, and those that are allowed come in", async () => {
    edge = await anEdge({ allowOrigins: ["https://docs.example"] });
    for (const Origin of [edge.address, "http://localhost:5173", "https://docs.example"]) await opened(edge.connect("/sync", { Origin }));
    expect(edge.ofType("connection-opened")).toHaveLength(3);
  });

  test("[P9] headers beyond 8 KiB are refused, and half a request does no harm", async () => {
    edge = await anEdge();
    const response = await fetch(`${edge.address}/health`, { headers: { "X-Long": "x".repeat(9_000) } });
    expect(response.status).toBe(431);
    const socket = net.connect(Number(edge.host.split(":")[1]), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET /sync HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.resetAndDestroy();
    expect((await fetch(`${edge.address}/health`)).status).toBe(200);
  });
});

describe("an offer of another protocol", () => {
  const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";

  /** What is answered to bytes that are sent as they stand, until the relay ends the connection. */
  async function answered(pieces: readonly string[]): Promise<string> {
    const socket = net.connect(Number(edge.host.split(":")[1]), "127.0.0.1");
    let received = "";
    socket.on("data", (bytes) => (received += bytes.toString()));
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => socket.once("close", resolve));
    return received;
  }

  test("is ignored, and its request answered like any other", async () => {
    edge = await anEdge();
    const head = `GET /health HTTP/1.1\r\nHost: ${edge.host}\r\n${offer}\r\n`;
    expect(await answered([head])).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n\{/s);
  });

  test("does not cost a request its body", async () => {
    edge = await anEdge({ answer: () => ({ type: "room", room: aRoom(), created: true }) });
    const body = JSON.stringify({ room: "r", title: "T" });
    const head = `POST /api/rooms HTTP/1.1\r\nHost: ${edge.host}\r\n${offer}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    for (const pieces of [[head + body], [head, body], [head + body.slice(0, 5), body.slice(5)]])
      expect(await answered(pieces)).toContain("HTTP/1.1 201 Created");
    expect(edge.ofType("request-received")).toHaveLength(3);
  });

  test("[P9] does not let a change from a foreign page through", async () => {
    edge = await anEdge();
    const head = `DELETE /api/rooms/r HTTP/1.1\r\nHost: ${edge.host}\r\nOrigin: https://evil.example\r\n${offer}\r\n`;
    expect(await answered([head])).toContain("HTTP/1.1 403 Forbidden");
  });
});

describe("the editor's files", () => {
  function anApp(): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-app-"));
    folders.push(folder);
    fs.mkdirSync(path.join(folder, "assets"));
    fs.writeFileSync(path.join(folder, "index.html"), "<!doctype html><title>page</title>");
    fs.writeFileSync(path.join(folder, "assets", "main-1a2b3c.js"), "export {};");
    return folder;
  }

  test("the page is served at / and below /d/, and asked for anew each time", async () => {
    edge = await anEdge({ appFolder: anApp() });
    for (const address of ["/", "/d/some%2Froom", "/d/a/b", "/?x=1"]) {
      const response = await fetch(edge.address + address);
      expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-cache"]);
      expect(await response.text()).toContain("<title>page</title>");
    }
  });

  test("the page that shows the relays is one of its own", async () => {
    const folder = anApp();
    fs.writeFileSync(path.join(folder, "mesh-view.html"), "<!doctype html><title>relays</title>");
    edge = await anEdge({ appFolder: folder });
    const response = await fetch(`${edge.address}/mesh-view`);
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    expect(await response.text()).toContain("<title>relays</title>");
    expect((await fetch(`${edge.address}/mesh-view/x`)).status).toBe(404);
  });

  test("a hashed asset is kept for ever; one that is missing is a 404, never the page", async () => {
    edge = await anEdge({ appFolder: anApp() });
    const asset = await fetch(`${edge.address}/assets/main-1a2b3c.js`);
    expect([asset.status, asset.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
    const missing = await fetch(`${edge.address}/assets/main-0.js`);
    expect([missing.status, await errorCode(missing)]).toEqual([404, "NOT_FOUND"]);
    expect((await fetch(`${edge.address}/%2e%2e/%2e%2e/etc/passwd`)).status).toBe(404);
  });

  test("files that a new build replaced or took away while the relay runs are served whole, or not at all", async () => {
    const folder = anApp();
    edge = await anEdge({ appFolder: folder });
    const page = `<!doctype html><title>page</title>${"longer ".repeat(10)}`;
    fs.writeFileSync(path.join(folder, "index.html"), page);
    expect(await (await fetch(edge.address)).text()).toBe(page);
    fs.rmSync(path.join(folder, "assets", "main-1a2b3c.js"));
    fs.writeFileSync(path.join(folder, "assets", "main-2b3c4d.js"), "export {};");
    const gone = await fetch(`${edge.address}/assets/main-1a2b3c.js`);
    expect([gone.status, await errorCode(gone)]).toEqual([404, "NOT_FOUND"]);
    expect((await fetch(`${edge.address}/assets/main-2b3c4d.js`)).status).toBe(200);
  });

  test.each([
    ["service-worker.js", "text/javascript"],
    ["manifest.webmanifest", "application/manifest+json"],
    ["icon.svg", "image/svg+xml"],
  ])("%s has its type, and is asked for anew each time", async (name, type) => {
    const folder = anApp();
    fs.writeFileSync(path.join(folder, name), "x");
    edge = await anEdge({ appFolder: folder });
    const response = await fetch(`${edge.address}/${name}`);
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    expect(response.headers.get("content-type")).toMatch(new RegExp(`^${type.replaceAll(/[/+]/g, "\\$&")}(;|$)`));
    const again = await fetch(`${edge.address}/${name}`, {
      // As a browser asks; without a word on caching Node's fetch would ask not to be answered from one.
      headers: { "If-None-Match": response.headers.get("etag") ?? "", "Cache-Control": "max-age=0" },
    });
    expect(again.status).toBe(304);
  });

  test("scripts come from here only", async () => {
    edge = await anEdge({ appFolder: anApp() });
    const policy = (await fetch(edge.address)).headers.get("content-security-policy");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).toContain("worker-src 'self';");
    expect(policy).toContain("manifest-src 'self';");
    expect(policy).toContain("connect-src 'self' ws: wss:");
    expect(policy).not.toContain("upgrade-insecure-requests");
  });

  test("[P9] a page may ask this relay and the others of its mesh, whatever those call themselves", async () => {
    const relays = ["ws://10.0.0.2:4400/mesh", "wss://b.example/mesh", "ws://a,b;script-src */mesh", "ws://a,b/mesh"];
    edge = await anEdge({ appFolder: anApp(), relays });
    const response = await fetch(edge.address);
    expect(response.status).toBe(200);
    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain("connect-src 'self' ws: wss: http://10.0.0.2:4400 https://b.example;");
  });

  test("without a built editor the page says so in words", async () => {
    edge = await anEdge();
    const response = await fetch(edge.address);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("npm run build");
  });
});
