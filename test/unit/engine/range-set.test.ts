import { describe, expect, test } from "vitest";
import { randomInteger, seededRandom } from "@inkmesh/shared/base/random";
import { RangeSet } from "@inkmesh/shared/engine/range-set";

/** The dumb second version: one bit per number. */
class BitSet {
  readonly #bits: boolean[] = [];

  add(from: number, to: number): void {
    for (let at = from; at < to; at++) this.#bits[at] = true;
  }

  ranges(from: number, to: number, present: boolean): [number, number][] {
    const ranges: [number, number][] = [];
    for (let at = from; at < to; at++) {
      if ((this.#bits[at] ?? false) !== present) continue;
      const last = ranges.at(-1);
      if (last?.[1] === at) last[1]++;
      else ranges.push([at, at + 1]);
    }
    return ranges;
  }
}

describe("RangeSet", () => {
  test.each([
    [
      "apart",
      [
        [0, 2],
        [5, 6],
      ],
      [
        [0, 2],
        [5, 6],
      ],
    ],
    [
      "touching",
      [
        [0, 2],
        [2, 4],
      ],
      [[0, 4]],
    ],
    [
      "touching from the left",
      [
        [2, 4],
        [0, 2],
      ],
      [[0, 4]],
    ],
    [
      "overlapping",
      [
        [0, 5],
        [3, 9],
      ],
      [[0, 9]],
    ],
    [
      "inside",
      [
        [0, 9],
        [3, 5],
      ],
      [[0, 9]],
    ],
    [
      "around",
      [
        [3, 5],
        [7, 8],
        [0, 9],
      ],
      [[0, 9]],
    ],
    [
      "between two",
      [
        [0, 2],
        [4, 6],
        [2, 4],
      ],
      [[0, 6]],
    ],
    ["empty", [[3, 3]], []],
  ])("joins ranges that are %s", (_what, added, expected) => {
    const set = new RangeSet();
    for (const [from = 0, to = 0] of added) set.add(from, to);
    expect([...set]).toEqual(expected);
    expect(set.size).toBe(expected.length);
  });

  test.each([1, 2, 3, 4])("agrees with a set of bits, over many chunks (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const set = new RangeSet();
    const bits = new BitSet();
    const span = 12_000;
    for (let step = 0; step < 4_000; step++) {
      const from = randomInteger(random, span);
      const to = from + randomInteger(random, step % 200 === 0 ? 3_000 : 3);
      if (step % 10 === 0) expect(set.missing(from, to)).toEqual(bits.ranges(from, to, false));
      set.add(from, to);
      bits.add(from, to);
    }
    expect([...set]).toEqual(bits.ranges(0, span + 4_000, true));
    expect(set.size).toBe([...set].length);
    expect(set.missing(0, span + 4_000)).toEqual(bits.ranges(0, span + 4_000, false));
  });

  test("[P8] a hundred thousand deletions in any order stay cheap", { timeout: 20_000 }, () => {
    const random = seededRandom(5);
    const set = new RangeSet();
    for (let step = 0; step < 100_000; step++) {
      const from = 2 * randomInteger(random, 1_000_000);
      set.add(from, from + 1);
      set.missing(from, from + 3);
    }
    expect(set.size).toBeGreaterThan(90_000);
  });
});
