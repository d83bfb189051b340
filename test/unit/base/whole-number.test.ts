import { readByteString, readText, readWholeNumber } from "@inkmesh/shared/base/whole-number";
import { createDecoder } from "lib0/decoding";
import { encode, writeVarString, writeVarUint, writeVarUint8Array } from "lib0/encoding";
import { describe, expect, test } from "vitest";

describe("a whole number", () => {
  test.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER])("%d comes back", (number) => {
    const decoder = createDecoder(encode((encoder) => writeVarUint(encoder, number)));
    expect(readWholeNumber(decoder)).toBe(number);
    expect(decoder.pos).toBe(decoder.arr.length);
  });

  test.each([
    ["none", []],
    ["torn", [0x80]],
    ["2^53", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ["2^56 - 1", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ["longer than 8 bytes", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ["so long that lib0 reads NaN", [...new Uint8Array(200).fill(0x80), 0]],
  ])("[P9] %s is refused", (_, bytes) => {
    expect(() => readWholeNumber(createDecoder(Uint8Array.from(bytes)))).toThrow("a number");
  });
});

test("text and bytes come back, and not from beyond the end", () => {
  const text = encode((encoder) => writeVarString(encoder, "été\n📝"));
  expect(readText(createDecoder(text))).toBe("été\n📝");
  expect(() => readText(createDecoder(text.subarray(0, -1)))).toThrow("Unexpected end");
  const bytes = encode((encoder) => writeVarUint8Array(encoder, Uint8Array.of(1, 2)));
  expect(readByteString(createDecoder(bytes))).toEqual(Uint8Array.of(1, 2));
  expect(() => readByteString(createDecoder(Uint8Array.of(3, 1, 2)))).toThrow("Unexpected end");
});
