import type { RoomName } from "@inkmesh/shared/base/ids";
import { documentIdOf, documentOfRoom } from "@inkmesh/shared/wire/automerge-document";
import { decodeRepoMessage } from "@inkmesh/shared/wire/automerge-repo";
import { decodeCbor, encodeCbor } from "@inkmesh/shared/wire/cbor";
import { describe, expect, test } from "vitest";

const documentId = documentIdOf(Uint8Array.from({ length: 16 }, (_, index) => index + 1));
const data = Uint8Array.of(1);
const about = { senderId: "me", targetId: "relay", documentId };
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

function refusalOf(frame: Uint8Array, joined: string | undefined): string {
  const read = decodeRepoMessage(frame, joined);
  if (read.ok) throw new Error(`read as ${read.value.type}`);
  expect(read.refusal.code).toBe("BAD_FRAME");
  return read.refusal.detail;
}

describe("automerge-repo's messages", () => {
  test.each([
    ["no map", hex("01"), "a message is not a map"],
    ["a list", hex("80"), "a message is not a map"],
    ["a null", hex("f6"), "a message is not a map"],
    ["no type", encodeCbor({ senderId: "me" }), "type is not a text"],
    ["no sender", encodeCbor({ type: "sync" }), "senderId is not a text"],
    ["a type of another kind", encodeCbor({ type: 1, senderId: "me" }), "type is not a text"],
    ["no target", encodeCbor({ type: "sync", senderId: "me", documentId, data }), "targetId is not a text"],
    ["no document", encodeCbor({ type: "sync", senderId: "me", targetId: "relay", data }), "documentId is not a text"],
    ["a document that is none", encodeCbor({ type: "sync", ...about, documentId: "abc", data }), "documentId is not the id of a document"],
    ["no data", encodeCbor({ type: "sync", ...about }), "data has no bytes"],
    ["data without a byte", encodeCbor({ type: "request", ...about, data: new Uint8Array() }), "data has no bytes"],
    ["data that are a text", encodeCbor({ type: "sync", ...about, data: "x" }), "data has no bytes"],
    ["a count below zero", encodeCbor({ type: "ephemeral", ...about, sessionId: "s", count: -1, data }), "count is not a whole number"],
    ["a broken count", encodeCbor({ type: "ephemeral", ...about, sessionId: "s", count: 0.5, data }), "count is not a whole number"],
    ["a name that is too long", encodeCbor({ type: "x", senderId: "a".repeat(257) }), "senderId has 257 characters, limit 256"],
    ["storages that are no list", encodeCbor({ type: "remote-subscription-change", ...about, add: "a" }), "add is not a list"],
    ["a storage that is no text", encodeCbor({ type: "remote-subscription-change", ...about, add: [1] }), "add is not a text"],
    ["no new heads", encodeCbor({ type: "remote-heads-changed", ...about }), "newHeads is missing"],
    ["new heads without heads", encodeCbor({ type: "remote-heads-changed", ...about, newHeads: { a: {} } }), "newHeads has no heads"],
    [
      "metadata that are a list",
      encodeCbor({ type: "peer", ...about, peerMetadata: [], selectedProtocolVersion: "1" }),
      "peerMetadata is not a map",
    ],
  ])("%s: refused", (_, frame, detail) => {
    expect(refusalOf(frame, "me")).toBe(detail);
  });

  test.each([
    ["a message before anybody has joined", { type: "sync", ...about, data }, undefined],
    ["a word to all before anybody has joined", { type: "ephemeral", ...about, sessionId: "s", count: 1, data }, undefined],
    ["a message of another peer", { type: "sync", ...about, senderId: "you", data }, "me"],
    ["a second join of another peer", { type: "join", senderId: "you", peerMetadata: {} }, "me"],
    ["what is unfamiliar, of another peer", { type: "leave", senderId: "you" }, "me"],
  ])("%s: refused", (_, message, joined) => {
    expect(refusalOf(encodeCbor(message), joined)).toMatch(/is sent by somebody who has not joined here$/);
  });

  test("a word to all is passed on under the name of who said it", () => {
    const message = { type: "ephemeral", ...about, senderId: "another tab", sessionId: "s", count: 1, data };
    expect(decodeRepoMessage(encodeCbor(message), "me")).toEqual({ ok: true, value: message });
  });

  test("a join of long ago names no versions and nothing of itself", () => {
    const value = { type: "join", senderId: "me", peerMetadata: { storageId: undefined, isEphemeral: false }, versions: ["1"] };
    expect(decodeRepoMessage(encodeCbor({ type: "join", senderId: "me" }), undefined)).toEqual({ ok: true, value });
  });

  test("fields and messages that are not known are passed over", () => {
    const more = encodeCbor({ type: "doc-unavailable", ...about, hint: { a: [1, null, "x"] } });
    expect(decodeRepoMessage(more, "me")).toEqual({ ok: true, value: { type: "doc-unavailable", ...about } });
    expect(decodeRepoMessage(encodeCbor({ type: "leave", senderId: "me" }), "me")).toEqual({
      ok: true,
      value: { type: "unfamiliar", senderId: "me" },
    });
  });

  test("a field that every object has is a missing one", () => {
    expect(refusalOf(encodeCbor({ type: "remote-heads-changed", ...about, newHeads: { constructor: 1 } }), "me")).toBe(
      "constructor is not a map",
    );
    expect(decodeRepoMessage(encodeCbor({ type: "toString", senderId: "me" }), "me").ok).toBe(true);
  });
});

describe("CBOR from outside", () => {
  test.each([
    ["a list of more items than there are bytes", "9affffffff", /not enough entries/],
    ["a map of more items than there are bytes", "bbffffffffffffffff", /./],
    ["bytes that are longer than the frame", "5affffffff00", /not enough data/],
    ["a tag", `d81b82${"646576616c"}6131`, /tag not supported/],
    ["a list of open length", "9f01ff", /indefinite/],
    ["a whole number beyond 2^53", "1bffffffffffffffff", /safe/],
    ["one key twice", "a2616101616102", /repeat map key/],
    ["a key that is a number", "a10101", /non-string keys/],
    ["a second value", "0101", /too many terminals/],
    ["nothing", "", /./],
  ])("%s: refused", (_, bytes, detail) => {
    const read = decodeCbor(hex(bytes));
    expect(read.ok ? read.value : read.refusal.detail).toMatch(detail);
  });

  test("what nests deeper than 8 levels is refused before the stack ends", () => {
    expect(decodeCbor(hex(`${"81".repeat(8)}01`)).ok).toBe(true);
    for (const levels of [9, 1_000_000]) {
      const read = decodeCbor(new Uint8Array(levels + 1).fill(0x81, 0, levels));
      expect(read.ok ? read.value : read.refusal.detail).toMatch(/more than 8 levels/);
    }
  });

  test("levels that were closed count no more", () => {
    expect(decodeCbor(Uint8Array.of(0x98, 100, ...Array.from({ length: 100 }, () => [0x81, 0xa1, 0x61, 0x61, 0x80]).flat())).ok).toBe(true);
  });

  test("more than 16,384 items are refused", () => {
    const list = (items: number): Uint8Array => Uint8Array.of(0x99, items >> 8, items & 0xff, ...new Uint8Array(items));
    expect(decodeCbor(list(16_383)).ok).toBe(true);
    const read = decodeCbor(list(16_384));
    expect(read.ok ? read.value : read.refusal.detail).toMatch(/more than 16384 items/);
  });
});

describe("a document's room", () => {
  test.each([
    ["another document's", "notes"],
    ["one without an id", "automerge:"],
    ["one with heads behind it", `automerge:${documentId}#2mTMd`],
    ["one of 20 bytes", "automerge:3ChqVLKmcFUomLRJZqgbuFpuVxjUFpuVxj"],
    ["one of a million letters", `automerge:${"1".repeat(1_000_000)}`],
  ])("%s is of no document", (_, room) => {
    expect(documentOfRoom(room as RoomName)).toBeUndefined();
  });
});
