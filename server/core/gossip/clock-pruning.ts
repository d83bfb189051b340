/**
 * ClockPruning: which lives of relays a room's clock need not name any more. Every start of a relay is a new actor; without
 * pruning, clocks would grow with every restart, and with them each entry's deps.
 *
 * An actor may go when it has ended (the caller knows: it said goodbye, or its relay is long gone; an equal RelayId proves nothing,
 * folders get cloned) and every other replica was found equal to this one since, with a clock that names all of it: then there is
 * nobody who would have to be told by that name. Each relay prunes for itself, at a moment of its own.
 *
 * Others may still name the actor for a while: in deps, in clocks of theirs. So what was pruned is remembered as known, in memory,
 * and taken out again of what is joined. After a restart it is not, and then a name that means nothing here is a gap like any
 * other, closed by a comparison.
 *
 * Invariants: nothing is pruned by size (basho/riak_kv#1864), nor before every replica of the newest ring has it; at most
 * `prunedMax` pruned actors are remembered, the oldest are forgotten first.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ActorId, RelayId, RingId } from "@inkmesh/shared/base/ids";

export class ClockPruning {
  readonly #prunedMax: number;
  readonly #equal = new Map<RelayId, VectorClock>();
  readonly #pruned = new Map<ActorId, number>();
  #ring: RingId;
  #others: readonly RelayId[];

  /** `others`: the replicas of the newest ring without this relay. */
  constructor(options: { prunedMax: number; ring: RingId; others: readonly RelayId[] }) {
    this.#prunedMax = options.prunedMax;
    this.#ring = options.ring;
    this.#others = options.others;
  }

  place(ring: RingId, others: readonly RelayId[]): void {
    if (ring !== this.#ring) this.#equal.clear();
    this.#ring = ring;
    this.#others = others;
  }

  /** `relay` was found equal to this one; `clock` is both clocks joined. */
  equalWith(relay: RelayId, ring: RingId, clock: VectorClock): void {
    if (ring === this.#ring) this.#equal.set(relay, clock);
  }

  /** Takes out of `clock` what needs no name any more. The same object where nothing does. */
  prune(clock: VectorClock, hasEnded: (actor: ActorId) => boolean): VectorClock {
    const isNeeded = ([actor, counter]: readonly [ActorId, number]): boolean => !hasEnded(actor) || !this.#isEverywhere(actor, counter);
    const entries = clock.entries();
    const kept = entries.filter(isNeeded);
    if (kept.length === entries.length) return clock;
    for (const [actor, counter] of entries.filter((entry) => !isNeeded(entry))) this.#remember(actor, counter);
    return VectorClock.of(kept);
  }

  /** What is known: `clock`, and what was pruned from it. */
  known(clock: VectorClock): VectorClock {
    return this.#pruned.size === 0 ? clock : clock.join(VectorClock.of(this.#pruned));
  }

  /** `joined` without the names that this relay has pruned, unless it says more of them than was known. */
  withoutPruned(joined: VectorClock): VectorClock {
    if (this.#pruned.size === 0) return joined;
    return VectorClock.of(joined.entries().filter(([actor, counter]) => counter > (this.#pruned.get(actor) ?? 0)));
  }

  #isEverywhere(actor: ActorId, counter: number): boolean {
    return this.#others.every((relay) => (this.#equal.get(relay)?.counter(actor) ?? 0) >= counter);
  }

  #remember(actor: ActorId, counter: number): void {
    this.#pruned.delete(actor);
    this.#pruned.set(actor, counter);
    if (this.#pruned.size <= this.#prunedMax) return;
    const [oldest] = this.#pruned.keys();
    this.#pruned.delete(oldest!);
  }
}
