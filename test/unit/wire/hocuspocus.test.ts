import { ChannelNames } from "@inkmesh/shared/wire/channel-names";
import { hocuspocusDialect } from "@inkmesh/shared/wire/hocuspocus";
import { expect, test } from "vitest";

const text = (words: string): readonly number[] => [...Buffer.from(words)];
const named = (...rest: readonly number[]): Uint8Array => Uint8Array.from([1, ...text("d"), ...rest]);

test.each([
  ["nothing", []],
  ["a name without a type", [1, 0x64]],
  ["a reply between servers", [...named(4, 0, 0)]],
  ["words to all servers", [...named(6, 1, 0x78)]],
  ["a sync status, which only servers say", [...named(8, 1)]],
  ["an authentication that only servers say", [...named(2, 2, 1, 0x78)]],
  ["a token that ends early", [...named(2, 0, 9, 0x78)]],
  ["a state vector with something behind it", [...named(0, 0, 1, 0, 7)]],
  ["an unknown type", [...named(11)]],
])("[P9] %s is refused, and opens nothing", (_, bytes) => {
  const names = new ChannelNames();
  expect(hocuspocusDialect.decode(Uint8Array.from(bytes), names)).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  expect(names.channel("d")).toBeUndefined();
});

test("[P9] a token longer than 16 KiB is refused before it is read", () => {
  const token = Buffer.alloc(20_000, "x");
  const frame = Uint8Array.from([...named(2, 0, 0xa0, 0x9c, 1), ...token]);
  expect(hocuspocusDialect.decode(frame, new ChannelNames())).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
});

test("[P9] an address that no document has is refused: it would stand before each frame that its client is sent", () => {
  const address = Buffer.from(`note\0${"s".repeat(508)}`);
  const frame = Uint8Array.from([0x81, 0x04, ...address, 2, 0, 0]);
  expect(address).toHaveLength(513);
  expect(hocuspocusDialect.decode(frame, new ChannelNames())).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
});

test("what is said about a document that is not open is passed over, but for a token and a question", () => {
  const names = new ChannelNames({ endedMax: 1 });
  const said = (frame: Uint8Array): readonly string[] => {
    const decoded = hocuspocusDialect.decode(frame, names);
    return decoded.ok ? decoded.value.map(({ type }) => type) : [decoded.refusal.code];
  };
  expect([named(0, 2, 2, 0, 0), named(1, 1, 0), named(3), named(5, 1, 0x78), named(7)].map(said)).toEqual([[], [], [], [], []]);
  expect(said(named(0, 0, 1, 0))).toEqual(["open", "sync-request"]);
  expect(said(named(2, 0, 0))).toEqual(["credential"]);
  expect(said(named(7))).toEqual(["close"]);
  expect(said(named(2, 0, 0))).toEqual(["open"]);
  names.end(names.channel("d")!);
  expect(said(named(0, 2, 2, 0, 0))).toEqual([]);
  // Ended by the relay: a question does not open it, a token does, as often as it is shown.
  expect([named(0, 0, 1, 0), named(2, 0, 0)].map(said)).toEqual([[], ["open"]]);
});

test("a ping is answered by a pong, each of one byte, and a pong by nothing", () => {
  expect(hocuspocusDialect.decode(Uint8Array.of(9))).toEqual({ ok: true, value: [{ type: "ping", nonce: 0 }] });
  expect(hocuspocusDialect.encode({ type: "pong", nonce: 0 })).toEqual([Uint8Array.of(10)]);
  expect(hocuspocusDialect.decode(Uint8Array.of(10))).toEqual({ ok: true, value: [] });
});

test("a document of one's own name and a session is opened by the name", () => {
  const address = [...text("note"), 0, ...text("s1")];
  const frame = Uint8Array.from([address.length, ...address, 2, 0, 0]);
  expect(hocuspocusDialect.decode(frame)).toMatchObject({ ok: true, value: [{ type: "open", room: "note", address: "note\0s1" }] });
});

test("what is said in a document begins with what its client calls it", () => {
  const inDocument = hocuspocusDialect.addressed("d");
  const words = (type: number, kind: number, said: string): Uint8Array => named(type, kind, said.length, ...text(said));
  const refusal = { channel: 1, code: "ROOM_DELETED", retryAfterMs: 0, detail: "" } as const;
  const opened = { channel: 1, handle: 1, generation: 0, replicas: 1, needed: 1, stateVector: Uint8Array.of() };
  const durability = { copies: 1, replicas: 1, needed: 1 };
  const nack = { handle: 1, number: 0, code: "READ_ONLY", retryAfterMs: 0, detail: "", stateVector: Uint8Array.of() } as const;
  expect([
    inDocument.encode({ type: "opened", access: "read-write", ...opened }),
    inDocument.encode({ type: "opened", access: "read-only", ...opened }),
    inDocument.encode({ type: "credential-request", channel: 1 }),
    inDocument.encode({ type: "error", ...refusal }),
    inDocument.encode({ type: "ack", handle: 1, number: 0, ...durability }),
    inDocument.encode({ type: "nack", ...nack }),
    inDocument.encode({ type: "stateless", handle: 1, text: "x" }),
    inDocument.encode({ type: "keepalive" }),
    hocuspocusDialect.encode({ type: "keepalive" }),
  ]).toEqual([
    [words(2, 2, "read-write")],
    [words(2, 2, "readonly")],
    [named(2, 0)],
    [words(2, 1, "ROOM_DELETED")],
    [named(8, 1)],
    [named(8, 0)],
    [named(5, 1, 0x78)],
    [named(1, 1, 0)],
    [Uint8Array.of(0, 1, 1, 0)],
  ]);
  expect(hocuspocusDialect.encode({ type: "stateless", handle: 1, text: "x" })).toEqual([]);
});
