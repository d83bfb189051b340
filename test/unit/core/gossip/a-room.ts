/**
 * Builders for tests of a room's copies: limits as a mesh starts with them, clocks and entries that read well.
 */
import { relayOf, type ActorId, type Lineage, type RingId, type RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { ReplicationLimits } from "../../../../server/core/gossip/replication-limits.ts";

export const lineage: Lineage = { room: "notes" as RoomName, generation: 0 };
export const ringOne = "0000000000000001" as RingId;
export const ringTwo = "0000000000000002" as RingId;

export function replicationLimits(changes: Partial<ReplicationLimits> = {}): ReplicationLimits {
  return {
    causalWaitMs: 2_000,
    waitingEntriesMax: 1_024,
    waitingBytesMax: 4_194_304,
    askAgainMs: 500,
    exchangeAgainMs: 10_000,
    countedDotsMax: 4_096,
    compareChangedMs: 1_000,
    changedRoomsMax: 1_024,
    sweepMs: 600_000,
    sweepPartsMax: 64,
    listedRoomsMax: 32,
    differenceBytesMax: 67_108_864,
    dropsAtOnceMax: 64,
    keptHistoryMs: 0,
    ...changes,
  };
}

export function aClock(counters: Readonly<Record<string, number>>): VectorClock {
  return VectorClock.of(Object.entries(counters) as [ActorId, number][]);
}

/** The `counter`-th entry of `actor`, which had delivered `others` before. */
export function anEntry(actor: ActorId, counter: number, others: Readonly<Record<string, number>> = {}, bytes = 1): Entry {
  return {
    dot: { actor, counter },
    deps: aClock({ ...others, [actor]: counter - 1 }),
    hlc: { physicalMs: 0, logical: 0, relay: relayOf(actor) },
    author: "",
    payload: new Uint8Array(bytes),
  };
}
