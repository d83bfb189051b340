import { actorOf, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import { decodeMeshFrame, encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { decodeHandshake, encodeHandshake, handshakeBytesMax, linkMark } from "@inkmesh/shared/wire/mesh-handshake";
import { isMeshAddress } from "@inkmesh/shared/wire/mesh-layout";
import type { MeshHello } from "@inkmesh/shared/wire/mesh-message";
import { describe, expect, test } from "vitest";

const ring = "0011223344556677" as RingId;
const actor = actorOf("a" as RelayId, new Uint8Array(8));
const hello: MeshHello = { type: "hello", version: 1, mesh: undefined, actor, nonce: new Uint8Array(16), address: "" };
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const frameOf = (body: string): Uint8Array => bytes(`10 08 0011223344556677 ${body}`);

describe("[P9] a frame is refused", () => {
  const actorText = "12 612e30303030303030303030303030303030";
  test.each([
    { what: "of another kind", frame: bytes("01 08 0011223344556677") },
    { what: "without the name of a ring", frame: bytes("10 00") },
    { what: "with half a name of a ring", frame: bytes("10 04 00112233") },
    { what: "with an unknown message", frame: frameOf("63") },
    { what: "with an answer that is neither yes nor no", frame: frameOf("06 02 00") },
    { what: "with a rumor of a fifth state", frame: frameOf(`05 01 ${actorText} 04 00 00`) },
    { what: "with an incarnation that no life reaches", frame: frameOf(`05 01 ${actorText} 00 ffffffffff7f 00`) },
    { what: "with an address that is none", frame: frameOf(`05 01 ${actorText} 00 00 04 68747470`) },
    { what: "about somebody who is no actor", frame: frameOf("02 05 03 00 02 612e 00") },
    { what: "about a room without a name", frame: frameOf("24 00 00 00 00") },
    { what: "about a room whose name has a control character", frame: frameOf("24 00 01 0a 00") },
    { what: "that wants entry 0", frame: frameOf(`21 00 01 72 00 00 ${actorText} 00 01`) },
    { what: "that wants a run that ends before it begins", frame: frameOf(`21 00 01 72 00 00 ${actorText} 03 02`) },
    { what: "with an entry of somebody who is no actor", frame: frameOf("20 00 01 72 00 01 01 00 01 61 00") },
    { what: "with an upstream that is no relay", frame: frameOf("32 00 01 72 00 01 41 00") },
    { what: "with a prefix of 17 half bytes", frame: frameOf(`26 01 11 ${"00".repeat(17)} 00`) },
    { what: "with a half byte above 15", frame: frameOf("26 01 01 10 00") },
    { what: "with a node of a tree that ends early", frame: frameOf(`25 01 01 00 ${"00".repeat(127)}`) },
    { what: "with a digest that ends early", frame: frameOf("2c 00 01 72 00 01 02 03") },
    { what: "with a presence that is neither here nor gone", frame: frameOf("2e 00 01 72 00 01 07 01 02") },
    { what: "that announces more presences than it has bytes", frame: frameOf("2e 00 01 72 00 ffffffff0f") },
    { what: "that lists more documents than it has bytes", frame: frameOf("30 01 ffffffff0f") },
    { what: "that announces more rooms than it has bytes", frame: frameOf("26 00 ffffffff0f") },
    { what: "that announces more rumors than it has bytes", frame: frameOf("05 ffffffff0f 00") },
  ])("$what", ({ frame }) => {
    expect(decodeMeshFrame(frame)).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  });

  test("[P8] with more messages than a frame may carry, before they are built", () => {
    const probes = Array.from({ length: 16_385 }, () => ({ type: "probe" as const, seq: 1 }));
    expect(decodeMeshFrame(encodeMeshFrame({ ring, messages: probes })).ok).toBe(false);
    expect(decodeMeshFrame(encodeMeshFrame({ ring, messages: probes.slice(1) })).ok).toBe(true);
  });
});

describe("a handshake", () => {
  test("[P8] longer than anything that is said in one is refused", () => {
    const long = encodeHandshake({ type: "refusal", code: "OTHER_MESH", detail: "x".repeat(handshakeBytesMax) });
    expect(decodeHandshake(long)).toMatchObject({ ok: false, refusal: { code: "FRAME_TOO_BIG" } });
  });

  test("a hello of a newer version is read as far as it is known", () => {
    const plain = encodeHandshake({ ...hello, version: 9 });
    const grown = Uint8Array.from([plain[0]!, plain[1]!, plain[2]! + 3, ...plain.subarray(3), 1, 2, 3]);
    expect(decodeHandshake(grown)).toEqual({ ok: true, value: { ...hello, version: 9 } });
  });

  test("a mark is another one for the other side, other hellos, and another secret", () => {
    const secret = new Uint8Array(32).fill(7);
    const [one, other] = [bytes("0102"), bytes("03")];
    const marks = [
      linkMark("dialler", { dialler: one, accepter: other }, secret),
      linkMark("accepter", { dialler: one, accepter: other }, secret),
      linkMark("dialler", { dialler: other, accepter: one }, secret),
      linkMark("dialler", { dialler: bytes("01"), accepter: bytes("0203") }, secret),
      linkMark("dialler", { dialler: one, accepter: other }, new Uint8Array(32).fill(8)),
    ];
    expect(new Set(marks.map((mark) => Buffer.from(mark).toString("hex"))).size).toBe(5);
  });
});

test.each([
  ["ws://127.0.0.1:4400/mesh", true],
  ["wss://relay.example/mesh", true],
  ["http://127.0.0.1:4400/mesh", false],
  ["ws://", false],
  ["ws://two words/mesh", false],
  ["ws://été/mesh", false],
  [`ws://${"x".repeat(508)}`, false],
])("%j may be an address of a relay: %s", (text, may) => {
  expect(isMeshAddress(text)).toBe(may);
});
