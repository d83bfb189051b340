import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import { yWebsocketDialect } from "@inkmesh/shared/wire/y-websocket";
import { describe, expect, test } from "vitest";

const update = Uint8Array.of(0, 0);
const silent: readonly RelayMessage[] = [
  { type: "welcome", version: 1, relay: "a", frameBytesMax: 1, updateBytesMax: 1, keepaliveMs: 1, relays: [] },
  { type: "opened", channel: 0, handle: 1, generation: 0, access: "read-write", replicas: 1, needed: 1, stateVector: update },
  { type: "chunk", handle: 1, remaining: 0, bytes: update },
  { type: "synced", handle: 1, clock: VectorClock.empty, token: "" },
  { type: "clock", handle: 1, clock: VectorClock.empty, token: "" },
  { type: "ack", handle: 1, number: 1, copies: 1, replicas: 1, needed: 1 },
  { type: "nack", handle: 1, number: 1, code: "GAP", retryAfterMs: 0, detail: "", stateVector: update },
  { type: "error", channel: undefined, code: "INTERNAL", retryAfterMs: 0, detail: "" },
  { type: "deleted", channel: 0, generation: 0, by: "", atMs: 0 },
  { type: "pong", nonce: 1 },
];

describe("what a relay says to y-websocket", () => {
  test.each<[string, RelayMessage, number[][]]>([
    [
      "two updates are two frames",
      { type: "updates", handle: 1, updates: [update, Uint8Array.of(7)] },
      [
        [0, 2, 2, 0, 0],
        [0, 2, 1, 7],
      ],
    ],
    ["sync step 1", { type: "sync-step-1", handle: 1, stateVector: Uint8Array.of(0) }, [[0, 0, 1, 0]]],
    ["sync step 2", { type: "sync-step-2", handle: 1, update }, [[0, 1, 2, 0, 0]]],
    ["presence", { type: "presence", handle: 1, bytes: Uint8Array.of(0) }, [[1, 1, 0]]],
    ["a keepalive is an empty awareness frame", { type: "keepalive" }, [[1, 1, 0]]],
  ])("%s", (_, message, frames) => {
    expect(yWebsocketDialect.encode(message).map((frame) => [...frame])).toEqual(frames);
  });

  for (const message of silent) {
    test(`there is no word for ${message.type}`, () => {
      expect(yWebsocketDialect.encode(message)).toEqual([]);
    });
  }
});

describe("[P9] a frame of y-websocket is refused", () => {
  test.each([
    ["empty", []],
    ["auth, which only servers send", [2, 0, 0]],
    ["an unknown type", [4]],
    ["an unknown sync message", [0, 3, 0]],
    ["torn", [0, 2, 5, 1]],
    ["two messages in one frame", [0, 2, 2, 0, 0, 1, 1, 0]],
    ["a byte too many", [3, 0]],
  ])("%s", (_, bytes) => {
    expect(yWebsocketDialect.decode(Uint8Array.from(bytes))).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  });
});

test("a query for awareness has no body", () => {
  expect(yWebsocketDialect.decode(Uint8Array.of(3))).toEqual({ ok: true, value: [{ type: "presence-query", channel: 0 }] });
});
