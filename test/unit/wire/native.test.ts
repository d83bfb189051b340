import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { itemsPerFrameMax } from "@inkmesh/shared/wire/byte-reader";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { nativeDialect } from "@inkmesh/shared/wire/native";
import { decodeClientMessages, encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages, encodeRelayMessage } from "@inkmesh/shared/wire/native-relay";
import { updatesPerMessageMax } from "@inkmesh/shared/wire/native-layout";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import { describe, expect, test } from "vitest";

const refusedWith = (code: string): object => ({ ok: false, refusal: { code } });
const open: ClientMessage = {
  type: "open",
  channel: 1,
  room: "r",
  generation: undefined,
  access: "read-write",
  token: "",
  clock: VectorClock.empty,
  stateVector: Uint8Array.of(0),
};

test("[P8] a credential of 16 KiB is read, and a longer one refused before anybody keeps it", () => {
  const hello = (credential: string): Uint8Array => {
    const [frame] = encodeClientMessages([{ type: "hello", version: nativeVersion, agent: "a", credential }]);
    return frame!;
  };
  const longest = "x".repeat(16_384);
  expect(decodeClientMessages(hello(longest))).toMatchObject({ ok: true, value: [{ credential: longest }] });
  expect(decodeClientMessages(hello(`${longest}x`))).toMatchObject(refusedWith("BAD_FRAME"));
  expect(decodeClientMessages(hello("ü".repeat(8_193)))).toMatchObject(refusedWith("BAD_FRAME"));
});

describe("versions can always tell each other that they differ", () => {
  test("a hello of a newer version is read, whatever follows its version", () => {
    const frame = Uint8Array.of(1, 9, 3, 0xff, 0xff, 0xff, 77, 1, 2, 3);
    expect(decodeClientMessages(frame)).toEqual({ ok: true, value: [{ type: "hello", version: 9, agent: "", credential: "" }] });
  });

  test("fields that a newer client or relay appends to hello and welcome are passed over", () => {
    const hello = Uint8Array.of(1, nativeVersion, 5, 1, 0x61, 1, 0x62, 99);
    expect(decodeClientMessages(hello)).toEqual({
      ok: true,
      value: [{ type: "hello", version: nativeVersion, agent: "a", credential: "b" }],
    });
    const welcome = Uint8Array.of(32, 3, 11, 1, 0x61, 1, 1, 1, 1, 1, 0x62, 7, 42, 42);
    const relays = [{ address: "b", load: 7 }];
    expect(decodeRelayMessages(welcome)).toMatchObject({ ok: true, value: [{ type: "welcome", version: 3, relay: "a", relays }] });
  });

  test("a relay of version 2 says where the others are, and not how busy", () => {
    const welcome = Uint8Array.of(32, 2, 8, 1, 0x61, 1, 1, 1, 1, 1, 0x62);
    const relays = [{ address: "b", load: 0 }];
    expect(decodeRelayMessages(welcome)).toMatchObject({ ok: true, value: [{ type: "welcome", version: 2, relay: "a", relays }] });
  });

  test("a code of a newer relay reads as INTERNAL", () => {
    expect(decodeRelayMessages(Uint8Array.of(33, 0, 0xff, 0x7f, 0, 0))).toEqual({
      ok: true,
      value: [{ type: "error", channel: undefined, code: "INTERNAL", retryAfterMs: 0, detail: "" }],
    });
  });
});

describe("[P9] a frame is refused", () => {
  test.each([
    ["empty", []],
    ["of an unknown type", [31]],
    ["of a relay's message", [32, 1, 0]],
    ["torn in a number", [8, 0x80]],
    ["with a number beyond 2^53", [8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ["with a channel beyond 2^31", [3, 0x80, 0x80, 0x80, 0x80, 0x08]],
    ["with bytes longer than it", [6, 1, 200, 1]],
    ["with more updates than bytes", [5, 1, 1, 0, 0xff, 0xff, 0xff, 0x7f]],
    ["with no updates", [5, 1, 1, 0, 0]],
    ["with updates numbered from 0", [5, 1, 0, 0, 1, 0]],
    ["with an unknown kind of update", [5, 1, 1, 2, 1, 0]],
    ["with a torn message behind a good one", [8, 1, 8]],
    ["with text that is not UTF-8", [2, 1, 1, 0xff, 0, 0, 0, 0, 0]],
  ])("%s", (_, bytes) => {
    expect(decodeClientMessages(Uint8Array.from(bytes))).toMatchObject(refusedWith("BAD_FRAME"));
  });

  test("[P8] when its items are many more than its bytes are worth", () => {
    const pings = new Uint8Array((itemsPerFrameMax + 1) * 2).fill(8);
    expect(decodeClientMessages(pings)).toMatchObject(refusedWith("BAD_FRAME"));
    expect(decodeClientMessages(pings.subarray(2)).ok).toBe(true);
    const empties = new Uint8Array(8 + 100_000).fill(0);
    empties.set([5, 1, 1, 0, 0xa0, 0x8d, 0x06]);
    expect(decodeClientMessages(empties)).toMatchObject(refusedWith("BAD_FRAME"));
  });

  test("[P8] in a moment, even at 16 MiB", () => {
    for (const byte of [0, 1, 4, 5, 8, 0x7f, 0x80, 0xff]) {
      const frame = new Uint8Array(16 * 2 ** 20).fill(byte);
      const started = performance.now();
      decodeClientMessages(frame);
      // Measured: at most 50 ms; the limit leaves room for a busy machine.
      expect(performance.now() - started, `bytes ${byte}`).toBeLessThan(1_000);
    }
  });
});

describe("frames are built for the reader", () => {
  test("a hostile room name is read as it is: the relay refuses its channel, not the connection", () => {
    for (const room of ["", "a\nb", "a".repeat(257)]) {
      expect(encodeClientMessages([{ ...open, room }]).map(decodeClientMessages)).toEqual([{ ok: true, value: [{ ...open, room }] }]);
    }
  });

  test("what is decoded does not keep the socket's buffer", () => {
    const [frame] = encodeClientMessages([{ type: "updates", channel: 1, first: 1, kind: "edit", updates: [Uint8Array.of(1, 2, 3)] }]);
    const pooled = Buffer.concat([Buffer.alloc(100), Buffer.from(frame!), Buffer.alloc(100)]).subarray(100, 100 + frame!.length);
    const result = decodeClientMessages(pooled);
    pooled.fill(0);
    expect(result).toMatchObject({ ok: true, value: [{ updates: [Uint8Array.of(1, 2, 3)] }] });
    expect(result.ok && result.value[0]!.type === "updates" && result.value[0]!.updates[0]!.buffer.byteLength).toBe(3);
  });

  test("a long list of updates goes on as further messages, numbered on", () => {
    const updates = Array.from({ length: updatesPerMessageMax * 5 + 7 }, (_, index) => Uint8Array.of(index & 0xff, index >> 8));
    const joined = (parts: readonly (ClientMessage | RelayMessage)[]): Buffer =>
      Buffer.concat(parts.flatMap((part) => (part.type === "updates" ? part.updates : [])));
    const message: ClientMessage = { type: "updates", channel: 1, first: 10, kind: "edit", updates };
    const read = encodeClientMessages([message]).flatMap((frame) => {
      const result = decodeClientMessages(frame);
      return result.ok ? result.value : [];
    });
    expect(read.map((part) => part.type === "updates" && part.first)).toEqual(
      [0, 1, 2, 3, 4, 5].map((part) => 10 + part * updatesPerMessageMax),
    );
    expect(joined(read).equals(Buffer.concat(updates))).toBe(true);

    const sent = encodeRelayMessage({ type: "updates", handle: 2, updates }).map(decodeRelayMessages);
    expect(sent.every(({ ok }) => ok)).toBe(true);
    expect(joined(sent.flatMap((result) => (result.ok ? result.value : []))).equals(Buffer.concat(updates))).toBe(true);
  });

  test("a duration with a fraction is rounded up", () => {
    const message: RelayMessage = { type: "error", channel: 0, code: "RATE_LIMITED", retryAfterMs: 12.2, detail: "" };
    expect(encodeRelayMessage(message).map(decodeRelayMessages)).toEqual([{ ok: true, value: [{ ...message, retryAfterMs: 13 }] }]);
  });

  test("the words of the Yjs dialects are not spoken", () => {
    expect(nativeDialect.encode({ type: "sync-step-1", handle: 1, stateVector: Uint8Array.of(0) })).toEqual([]);
    expect(nativeDialect.encode({ type: "sync-step-2", handle: 1, update: Uint8Array.of(0, 0) })).toEqual([]);
  });
});
