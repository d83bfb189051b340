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
 * Invariant: both cuts contain whatever their minutes hang on, as far as a history has it. So what the first contains of an actor has no
 * gap, and a clock can say it.
 */
import type { HistoryMinute } from "../core/stored-history.ts";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";

/** Of `minutes` those before `minute` that hang on none of the others, nor on what `later` tells of. */
export function cutBefore<Minute extends HistoryMinute>(
  minutes: readonly Minute[],
  minute: number,
  later: readonly HistoryMinute[],
): readonly Minute[] {
  const first = new Map<string, number>();
  const stays = ({ dots }: HistoryMinute): void => {
    for (const { actor, from } of dots) first.set(actor, Math.min(from, first.get(actor) ?? Infinity));
  };
  later.forEach(stays);
  let older: Minute[] = [];
  for (const each of minutes) {
    if (each.minute < minute) older.push(each);
    else stays(each);
  }
  for (;;) {
    const left = older.filter(({ deps, dots }) => {
      const isFree = (actor: string, counter: number): boolean => counter < (first.get(actor) ?? Infinity);
      const last = dots.map(({ actor, from, length }) => [actor, from + length - 1] as const);
      return [...deps.entries(), ...last].every(([actor, counter]) => isFree(actor, counter));
    });
    if (left.length === older.length) return older;
    const isLeft = new Set<HistoryMinute>(left);
    older.filter((each) => !isLeft.has(each)).forEach(stays);
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

/** What the minutes contain, with what was there before. */
export function clockOfCut(base: VectorClock, minutes: readonly HistoryMinute[]): VectorClock {
  const highest = new Map(base.entries());
  for (const { dots } of minutes)
    for (const { actor, from, length } of dots) highest.set(actor, Math.max(from + length - 1, highest.get(actor) ?? 0));
  return VectorClock.of(highest);
}
