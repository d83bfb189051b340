import { errorKind } from "@inkmesh/shared/base/errors";
import { afterEach, expect, test, vi } from "vitest";
import { deleteRoom, isDoneHere, listRooms, originAsked } from "../../../client/app/relay-api.ts";
import { refusalBody } from "../../../server/edge/http-refusal.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each([
  ["done", () => new Response(undefined, { status: 204 }), true],
  ["not confirmed", () => refusedWith("NOT_CONFIRMED"), true],
  ["refused", () => refusedWith("STORE_FULL"), false],
  ["answered by something else", () => new Response("gateway", { status: 503 }), false],
  ["not answered", () => Promise.reject(new TypeError("no line")), false],
])("a deletion that is %s: whether it is done at the relay", async (_, answer, isDone) => {
  vi.stubGlobal("fetch", async () => answer());
  const answered = await deleteRoom("note", "Ada");
  expect(isDoneHere(answered)).toBe(isDone);
});

test("what a relay cannot confirm is told in its own words", async () => {
  vi.stubGlobal("fetch", async () => refusedWith("NOT_CONFIRMED"));
  expect(await deleteRoom("note", "Ada")).toMatchObject({ ok: false, sentence: errorKind("NOT_CONFIRMED").sentence });
});

test.each([
  ["names them", { unanswered: ["b", "c"] }, ["b", "c"]],
  ["is an older relay's", {}, []],
  ["is of something else", { unanswered: [1, null, "", "b"] }, ["b"]],
])("[P9] the relays that are not in a list, of an answer that %s", async (_, more, unanswered) => {
  vi.stubGlobal("fetch", async () => Response.json({ rooms: [], next: null, ...more }));
  expect(await listRooms({ search: "" })).toMatchObject({ ok: true, value: { unanswered } });
});

function refusedWith(code: "NOT_CONFIRMED" | "STORE_FULL"): Response {
  return Response.json(refusalBody({ code, detail: "" }), { status: errorKind(code).httpStatus });
}

test.each([
  ["ws://127.0.0.1:4400/sync", "http://127.0.0.1:4400", ""],
  ["wss://docs.example/sync", "https://docs.example", ""],
  ["ws://127.0.0.1:4401/sync", "http://127.0.0.1:4400", "http://127.0.0.1:4401"],
  ["wss://b.example:8443/relay/sync", "https://docs.example", "https://b.example:8443"],
])("connected to %s, a page of %s asks %j", (url, own, asked) => {
  expect(originAsked(url, own)).toBe(asked);
});
