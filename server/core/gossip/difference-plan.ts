/**
 * DifferencePlan: how to answer a replica that asks for all that it lacks of a room: with the entries themselves where that is
 * all and goes without gaps, otherwise with one state.
 *
 *     entries: dots, authors and stamps arrive as they were      state: content only; the receiver gives it a dot of its own
 *
 * Invariant: entries are chosen only if the receiver, from the clock that it said, can take in each of them as it comes, and has
 * every *content* then: what the snapshot holds must be named by its clock already, and so must the quarantined.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";

export type DifferencePlan =
  /** `named`: the dots of these entries, to be told with the cover. */
  { readonly type: "entries"; readonly entries: readonly Entry[]; readonly named: VectorClock } | { readonly type: "state" };

/** `folded`: what the snapshot's clock names; `tail`: the durable entries behind it; `theirs`: what the asking relay has. */
export function planDifference(
  room: { readonly folded: VectorClock; readonly tail: readonly Entry[] },
  theirs: VectorClock,
  limits: { readonly differenceBytesMax: number },
): DifferencePlan {
  if (!theirs.covers(room.folded)) return { type: "state" };
  const entries = room.tail.filter((entry) => !theirs.contains(entry.dot));
  if (entries.length === 0) return { type: "state" };
  let clock = theirs;
  let bytes = 0;
  for (const entry of entries) {
    bytes += entry.payload.length;
    if (!clock.covers(entry.deps) || bytes > limits.differenceBytesMax) return { type: "state" };
    clock = clock.advance(entry.dot);
  }
  const named = new Map(entries.map(({ dot }) => [dot.actor, dot.counter] as const));
  return { type: "entries", entries, named: VectorClock.of(named) };
}
