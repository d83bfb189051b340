/**
 * Entries of a few actors in any order, with repetition and loss, against a model that looks at all of them at once.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import { seededRandom, randomInteger, shuffled } from "@inkmesh/shared/base/random";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CausalDelivery, type DeliveryStep } from "../../../../server/core/gossip/causal-delivery.ts";
import { replicationLimits } from "../../../unit/core/gossip/a-room.ts";
import { aLife } from "../../../unit/core/membership/a-membership.ts";
import { holds } from "../../replayable.ts";

const actors = ["a", "b", "c"].map((relay) => aLife(relay));
const from = { sender: "a" as RelayId, upstream: undefined };

/** Actors that each deliver some of the others' entries before they write their own. */
function someHistory(seed: number, count: number): readonly Entry[] {
  const random = seededRandom(seed);
  const clocks = actors.map(() => VectorClock.empty);
  const entries: Entry[] = [];
  for (let made = 0; made < count; made++) {
    const at = randomInteger(random, actors.length);
    if (random.fraction() < 0.6) clocks[at] = clocks[at]!.join(clocks[randomInteger(random, actors.length)]!);
    const actor = actors[at]!;
    const dot = { actor, counter: clocks[at]!.counter(actor) + 1 };
    entries.push({
      dot,
      deps: clocks[at]!,
      hlc: { physicalMs: 0, logical: 0, relay: "a" as RelayId },
      author: "",
      payload: new Uint8Array(0),
    });
    clocks[at] = clocks[at]!.advance(dot);
  }
  return entries;
}

/** All of `entries` that can be reached in causal order, by trying again and again. */
function dumbDelivery(entries: readonly Entry[]): VectorClock {
  for (let clock = VectorClock.empty; ;) {
    const next = entries.find((entry) => !clock.contains(entry.dot) && clock.covers(entry.deps));
    if (next === undefined) return clock;
    clock = clock.advance(next.dot);
  }
}

describe("[P3] entries in any order", () => {
  test("come out as the model says, each once and after what it hangs on, and what is missing is asked for", () => {
    holds(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 40 }), fc.nat(50), (seed, count, lossPercent) => {
        const random = seededRandom(seed + 1);
        const all = someHistory(seed, count);
        const kept = all.filter(() => random.fraction() * 100 >= lossPercent);
        const repeated = kept.filter(() => random.fraction() < 0.3);
        let clock = VectorClock.empty;
        const delivery = new CausalDelivery({
          self: "self" as RelayId,
          limits: replicationLimits(),
          room: { known: () => clock, replicas: () => [] },
        });
        const asked = new Set<string>();
        const take = (steps: readonly DeliveryStep[]): void => {
          for (const step of steps) {
            if (step.type === "deliver") {
              expect(clock.covers(step.entry.deps)).toBe(true);
              clock = clock.advance(step.entry.dot);
            }
            if (step.type === "ask")
              for (let counter = step.run.from; counter <= step.run.to; counter++) asked.add(`${step.run.actor}:${counter}`);
          }
        };
        for (const entry of shuffled(random, [...kept, ...repeated])) take(delivery.offer(entry, from, 0));
        expect(clock).toEqual(dumbDelivery(kept));
        expect(delivery.size).toBe(kept.filter((entry) => !clock.contains(entry.dot)).length);
        const lost = all.filter((entry) => !kept.includes(entry));
        const needed = kept.reduce((sum, entry) => sum.join(entry.deps), VectorClock.empty);
        for (const { dot } of lost) if (needed.contains(dot)) expect(asked).toContain(`${dot.actor}:${dot.counter}`);
        for (const entry of lost) take(delivery.offer(entry, from, 0));
        expect(clock).toEqual(dumbDelivery(all));
        expect([delivery.size, delivery.nextDeadline()]).toEqual([0, Number.POSITIVE_INFINITY]);
      }),
      300,
    );
  });
});
