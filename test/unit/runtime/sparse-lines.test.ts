import { expect, test } from "vitest";
import { SparseLines } from "../../../server/runtime/sparse-lines.ts";

test("[P8] one line in a while is written, and says how many were left out before it", () => {
  const written: [string, number][] = [];
  const lines = new SparseLines(1_000, (why, leftOut) => written.push([why, leftOut]));
  for (const [why, nowMs] of [
    ["first", 5],
    ["second", 6],
    ["third", 1_004],
    ["fourth", 1_005],
    ["fifth", 9_000],
  ] as const)
    lines.add(why, nowMs);
  expect(written).toEqual([
    ["first", 0],
    ["fourth", 2],
    ["fifth", 0],
  ]);
});
