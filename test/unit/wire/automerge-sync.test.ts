import { concatBytes } from "@inkmesh/shared/base/bytes";
import { decodeSyncMessage, encodeSyncMessage, filterOf } from "@inkmesh/shared/wire/automerge-sync";
import { describe, expect, test } from "vitest";

const hash = "ab".repeat(32);
const hashed = new Uint8Array(32).fill(0xab);
const empty = { heads: [], need: [], have: [], changes: new Uint8Array(), isReset: false, takesDocuments: false };
const withFilter = (...filter: number[]): Uint8Array => Uint8Array.of(0x42, 0, 0, 1, 0, filter.length, ...filter, 0);

describe("a message of Automerge's sync protocol", () => {
  test("is read field by field", () => {
    const message = concatBytes([Uint8Array.of(0x42, 1), hashed, Uint8Array.of(1), hashed, Uint8Array.of(0, 2, 1, 7, 2, 8, 9)]);
    expect(decodeSyncMessage(message)).toEqual({
      ok: true,
      value: { ...empty, heads: [hash], need: [hash], changes: Uint8Array.of(7, 8, 9) },
    });
  });

  test.each<[string, Uint8Array, boolean]>([
    ["without flags", Uint8Array.of(), false],
    ["with the flag of former versions", Uint8Array.of(1, 2), false],
    ["with today's flags", Uint8Array.of(2, 2, 0x84), false],
    ["with the flag to begin anew", Uint8Array.of(2, 2, 0x85), true],
    ["with flags of later versions, and more behind them", Uint8Array.of(3, 2, 0xf8, 0xf1, 5), true],
  ])("%s", (_, flags, isReset) => {
    for (const type of [0x42, 0x43]) {
      const message = concatBytes([Uint8Array.of(type, 0, 0, 0, 0), flags]);
      expect(decodeSyncMessage(message)).toEqual({ ok: true, value: { ...empty, isReset, takesDocuments: flags.length > 0 } });
    }
  });

  test("carries no flags, by which a client would send whole documents", () => {
    expect(encodeSyncMessage({ ...empty, changes: [] })).toEqual(Uint8Array.of(0x42, 0, 0, 0, 0));
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", Uint8Array.of(), /ends early/],
    ["another type", Uint8Array.of(0x44, 0, 0, 0, 0), /of type 68/],
    ["more heads than there are bytes", Uint8Array.of(0x42, 0xff, 0xff, 0xff, 0x7f), /items in/],
    ["more changes than there are bytes", Uint8Array.of(0x42, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 1, 1), /ends early/],
    ["a change of no bytes", Uint8Array.of(0x42, 0, 0, 0, 1, 0), /has no bytes/],
    ["a million changes of no bytes", Uint8Array.of(0x42, 0, 0, 0, 0xc0, 0x84, 0x3d, ...new Uint8Array(100)), /has no bytes/],
    ["a filter that asks for many steps", withFilter(1, 10, 33, 0, 0), /number 33, limit 32/],
    ["a filter of wide entries", withFilter(1, 0x81, 1, 7, 0), /number 129, limit 128/],
    ["a filter that has fewer bits than it says", withFilter(9, 10, 7, 0), /ends early/],
  ])("of %s is refused", (_, message, detail) => {
    const read = decodeSyncMessage(message);
    expect(read.ok ? read.value : read.refusal.detail).toMatch(detail);
  });

  test("a filter whose entries have no bits has nothing", () => {
    const read = decodeSyncMessage(withFilter(5, 0, 7));
    expect(read.ok && read.value.have[0]?.filter.bits.length).toBe(0);
  });

  test("a filter has ten bits for each entry", () => {
    expect(filterOf([hash, "cd".repeat(32)]).bits.length).toBe(3);
  });
});
