/**
 * RoomView: a room as the HTTP face shows it, from what is on disk and, where it is in memory, from how it is now.
 *
 * Invariant: clock and copies name only what is on disk.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RoomView } from "./effect.ts";
import { copiesNeeded } from "./gossip/durable-copies.ts";
import type { JoinedRoom } from "./gossip/list-join.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";
import type { RoomRecord, RoomSummary } from "./stored-room.ts";

/** A loaded room. */
export function viewOfRoom(room: Room, context: RelayContext): RoomView {
  const { record, log, content } = room;
  return {
    ...naming(room.name, record.current),
    generation: room.lineage.generation,
    clock: log.durableClock,
    bytes: content.bytes,
    sessions: room.sessions,
    ...held(room.name, room, context),
    createdMs: record.current?.created.physicalMs ?? log.lastChangeMs ?? 0,
    changedMs: log.lastChangeMs,
  };
}

/** A room on disk; `live` when it is in memory, too. */
export function viewOfSummary(summary: RoomSummary, live: Room | undefined, context: RelayContext): RoomView {
  const { record, clock, bytes, lastHlc } = summary;
  const isCurrent = live !== undefined && live.isOpen && live.lineage.generation === record.generation;
  return {
    ...naming(record.room, record),
    generation: record.generation,
    clock: isCurrent ? live.log.durableClock : clock,
    bytes: isCurrent ? live.content.bytes : bytes,
    sessions: isCurrent ? live.sessions : 0,
    ...held(record.room, isCurrent ? live : undefined, context),
    createdMs: record.created.physicalMs,
    changedMs: (isCurrent ? live.log.lastChangeMs : undefined) ?? lastHlc?.physicalMs,
  };
}

/** A room as several relays list it. `own`: what is known of it here. */
export function viewOfListed(
  { record, bytes, sessions, changedMs, heldBy }: JoinedRoom,
  own: { readonly clock: VectorClock; readonly holders: readonly string[] },
  context: RelayContext,
): RoomView {
  const holders = [...new Set([...heldBy, ...own.holders])].toSorted();
  return {
    ...naming(record.room, record),
    generation: record.generation,
    clock: own.clock,
    bytes,
    sessions,
    ...held(record.room, undefined, context),
    heldBy: holders,
    copies: holders.length,
    createdMs: record.created.physicalMs,
    changedMs,
  };
}

function naming(room: RoomName, record: RoomRecord | undefined) {
  return { room, engine: engineOf(room), title: record?.title?.value, kind: record?.kind?.value };
}

/** Of a room that is not in memory only this relay's own copy is known. */
function held(name: RoomName, live: Room | undefined, { self, placement }: RelayContext) {
  const place = placement.of(name);
  const heldBy = live?.replication.holders ?? (place.isReplica ? [self] : []);
  const replicas = place.replicas.length;
  return { heldBy, copies: heldBy.length, replicas, needed: copiesNeeded(placement.choice.level, replicas) };
}
