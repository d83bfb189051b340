/**
 * JoinPlan: how somebody who joins or returns is brought up to date with as little as possible, and without a merge on
 * the event loop.
 *
 *     its clock covers the snapshot's           exactly the entries behind its clock
 *     it has nothing                            the snapshot, and the tail
 *     it has every struct of the snapshot       the snapshot's deletions, and the tail
 *     it has something else                     a difference, made by a worker
 *
 * Without a snapshot the tail is everything, whatever the joiner has.
 */
import { ok, type Result } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RoomContent } from "./room-content.ts";

export type JoinPlan =
  | { readonly type: "entries"; readonly entries: readonly Entry[] }
  /** The snapshot's state or only its deletions, then the whole tail. */
  | { readonly type: "whole"; readonly head: "state" | "deletions" | "none" }
  | { readonly type: "difference"; readonly parts: readonly Uint8Array[] };

/** What the joiner says that it has. */
export interface JoinerState {
  /** By entries; undefined when it has no copy of this generation or speaks a dialect without clocks. */
  readonly clock: VectorClock | undefined;
  readonly stateVector: Uint8Array;
}

/** Refuses a state vector that cannot be read, or that could name more than `authorsMax` authors. */
export function planJoin(content: RoomContent, joiner: JoinerState, authorsMax: number): Result<JoinPlan> {
  const holding = content.holding(joiner.stateVector, authorsMax);
  if (!holding.ok) return holding;
  const { snapshot } = content;
  if (joiner.clock !== undefined && joiner.clock.size > 0 && (snapshot === undefined || joiner.clock.covers(snapshot.clock))) {
    return ok({ type: "entries", entries: content.entriesAfter(joiner.clock) });
  }
  if (snapshot === undefined) return ok({ type: "whole", head: "none" });
  if (holding.value === "nothing") return ok({ type: "whole", head: "state" });
  // Where whoever has everything else has the deletions, too, there are none apart.
  if (holding.value === "all") return ok({ type: "whole", head: snapshot.deleteSetUpdate.length === 0 ? "none" : "deletions" });
  return ok({ type: "difference", parts: partsOf(content) });
}

/** Everything, as updates in causal order. */
export function partsOf(content: RoomContent): readonly Uint8Array[] {
  const tail = content.tail.map((entry) => entry.payload);
  return content.snapshot === undefined ? tail : [content.snapshot.state, ...tail];
}

/**
 * What somebody had who had seen `seen`, as updates in causal order; undefined where that cannot be told any more: the snapshot has more, or
 * what they saw came here under other dots. Nor of what was empty and is not any more: an edit on nothing would begin the document a second time.
 */
export function partsAt(content: RoomContent, seen: VectorClock): readonly Uint8Array[] | undefined {
  if (seen.covers(content.clock)) return partsOf(content);
  const { snapshot, tail } = content;
  if (snapshot !== undefined && !seen.covers(snapshot.clock)) return undefined;
  const before = snapshot === undefined ? VectorClock.empty : snapshot.clock.join(snapshot.pruned);
  const entries = tail.filter(({ dot }) => seen.contains(dot));
  const named = seen.entries().reduce((sum, [actor, counter]) => sum + Math.max(0, counter - before.counter(actor)), 0);
  if (entries.length !== named || (snapshot === undefined && entries.length === 0)) return undefined;
  return [...(snapshot === undefined ? [] : [snapshot.state]), ...entries.map(({ payload }) => payload)];
}
