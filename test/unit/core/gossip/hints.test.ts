import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import { describe, expect, test } from "vitest";
import { Hints, type HintTargets } from "../../../../server/core/gossip/hints.ts";
import { aLife } from "../membership/a-membership.ts";
import { lineage } from "./a-room.ts";

const edge = aLife("edge");
const [a, b, c] = ["a", "b", "c"] as RelayId[] as [RelayId, RelayId, RelayId];
const replicas = [a, b, c];

/** Who certainly holds how much of the edge's entries. */
function held(counters: Readonly<Record<string, number>>): HintTargets {
  return { needed: 2, certainCounter: (relay: RelayId, actor: ActorId) => (actor === edge ? (counters[relay] ?? 0) : 0) };
}

/** Hints of 10 bytes each. */
function hints(count: number, hintBytesMax = 1_000): Hints {
  const kept = new Hints({ hintBytesMax });
  for (let counter = 1; counter <= count; counter++) kept.keep(lineage, { actor: edge, counter }, 10, replicas, "current");
  return kept;
}

const run = (from: number, to: number) => ({ actor: edge, from, to });

describe("a hint", () => {
  test("may go once every replica holds it, and not before", () => {
    const kept = hints(3);
    expect(kept.review(lineage, replicas, held({ a: 3, b: 3 }))).toEqual([]);
    expect([a, b, c].map((relay) => kept.owedTo(relay))).toEqual([0, 0, 30]);
    expect(kept.review(lineage, replicas, held({ a: 3, b: 3, c: 2 }))).toEqual([{ type: "delivered", lineage, run: run(1, 2) }]);
    expect(kept.owedRuns(c)).toEqual([{ lineage, run: run(3, 3) }]);
    expect(kept.review(lineage, replicas, held({ a: 3, b: 3, c: 3 }))).toEqual([{ type: "delivered", lineage, run: run(3, 3) }]);
    expect(kept.owedRuns(c)).toEqual([]);
  });

  test("does not go by words that hold no more: all must be certain at one moment", () => {
    const kept = hints(3);
    kept.review(lineage, replicas, held({ a: 3, b: 3 }));
    expect(kept.review(lineage, replicas, held({ c: 3, b: 3 }))).toEqual([]);
  });

  test("is owed to a replica that a later ring names, and no more to one that it does not", () => {
    const kept = hints(2);
    const now = [a, b, "d" as RelayId];
    expect(kept.review(lineage, now, held({ a: 2, b: 2, c: 2 }))).toEqual([]);
    expect([c, "d" as RelayId].map((relay) => kept.owedTo(relay))).toEqual([0, 20]);
  });

  test("goes to nobody while the ring names nobody", () => {
    expect(hints(2).review(lineage, [], held({ a: 2, b: 2, c: 2 }))).toEqual([]);
  });

  test.each(["closed", "ahead"] as const)("[P10] of a generation that is %s is not kept", (standing) => {
    const kept = new Hints({ hintBytesMax: 100 });
    expect(kept.keep(lineage, { actor: edge, counter: 1 }, 10, replicas, standing)).toBe(false);
    expect(kept.owedRuns(a)).toEqual([]);
  });

  test("[P10] is never sent once its generation is closed", () => {
    const kept = hints(3);
    kept.drop(lineage);
    expect([kept.owedRuns(a), kept.owedTo(a)]).toEqual([[], 0]);
  });
});

describe("[P8] past the bound of one replica", () => {
  test("what W others hold is left to anti-entropy, and goes", () => {
    const kept = hints(5, 30);
    expect(kept.review(lineage, replicas, held({ a: 5, b: 4 }))).toEqual([
      { type: "left-to-anti-entropy", lineage, target: c, run: run(1, 4) },
      { type: "delivered", lineage, run: run(1, 4) },
    ]);
    expect(kept.owedTo(c)).toBe(10);
    expect(kept.refusal(replicas)).toBeUndefined();
  });

  test("what fewer than W hold stays, and the room takes no more edits here", () => {
    const kept = hints(5, 30);
    expect(kept.review(lineage, replicas, held({ a: 5 }))).toEqual([]);
    expect(kept.refusal(replicas)).toMatchObject({ code: "RELAY_BUSY" });
    expect(kept.refusal([a])).toBeUndefined();
  });

  test("up to it everything is kept for it", () => {
    expect(hints(3, 30).review(lineage, replicas, held({ a: 3, b: 3 }))).toEqual([]);
  });
});
