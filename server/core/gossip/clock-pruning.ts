/**
 * ClockPruning: which lives of relays a room's clock need not name any more. Every start of a relay is a new actor; without
 * pruning, clocks would grow with every restart, and with them each entry's deps, each token and each frame that carries one.
 *
 *     {a.1:7, a.2:3, a.3:9, …}  ──more than `clockActorsMax` actors──▶ prunable: {a.1:7, a.2:3} ──compaction──▶ {a.3:9}
 *
 * What makes a name superfluous is causality: a clock that names an entry says of all that it builds on that it is there. Which actors
 * that goes for the compaction finds (`server/log/pruned-cut.ts`); this decides which it may take. An actor that writes on is no
 * danger to anybody (whoever meets its next entry and knows it no more asks, and compares), with one exception: the own life gives
 * its next dot by its counter. So nothing is inferred from an equal RelayId, folders get cloned. When it is worth it, and whether others
 * who have copies are ready for it, `PrunedNames` decides.
 *
 * Invariants: the own actor is never pruned; nothing is pruned by size (basho/riak_kv#1864), the size only says when it is worth it.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ActorId } from "@inkmesh/shared/base/ids";
import type { Entry } from "@inkmesh/shared/engine/entry";

interface Standing {
  /** The own actor, and those of relays that are there: they are named again with the next that they write. */
  readonly living: ReadonlySet<ActorId>;
  /** What is on this disk. */
  readonly clock: VectorClock;
  /** The entries behind the snapshot. */
  readonly tail: readonly Pick<Entry, "dot" | "deps">[];
}

/** What the next compaction may prune. */
export function prunable({ living, clock, tail }: Standing): VectorClock {
  const builtOn = tail.filter(({ dot }) => clock.contains(dot));
  const isBelow = ([actor, counter]: readonly [ActorId, number]): boolean =>
    !living.has(actor) && builtOn.some(({ dot, deps }) => dot.actor !== actor && deps.counter(actor) >= counter);
  return VectorClock.of(clock.entries().filter(isBelow));
}
