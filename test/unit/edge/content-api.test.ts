import { afterEach, expect, test } from "vitest";
import type { RoomAnswer } from "../../../server/core/effect.ts";
import type { RoomRequest } from "../../../server/core/input.ts";
import { anEdge } from "./an-edge.ts";

let edge: Awaited<ReturnType<typeof anEdge>> | undefined;
afterEach(() => edge?.close());

const asked: RoomRequest[] = [];

async function answering(answer: RoomAnswer): Promise<string> {
  asked.length = 0;
  edge = await anEdge({
    answer: (ask) => {
      asked.push(ask);
      return answer;
    },
  });
  return `${edge.address}/api/rooms/a%20note/content`;
}

const content = { type: "content", bytes: new TextEncoder().encode("words"), token: "t0-k_n", generation: 2 } as const;
const saved = { type: "saved", durability: { copies: 2, replicas: 3, needed: 2 }, token: "t1", generation: 2 } as const;
const octets = { "Content-Type": "application/octet-stream" };

test("content has an ETag of what it is and in which format, and is not sent again to who has it", async () => {
  const url = await answering(content);
  const first = await fetch(url);
  expect([first.status, first.headers.get("ETag"), first.headers.get("Inkmesh-Token"), await first.text()]).toEqual([
    200,
    '"t0-k_n.text"',
    "t0-k_n",
    "words",
  ]);
  for (const known of ['"t0-k_n.text"', '"other", W/"t0-k_n.text"', "*"]) {
    const again = await fetch(url, { headers: { "If-None-Match": known } });
    expect([again.status, again.headers.get("ETag"), again.headers.get("Inkmesh-Generation"), await again.text()]).toEqual([
      304,
      '"t0-k_n.text"',
      "2",
      "",
    ]);
  }
  for (const other of ['"t0-k_n.html"', '"t0.text"', "t0-k_n.text"]) {
    const sent = await fetch(url, { headers: { "If-None-Match": other } });
    expect([sent.status, await sent.text()]).toEqual([200, "words"]);
  }
});

test.each([
  [undefined, undefined],
  ["*", undefined],
  ['"t0-k_n"', "t0-k_n"],
  ['"t0-k_n.markdown"', "t0-k_n"],
])("an update is asked to be let in; made on %s", async (header, match) => {
  const url = await answering(saved);
  const headers = header === undefined ? octets : { ...octets, "If-Match": header };
  const answer = await fetch(url, { method: "PATCH", headers, body: Uint8Array.of(0, 0) });
  expect([answer.status, answer.headers.get("Inkmesh-Token"), await answer.json()]).toEqual([
    200,
    "t1",
    { saved: { copies: 2, replicas: 3, needed: 2 } },
  ]);
  expect(asked).toEqual([{ type: "update", room: "a note", update: Uint8Array.of(0, 0), match, key: undefined, principal: "" }]);
});

test("what is no update, names no ETag or is too large is refused with a sentence, and nobody is asked", async () => {
  const url = await answering(saved);
  const body = Uint8Array.of(0, 0);
  const refusal = async (init: RequestInit): Promise<unknown> => {
    const answer = await fetch(url, { method: "PATCH", ...init });
    const { error } = (await answer.json()) as { error: { code: string; detail: string } };
    return [answer.status, error.code, error.detail];
  };
  const sentence = "the body is a Yjs update, or changes of Automerge's, sent as application/octet-stream";
  expect(await refusal({ headers: octets })).toEqual([400, "BAD_REQUEST", sentence]);
  expect(await refusal({ headers: { "Content-Type": "application/json" }, body: "{}" })).toEqual([400, "BAD_REQUEST", sentence]);
  expect(await refusal({ headers: { ...octets, "If-Match": 'W/"t0"' }, body })).toEqual([
    400,
    "BAD_REQUEST",
    "If-Match: one ETag of this document, or *",
  ]);
  expect(await refusal({ headers: octets, body: new Uint8Array(2_000) })).toEqual([413, "FRAME_TOO_BIG", "the body is too large"]);
  expect(asked).toEqual([]);
});

test("a document that has changed since is a 412, one that lacks what the edit hangs on a 409", async () => {
  for (const [code, status] of [
    ["CHANGED_SINCE", 412],
    ["GAP", 409],
    ["NOT_CONFIRMED", 503],
    ["ROOM_DELETED", 410],
  ] as const) {
    const url = await answering({ type: "refused", refusal: { code, detail: "" } });
    const answer = await fetch(url, { method: "PATCH", headers: octets, body: Uint8Array.of(0, 0) });
    expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code } }]);
    await edge?.close();
  }
});

const aWrite = {
  type: "write",
  room: "a note",
  format: "text",
  body: "",
  kind: "text",
  where: "any",
  base: undefined,
  match: undefined,
  principal: "",
};

test.each<[string, Record<string, string>, string, object]>([
  ["", { "Content-Type": "text/plain" }, "words \u00fc", { body: "words \u00fc" }],
  ["", { "Content-Type": "text/markdown; charset=UTF-8" }, "# T", { body: "# T", format: "markdown" }],
  ["?kind=code", { "Content-Type": "text/html" }, "", { format: "html", kind: "code" }],
  ["", { "Content-Type": "text/plain", "If-None-Match": "*" }, "", { where: "new" }],
  ["", { "Content-Type": "text/plain", "If-Match": "*" }, "", { where: "existing" }],
  ["", { "Content-Type": "text/plain", "If-Match": '"t0-k_n.html"', "Inkmesh-Token": "t0" }, "", { match: "t0-k_n", base: "t0" }],
])("a document%s that is written with %j is asked to become that", async (query, headers, body, ask) => {
  const url = await answering(saved);
  const answer = await fetch(`${url}${query}`, { method: "PUT", headers, body });
  expect([answer.status, answer.headers.get("Inkmesh-Token")]).toEqual([200, "t1"]);
  expect(asked).toEqual([{ ...aWrite, ...ask }]);
});

test.each<[string, Record<string, string>, Uint8Array | string, number, string]>([
  ["", { "Content-Type": "application/json" }, "{}", 400, "the body is text/plain, text/markdown, text/html"],
  ["?kind=drawing", { "Content-Type": "text/plain" }, "", 400, "kind: text or code"],
  ["", { "Content-Type": "text/plain" }, Uint8Array.of(0xff), 400, "the body is not UTF-8"],
  ["", { "Content-Type": "text/plain", "If-None-Match": '"t0.text"' }, "", 400, "If-None-Match: * or nothing"],
  ["", { "Content-Type": "text/plain" }, "x".repeat(2_000), 413, "the body is too large"],
])("what is no document%s, %j, is refused with a sentence, and nobody is asked", async (query, headers, body, status, detail) => {
  const url = await answering(saved);
  const answer = await fetch(`${url}${query}`, { method: "PUT", headers, body: body as string });
  expect([answer.status, await answer.json()]).toMatchObject([status, { error: { detail } }]);
  expect(asked).toEqual([]);
});

test("a key says what calls itself so, and what is asked: the same for the same, and another one for anything else", async () => {
  const url = await answering(saved);
  const keyed = async (key: string, method: string, headers: Record<string, string>, body: string | Uint8Array): Promise<RoomRequest> => {
    const answer = await fetch(url, { method, headers: { "Idempotency-Key": key, ...headers }, body: body as string });
    expect(answer.status).toBe(200);
    return asked.at(-1)!;
  };
  const digests = [
    await keyed('"a key"', "PUT", { "Content-Type": "text/plain" }, "words"),
    await keyed("bare", "PUT", { "Content-Type": "text/html" }, "words"),
    await keyed("bare", "PUT", { "Content-Type": "text/plain" }, "word"),
    await keyed("bare", "PATCH", octets, Uint8Array.of(0, 0)),
    await keyed("bare", "PATCH", octets, Uint8Array.of(0, 1)),
  ].map((ask) => ("key" in ask ? ask.key : undefined));
  expect(digests.map((key) => key?.name)).toEqual(["a key", "bare", "bare", "bare", "bare"]);
  expect(new Set(digests.map((key) => key?.digest)).size).toBe(5);
  const again = await keyed("another", "PUT", { "Content-Type": "text/plain" }, "words");
  expect("key" in again && again.key?.digest).toBe(digests[0]?.digest);
  for (const bad of ["", '"', "a b", '""', "x".repeat(201)]) {
    const answer = await fetch(url, { method: "PUT", headers: { "Idempotency-Key": bad, "Content-Type": "text/plain" }, body: "words" });
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: "BAD_REQUEST" } }]);
  }
});

test("a document that is created with a key and no name gets the name of the key", async () => {
  const url = (await answering({ type: "refused", refusal: { code: "ROOM_EXISTS", detail: "" } })).replace(/\/a%20note.*/, "");
  const post = (key: string, body: object): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: { "Idempotency-Key": `"${key}"`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  const create = async (key: string, body: object): Promise<unknown> => {
    await post(key, body);
    return asked.at(-1);
  };
  const [one, same, other, named] = [
    await create("0123456789abcdef", { title: "T" }),
    await create("0123456789abcdef", { title: "U" }),
    await create("another that is long", {}),
    await create("k", { room: "r" }),
  ];
  expect([one, named]).toMatchObject([
    { repeats: "drawn", room: expect.stringMatching(/^[\w-]{22}$/) },
    { repeats: "named", room: "r" },
  ]);
  const nameOf = (ask: unknown): unknown => (ask as { room: string }).room;
  expect([nameOf(same) === nameOf(one), nameOf(other) === nameOf(one)]).toEqual([true, false]);
  const count = asked.length;
  // Two programs that count would have one document.
  const short = await post("123456789012345", {});
  expect([short.status, await short.json(), asked.length]).toMatchObject([400, { error: { code: "BAD_REQUEST" } }, count]);
});
