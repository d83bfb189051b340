/**
 * One document on several relays' real cores, whatever happens to them: see `cluster-history.ts`.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../../replayable.ts";
import { ClusterHistory, type HistoryShape } from "./cluster-history.ts";

const long = process.env["INKMESH_LONG"] !== undefined;
const shapes: readonly HistoryShape[] = [
  { relays: 3, replicas: 3 },
  { relays: 4, replicas: 3 },
];

function history(seed: number, shape: HistoryShape): ClusterHistory {
  const one = new ClusterHistory(seed, shape);
  one.run(300);
  one.calm();
  one.checkEnd();
  return one;
}

describe.each(shapes)("a document on $replicas of $relays relays", (shape) => {
  test(
    "[P1] [P2] [P4] [P10] is alike everywhere after calm, and what was saved is lost only with all its disks",
    { timeout: 300_000 },
    () => {
      const happened = new Map<string, number>();
      holds(
        fc.property(fc.nat(2 ** 31 - 1), (seed) => {
          for (const [what, count] of history(seed, shape).happened) happened.set(what, (happened.get(what) ?? 0) + count);
        }),
        long ? 200 : 3,
      );
      for (const what of ["saved", "read", "moved", "retired", "cut", "crash"]) expect(happened.get(what) ?? 0, what).toBeGreaterThan(0);
    },
  );
});
