/**
 * HistoryCut: which minutes of a history make up a document of an earlier time.
 *
 * Stamps order only what is concurrent: an entry may carry an earlier one than an entry that it hangs on, where a clock was wrong. So a cut
 * goes by minutes, and is then closed under `deps`: what is to be gone for good loses what hangs on something that stays, and what is
 * to be shown takes in what it hangs on.
 *
 *     minutes    1   2   3 │ 4   5          deps of 2 name something of 4:
 *     older     [1]     [3]                 2 stays, and what hangs on 2
 *     through 3 [1] [2] [3] [4]             4 is shown, and what 4 hangs on
 *
 * Invariants: what is to be gone contains all that its minutes hang on: it has no gap, and a clock can say it; what is to be shown contains that
 * as far as the history has it.
 */
import type { HistoryMinute } from "../core/stored-history.ts";
import { containsAll, joinRanges, type DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";

/** Minutes that may become a state, and what that contains. */
interface OlderCut<Minute> {
  readonly older: readonly Minute[];
  readonly clock: VectorClock;
}

/**
 * Of `minutes` those before `minute` of which all that they hang on is there: in `base`, among what was set `aside`, or in another one of them.
 * What hangs on something that stays, or that the history lacks, stays: no clock could say it.
 */
export function cutBefore<Minute extends HistoryMinute>(
  minutes: readonly Minute[],
  minute: number,
  { base, aside }: { readonly base: VectorClock; readonly aside: readonly DotRange[] },
): OlderCut<Minute> {
  let older = minutes.filter((each) => each.minute < minute);
  for (;;) {
    const clock = reachOf(base, [...aside, ...older.flatMap(({ dots }) => dots)]);
    const left = older.filter(({ deps, dots }) => clock.covers(deps) && containsAll(clock, [], dots));
    if (left.length === older.length) return { older, clock };
    older = left;
  }
}

/** Of `minutes` those up to `minute`, and what they hang on, in the order given. */
export function cutThrough<Minute extends HistoryMinute>(minutes: readonly Minute[], minute: number): readonly Minute[] {
  const within = new Set(minutes.filter((each) => each.minute <= minute));
  for (;;) {
    let needs = VectorClock.empty;
    for (const { deps } of within) needs = needs.join(deps);
    const more = minutes.filter((each) => !within.has(each) && each.dots.some(({ actor, from }) => from <= needs.counter(actor)));
    if (more.length === 0) return minutes.filter((each) => within.has(each));
    for (const each of more) within.add(each);
  }
}

/** What `base` and the ranges contain of each actor without a gap. */
function reachOf(base: VectorClock, ranges: readonly DotRange[]): VectorClock {
  const reach = new Map(base.entries());
  for (const { actor, from, length } of joinRanges(ranges)) {
    const last = reach.get(actor) ?? 0;
    if (from <= last + 1) reach.set(actor, Math.max(last, from + length - 1));
  }
  return VectorClock.of(reach);
}
