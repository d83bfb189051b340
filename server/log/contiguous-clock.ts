/**
 * ContiguousClock: what a set of dots lets a vector clock claim: per actor the counters without a gap from where `base`
 * ends. Dots past a gap stay unnamed, since a clock never claims what is not here.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import type { Dot } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";

export interface ContiguousClock {
  readonly clock: VectorClock;
  /** Whether some of the dots lie past a gap. */
  readonly beyond: boolean;
}

export function contiguousClock(base: VectorClock, dots: Iterable<Dot>): ContiguousClock {
  const countersOf = new Map<ActorId, number[]>();
  for (const { actor, counter } of dots) {
    const counters = countersOf.get(actor);
    if (counters) counters.push(counter);
    else countersOf.set(actor, [counter]);
  }
  const reached = new Map<ActorId, number>(base.entries());
  let beyond = false;
  for (const [actor, counters] of countersOf) {
    let last = reached.get(actor) ?? 0;
    for (const counter of counters.sort((left, right) => left - right)) {
      if (counter === last + 1) last = counter;
      else if (counter > last) beyond = true;
    }
    reached.set(actor, last);
  }
  return { clock: VectorClock.of(reached), beyond };
}
