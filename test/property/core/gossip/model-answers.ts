/**
 * ModelAnswers: what a relay answers from its disk to somebody who lacks something.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RelayId } from "@inkmesh/shared/base/ids";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { EntryRun, MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { planDifference, type DifferencePlan } from "../../../../server/core/gossip/difference-plan.ts";
import type { ReplicationLimits } from "../../../../server/core/gossip/replication-limits.ts";
import { lineage } from "../../../unit/core/gossip/a-room.ts";
import { clockOf, payloadOf, tokensOf } from "./model-disk.ts";

export type DifferenceRequest = Extract<MeshRoomMessage, { type: "difference-request" }>;

export function entriesMessage(entries: readonly Entry[], upstream: RelayId | undefined): MeshRoomMessage {
  return { type: "entries", lineage, upstream, entries };
}

export function answersToWant(log: readonly Entry[], run: EntryRun, upstream: RelayId | undefined): readonly MeshRoomMessage[] {
  const found = log.filter(({ dot }) => dot.actor === run.actor && dot.counter >= run.from && dot.counter <= run.to);
  const answers = found.length > 0 ? [entriesMessage(found, upstream)] : [];
  return found.length < run.to - run.from + 1 ? [...answers, { type: "unavailable", lineage, run, isFolded: false }] : answers;
}

/** A quarter of the log pretends to be a snapshot. */
export function planFor(log: readonly Entry[], { clock }: DifferenceRequest, limits: ReplicationLimits): DifferencePlan {
  const folded = log.length >> 2;
  return planDifference({ folded: clockOf(log.slice(0, folded)), tail: log.slice(folded) }, clock, limits);
}

/** The difference, then the cover. */
export function differenceMessages(
  plan: DifferencePlan,
  disk: { readonly log: readonly Entry[]; readonly clock: VectorClock; readonly isComplete: boolean },
  exchange: number,
  upstream: RelayId | undefined,
): readonly MeshRoomMessage[] {
  const { clock, isComplete } = disk;
  const entries = plan.type === "entries" ? plan.named : VectorClock.empty;
  const told = plan.type === "entries" ? [entriesMessage(plan.entries, upstream)] : slicesOf(disk.log, exchange);
  return [...told, { type: "cover", lineage, exchange, isComplete, entries, clock }];
}

function slicesOf(log: readonly Entry[], exchange: number): readonly MeshRoomMessage[] {
  const state = payloadOf(log.flatMap((entry) => tokensOf(entry.payload)));
  const slices = [state.subarray(0, state.length >> 1), state.subarray(state.length >> 1)];
  return slices.map((bytes, index) => ({ type: "difference", lineage, exchange, remaining: index === 0 ? slices[1]!.length : 0, bytes }));
}
