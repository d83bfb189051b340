/**
 * PrunedCut: which of the actors that a new snapshot's clock names it need not name any more.
 *
 *     a.1:7 ◀── deps ── a.2:3        whoever names a.2:3 has had a.1:7 before it: the snapshot's clock says {a.2:3} and means both
 *
 * A clock is causally closed: whoever names an entry has all that the entry builds on. So an actor whose last entry another one of the
 * cut builds on says nothing that the other does not say, neither as "this is here" nor as "who has this needs no more".
 *
 * Invariants: of what is pruned every entry is below one that stays named (causes come before effects, so a chain of them ends at one
 * that nothing here builds on); nothing is pruned that the asker did not allow with exactly that counter, nor an actor of whom the log
 * has entries behind the snapshot. By size nothing is ever pruned. What was pruned last is written with the snapshot: a clock that
 * somebody brings from before may name it.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import type { Dot } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";

interface Cut {
  /** What the snapshot contains. */
  readonly clock: VectorClock;
  /** The entries that come into it now. */
  readonly covered: readonly Pick<Entry, "dot" | "deps">[];
  /** Those that stay behind it. */
  readonly rest: readonly { readonly dot: Dot }[];
  /** What was pruned before. */
  readonly prunedBefore: VectorClock;
}

export interface PrunedCut {
  readonly clock: VectorClock;
  /** What was pruned last, now or before: it is here, too. */
  readonly pruned: VectorClock;
}

export function prunedCut({ clock, covered, rest, prunedBefore }: Cut, prunable: VectorClock): PrunedCut {
  const goesOn = new Set(rest.map(({ dot }) => dot.actor));
  const isNeeded = (actor: ActorId, counter: number): boolean =>
    prunable.counter(actor) !== counter || goesOn.has(actor) || !isBelowAnother(actor, counter, covered);
  const kept = VectorClock.of(clock.entries().filter(([actor, counter]) => isNeeded(actor, counter)));
  return { clock: kept, pruned: kept.size < clock.size ? clock.past(kept) : prunedBefore.past(kept) };
}

/** Whether an entry of another actor builds on that one. */
function isBelowAnother(actor: ActorId, counter: number, entries: readonly Pick<Entry, "dot" | "deps">[]): boolean {
  return entries.some(({ dot, deps }) => dot.actor !== actor && deps.counter(actor) >= counter);
}
