import { bytesOfHex, concatBytes, hexOf, sameBytes } from "@inkmesh/shared/base/bytes";
import { assert, AssertionError, unreachable } from "@inkmesh/shared/base/assert";
import { randomInteger, seededRandom } from "@inkmesh/shared/base/random";
import { describe, expect, test } from "vitest";

describe("bytes", () => {
  test("are put together in order", () => {
    expect(concatBytes([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)])).toEqual(Uint8Array.of(1, 2, 3));
  });

  test.each([
    [[1, 2], [1, 2], true],
    [[1, 2], [1, 3], false],
    [[1, 2], [1, 2, 3], false],
    [[], [], true],
  ])("%j and %j are the same: %s", (left, right, expected) => {
    expect(sameBytes(Uint8Array.from(left), Uint8Array.from(right))).toBe(expected);
  });
});

describe("assertions", () => {
  test("name the invariant that broke", () => {
    expect(() => assert(false, "one is one")).toThrow(new AssertionError("invariant broken: one is one"));
    expect(() => assert(true, "one is one")).not.toThrow();
    expect(() => unreachable("x" as never)).toThrow(AssertionError);
  });
});

describe("seeded randomness", () => {
  test("is the same for the same seed and another for another", () => {
    const stream = (seed: number): number[] =>
      Array.from(
        { length: 20 },
        (
          (random) => () =>
            randomInteger(random, 1_000)
        )(seededRandom(seed)),
      );
    expect(stream(42)).toEqual(stream(42));
    expect(stream(42)).not.toEqual(stream(43));
    expect(stream(42).every((number) => number >= 0 && number < 1_000)).toBe(true);
    expect(seededRandom(7).bytes(5)).toHaveLength(5);
  });
});

test("hex digits come back as the bytes that they were made of", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(hexOf(all).slice(0, 8)).toBe("00010203");
  expect(hexOf(all).slice(-4)).toBe("feff");
  expect(bytesOfHex(hexOf(all))).toEqual(all);
  expect(bytesOfHex("FEff0A")).toEqual(Uint8Array.of(254, 255, 10));
});
