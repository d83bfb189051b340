/**
 * One document on several relays' real cores, whatever happens to them: see `cluster-history.ts`.
 *
 * A failure names the history's own seed: put it among the seeds that are always run.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../../replayable.ts";
import { ClusterHistory, type HistoryShape } from "./cluster-history.ts";

const long = process.env["INKMESH_LONG"] !== undefined;

/** `seeds`: histories that went wrong once, or do when a blank replica is counted, and in which together everything happens. */
const shapes: readonly (HistoryShape & { readonly seeds: readonly number[] })[] = [
  { relays: 3, replicas: 3, seeds: [2, 44, 1_382_676_697] },
  { relays: 4, replicas: 3, seeds: [1, 2, 32, 36] },
  { relays: 5, replicas: 3, isForgetful: true, seeds: [21, 42, 52, 178] },
  { relays: 4, replicas: 3, prunes: true, seeds: [1, 2, 5, 32, 36] },
];
const kinds = ["saved", "read", "moved", "retired", "cut", "crash", "wipe", "delete", "deleted"];

function history(seed: number, shape: HistoryShape): ClusterHistory {
  const one = new ClusterHistory(seed, shape);
  try {
    one.run(300);
    one.calm();
    one.checkEnd();
  } catch (cause) {
    throw new Error(
      `history ${seed} of ${shape.replicas} of ${shape.relays} ${shape.isForgetful === true ? "forgetful " : ""}relays${shape.prunes === true ? " that prune" : ""}: ${String(cause)}`,
      { cause },
    );
  }
  return one;
}

describe.each(shapes)("a document on $replicas of $relays relays (pruned at once: $prunes)", ({ seeds, ...shape }) => {
  const title = "[P1] [P2] [P4] [P10] is alike everywhere after calm, and what was saved is lost only with all its disks";

  // Only with seeds that stay the same is it certain, and no matter of luck, that everything happens.
  test(`${title}, as in the histories with known seeds, in which everything happens`, { timeout: 120_000 }, () => {
    const happened = new Set(seeds.flatMap((seed) => [...history(seed, shape).happened.keys()]));
    for (const kind of shape.prunes === true ? [...kinds, "pruned"] : kinds) expect(happened).toContain(kind);
  });

  // A smaller seed is no simpler history, and each one takes a second.
  test(title, { timeout: 300_000 }, () => {
    holds(
      fc.property(fc.noShrink(fc.nat(2 ** 31 - 1)), (seed) => void history(seed, shape)),
      long ? 200 : 3,
    );
  });
});
