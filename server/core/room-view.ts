/**
 * RoomView: a room as the HTTP face shows it, from what is on disk and, where it is in memory, from how it is now.
 *
 * Invariant: clock and copies name only what is on disk.
 */
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import type { RoomView } from "./effect.ts";
import type { Room } from "./room.ts";
import type { RoomRecord, RoomSummary } from "./stored-room.ts";

/** A loaded room. */
export function viewOfRoom(room: Room, self: RelayId): RoomView {
  const { record, log, content } = room;
  return {
    ...naming(room.name, record.current),
    generation: room.lineage.generation,
    clock: log.durableClock,
    bytes: content.bytes,
    sessions: room.sessions,
    ...held(self),
    createdMs: record.current?.created.physicalMs ?? log.lastChangeMs ?? 0,
    changedMs: log.lastChangeMs,
  };
}

/** A room on disk; `live` when it is in memory, too. */
export function viewOfSummary(summary: RoomSummary, live: Room | undefined, self: RelayId): RoomView {
  const { record, clock, bytes, lastHlc } = summary;
  const isCurrent = live !== undefined && live.isOpen && live.lineage.generation === record.generation;
  return {
    ...naming(record.room, record),
    generation: record.generation,
    clock: isCurrent ? live.log.durableClock : clock,
    bytes: isCurrent ? live.content.bytes : bytes,
    sessions: isCurrent ? live.sessions : 0,
    ...held(self),
    createdMs: record.created.physicalMs,
    changedMs: (isCurrent ? live.log.lastChangeMs : undefined) ?? lastHlc?.physicalMs,
  };
}

function naming(room: RoomName, record: RoomRecord | undefined) {
  const engine = room.startsWith("automerge:") ? ("automerge" as const) : ("yjs" as const);
  return { room, engine, title: record?.title?.value, kind: record?.kind?.value };
}

/** One relay: it is every room's only replica. */
function held(self: RelayId) {
  return { heldBy: [self], copies: 1, replicas: 1, needed: 1 };
}
