/**
 * PrunedCut: which of the actors that a new snapshot's clock names it need not name any more.
 *
 *     a.1:7 ◀── deps ── a.2:3        whoever names a.2:3 has had a.1:7 before it: the snapshot's clock says {a.2:3} and means both
 *
 * A clock is causally closed: whoever names an entry has all that the entry builds on. So an actor whose last entry another one of the
 * cut builds on says nothing that the other does not say, neither as "this is here" nor as "who has this needs no more".
 *
 * Invariants: of what is pruned every entry is below one that stays named (causes come before effects, so a chain of them ends at one
 * that nothing here builds on), by what is in the log, or by the word of another relay that found it so, if all by which it is so is here;
 * nothing is pruned that the asker did not allow, nor an actor of whom the log has entries behind the snapshot. By size nothing is ever
 * pruned. What was pruned last is written with the snapshot: a clock that somebody brings from before may name it.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import type { Dot } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { Unnaming } from "../core/stored-room.ts";

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

export function prunedCut({ clock, covered, rest, prunedBefore }: Cut, { prunable, told, rememberedMax }: Unnaming): PrunedCut {
  const goesOn = new Set(rest.map(({ dot }) => dot.actor));
  // A word about what is not all in the snapshot says nothing of it.
  const toldOf = clock.join(prunedBefore).covers(told.clock) ? told.pruned : VectorClock.empty;
  const isBelow = (actor: ActorId, counter: number): boolean =>
    toldOf.counter(actor) >= counter || (prunable.counter(actor) === counter && isBelowAnother(actor, counter, covered));
  const kept = VectorClock.of(clock.entries().filter(([actor, counter]) => goesOn.has(actor) || !isBelow(actor, counter)));
  const gone = clock.past(kept);
  if (gone.size === 0) return { clock: kept, pruned: prunedBefore.past(kept) };
  const remembered = prunedBefore.size + gone.size <= rememberedMax ? prunedBefore.join(gone) : gone;
  return { clock: kept, pruned: remembered.past(kept) };
}

/** Whether an entry of another actor builds on that one. */
function isBelowAnother(actor: ActorId, counter: number, entries: readonly Pick<Entry, "dot" | "deps">[]): boolean {
  return entries.some(({ dot, deps }) => dot.actor !== actor && deps.counter(actor) >= counter);
}
