/**
 * What a relay answers, held to what it says that it answers (`/api/openapi.json`): each operation at least once as it is done, and once refused
 * where it can be.
 */
import { Ajv2020 } from "ajv/dist/2020.js";
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { ActorId, RelayId, RingId } from "@inkmesh/shared/base/ids";
import { meshOrderMark, type MeshOrder } from "@inkmesh/shared/wire/mesh-order-mark";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blobNameOfBytes } from "../../server/log/blob-admission.ts";
import { relaysToStart, meshSecret, startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { endRelays } from "../harness/relay-process.ts";
import { until } from "../harness/until.ts";

interface Answered {
  readonly description: string;
  readonly content?: Record<string, { readonly schema: object }>;
  readonly headers?: Record<string, { readonly schema: object }>;
}
interface Description {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Answered> }>>;
  readonly components: object;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
const done = new Set<string>();
let relays: readonly [MeshProcess, MeshProcess];
let description: Description;

beforeAll(async () => {
  const names = ["a", "b"];
  const started = Object.values(await relaysToStart({ a: names, b: names })) as unknown as typeof relays;
  relays = started.map((relay) =>
    relay.againWith({ args: [...names.flatMap((_name, at) => ["--join", started[at]!.meshAddress]), "--experiments"] }),
  ) as unknown as typeof relays;
  await startMesh(relays);
  description = (await (await fetch(`${relays[0].url}/api/openapi.json`)).json()) as Description;
});
afterAll(() => endRelays());

function check(schema: object, value: unknown, what: string): void {
  const validate = ajv.compile({ ...schema, components: description.components });
  expect(validate(value) ? [] : validate.errors, what).toEqual([]);
}

/** Asks, and holds the answer to the description. `wanted`: the status that it must have. */
async function ask(
  operation: string,
  path: string,
  wanted: number,
  init: { body?: string | object | Uint8Array; type?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const [method = "", template = ""] = operation.split(" ");
  const isJson = typeof init.body === "object" && !(init.body instanceof Uint8Array);
  const type = init.type ?? (isJson ? "application/json" : undefined);
  const body = isJson ? JSON.stringify(init.body) : (init.body as string | Uint8Array<ArrayBuffer> | undefined);
  const headers = { ...(type === undefined ? {} : { "Content-Type": type }), ...init.headers };
  const answer = await fetch(relays[0].url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  const { responses } = description.paths[template]![method.toLowerCase()]!;
  const described = responses[String(answer.status)] ?? responses["default"]!;
  const name = `${operation}: ${answer.status}`;
  expect([answer.status, Object.keys(described.headers ?? {}).filter((header) => answer.headers.get(header) === null)], name).toEqual([
    wanted,
    [],
  ]);
  if (responses[String(answer.status)] !== undefined) done.add(operation);
  const given = (answer.headers.get("Content-Type") ?? "").split(";")[0]!;
  if (described.content === undefined) expect(await answer.clone().text(), name).toBe("");
  else expect(Object.keys(described.content), name).toContain(given);
  const media = described.content?.[given];
  if (media !== undefined && given === "application/json") check(media.schema, await answer.clone().json(), name);
  return answer;
}

async function marked(order: MeshOrder["order"], relay: string): Promise<Record<string, string>> {
  const { ring, relays: lives } = await relays[0].view();
  const full = { order, actor: lives[0]!.actor as ActorId, ring: ring.id as RingId, relay: relay as RelayId } as MeshOrder;
  return { "Inkmesh-Mark": hexOf(meshOrderMark(full, new TextEncoder().encode(meshSecret))) };
}

test("each operation answers as it is described, done and refused", async () => {
  const path = "/api/rooms/described";
  await ask("POST /api/rooms", "/api/rooms", 201, { body: { room: "described", title: "T", kind: "text" } });
  await ask("POST /api/rooms", "/api/rooms", 409, { body: { room: "described" } });
  await ask("GET /api/rooms", "/api/rooms?limit=1", 200);
  await ask("GET /api/rooms", "/api/rooms?limit=0", 400);
  const saved = await ask("PUT /api/rooms/{room}/content", `${path}/content`, 200, {
    body: "words",
    type: "text/plain",
    headers: { "Idempotency-Key": "k" },
  });
  await ask("PUT /api/rooms/{room}/content", `${path}/content`, 422, {
    body: "other",
    type: "text/plain",
    headers: { "Idempotency-Key": "k" },
  });
  const headers = { "Inkmesh-Token": saved.headers.get("Inkmesh-Token")! };
  for (const format of ["text", "markdown", "html", "json", "update"])
    await ask("GET /api/rooms/{room}/content", `${path}/content?format=${format}`, 200, { headers });
  const etag = (await ask("GET /api/rooms/{room}/content", `${path}/content`, 200)).headers.get("ETag")!;
  await ask("GET /api/rooms/{room}/content", `${path}/content`, 304, { headers: { "If-None-Match": etag } });
  await ask("PATCH /api/rooms/{room}/content", `${path}/content`, 200, { body: "\0\0", type: "application/octet-stream" });
  await ask("PATCH /api/rooms/{room}/content", `${path}/content`, 400, { body: "{}", type: "application/json" });
  const image = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const blob = `${path}/blobs/${blobNameOfBytes(image)}`;
  await ask("PUT /api/rooms/{room}/blobs/{name}", blob, 200, { body: image });
  await ask("PUT /api/rooms/{room}/blobs/{name}", blob, 400, { body: "another" });
  const blobTag = (await ask("GET /api/rooms/{room}/blobs/{name}", blob, 200)).headers.get("ETag")!;
  await ask("GET /api/rooms/{room}/blobs/{name}", blob, 304, { headers: { "If-None-Match": blobTag } });
  await ask("GET /api/rooms/{room}/blobs/{name}", `${path}/blobs/sha256-${"0".repeat(64)}`, 404);
  for (const [operation, suffix, body] of [
    ["GET /api/rooms/{room}", "", undefined],
    ["PATCH /api/rooms/{room}", "", { title: "U" }],
    ["GET /api/rooms/{room}/clocks", "/clocks", undefined],
    ["GET /api/rooms/{room}/history", "/history", undefined],
  ] as const) {
    await ask(operation, path + suffix, 200, body === undefined ? {} : { body });
    // Of a document that nobody has used there are clocks.
    if (suffix !== "/clocks") await ask(operation, `/api/rooms/nobody%20used${suffix}`, 404, body === undefined ? {} : { body });
  }
  const { versions } = (await (await ask("GET /api/rooms/{room}/history", `${path}/history`, 200)).json()) as {
    versions: { version: string }[];
  };
  await ask("GET /api/rooms/{room}/history/{version}", `${path}/history/${versions[0]!.version}`, 200);
  await ask("GET /api/rooms/{room}/history/{version}", `${path}/history/yesterday`, 400);
  await ask("GET /api/mesh", "/api/mesh", 200);
  await ask("GET /api/openapi.json", "/api/openapi.json", 200);
  await ask("PATCH /api/mesh/experiments", "/api/mesh/experiments", 200, { body: { skewMs: 0 } });
  await ask("PATCH /api/mesh/experiments", "/api/mesh/experiments", 400, { body: { skewMs: "now" } });
  for (const [operation, body] of [
    ["POST /api/mesh/verify/look", {}],
    ["POST /api/mesh/verify/compare", { rooms: ["described"] }],
    ["POST /api/mesh/verify/set-aside", { rooms: [] }],
  ] as const) {
    const place = operation.slice("POST ".length);
    await ask(operation, place, 403, { body });
    await ask(operation, place, 200, { body, headers: await marked("verify", "a") });
  }
  await ask("DELETE /api/rooms/{room}", path, 204);
  await ask("DELETE /api/rooms/{room}", path, 410);
  await ask("GET /api/events", "/api/events?room=", 400);
  const events = await fetch(`${relays[0].url}/api/events`);
  expect([events.status, events.headers.get("Content-Type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  done.add("GET /api/events");
  await events.body?.cancel();
  // At the end, what the mesh does not recover from.
  await relays[1].end("SIGKILL");
  await until("it is believed dead", async () => (await relays[0].belief("b"))?.state === "dead", { timeoutMs: 60_000 });
  await ask("POST /api/mesh/drain", "/api/mesh/drain", 409, { headers: await marked("drain", "a") });
  await ask("DELETE /api/mesh/relays/{relay}", "/api/mesh/relays/b", 403);
  await relays[1].start();
  await until(
    "it is back",
    async () => (await relays[0].view()).relays.some(({ relay, state, linked }) => relay === "b" && state === "alive" && linked === true),
    { timeoutMs: 60_000 },
  );
  await ask("POST /api/mesh/drain", "/api/mesh/drain", 202, { headers: await marked("drain", "a") });
  await relays[1].end("SIGKILL");
  await until("it is believed dead again", async () => (await relays[0].belief("b"))?.state === "dead", { timeoutMs: 60_000 });
  await ask("DELETE /api/mesh/relays/{relay}", "/api/mesh/relays/b", 202, { headers: await marked("forget", "b") });
  await ask("POST /api/mesh/experiments/kill", "/api/mesh/experiments/kill", 202);
  const described = Object.entries(description.paths).flatMap(([template, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${template}`),
  );
  expect([...done].toSorted()).toEqual(described.toSorted());
});
