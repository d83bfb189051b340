/**
 * DotRanges: sets of dots as runs of counters per actor, small however many dots there are, and whether one contains another.
 *
 * Invariant: what `joinRanges` gives back is sorted by actor and counter, and no two of its runs touch.
 */
import type { ActorId } from "../base/ids.ts";
import type { Dot } from "./dot.ts";
import type { VectorClock } from "./vector-clock.ts";

/** Counters [from, from + length) of one actor. */
export interface DotRange {
  readonly actor: ActorId;
  readonly from: number;
  readonly length: number;
}

export function rangeOf({ actor, counter }: Dot): DotRange {
  return { actor, from: counter, length: 1 };
}

/** The union. */
export function joinRanges(ranges: readonly DotRange[]): DotRange[] {
  const sorted = [...ranges].sort((left, right) =>
    left.actor === right.actor ? left.from - right.from : left.actor < right.actor ? -1 : 1,
  );
  const joined: { actor: DotRange["actor"]; from: number; length: number }[] = [];
  for (const { actor, from, length } of sorted) {
    const last = joined.at(-1);
    if (last?.actor === actor && from <= last.from + last.length) last.length = Math.max(last.length, from + length - last.from);
    else joined.push({ actor, from, length });
  }
  return joined;
}

/** Whether each of `ranges` is in `clock` or in `told`, which are as `joinRanges` gives them back. */
export function containsAll(clock: VectorClock, told: readonly DotRange[], ranges: readonly DotRange[]): boolean {
  return ranges.every(({ actor, from, length }) => {
    const first = Math.max(from, clock.counter(actor) + 1);
    const end = from + length;
    if (first >= end) return true;
    const run = lastThrough(told, actor, first);
    return run?.actor === actor && run.from + run.length >= end;
  });
}

/** The last run that begins at that dot or before it. */
function lastThrough(runs: readonly DotRange[], actor: ActorId, counter: number): DotRange | undefined {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const run = runs[middle]!;
    if (run.actor < actor || (run.actor === actor && run.from <= counter)) low = middle + 1;
    else high = middle;
  }
  return runs[low - 1];
}

/** All that `clock` names. */
export function rangesOfClock(clock: VectorClock): DotRange[] {
  return clock.entries().map(([actor, counter]) => ({ actor, from: 1, length: counter }));
}
