/**
 * RoomClocks: how far one room is on the disks of its replicas, as this relay knows: its own exactly, others' as they told it last.
 *
 * Nobody is asked for it. Others tell a relay what they have as long as somebody has the room open there; whoever wants to know for
 * certain asks each relay about itself.
 */
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { copiesNeeded, type ToldCopy } from "./gossip/durable-copies.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";

export interface RoomClocks {
  /** Who says so. */
  readonly self: RelayId;
  readonly room: RoomName;
  readonly generation: number;
  /** Whether there is a document of this name here: it was never used, there is one, or it was deleted. */
  readonly standing: "unused" | "open" | "deleted";
  readonly title: string | undefined;
  /** The relays that the newest ring names, the owner first, and how many of them "saved" needs. */
  readonly replicas: readonly RelayId[];
  readonly needed: number;
  /** What is on this relay's disk. */
  readonly clock: VectorClock;
  /** Whether this relay vouches for having everything. */
  readonly isComplete: boolean;
  /** Entries that are here and not on the disk yet. */
  readonly waiting: number;
  readonly sessions: number;
  readonly told: readonly ToldCopy[];
}

/** Of a room that is loaded. */
export function clocksOfRoom(room: Room, { placement, self }: RelayContext): RoomClocks {
  const { replicas } = placement.of(room.name);
  return {
    self,
    room: room.name,
    generation: room.lineage.generation,
    standing: room.isDeleted ? "deleted" : room.exists ? "open" : "unused",
    title: room.record.current?.title?.value,
    replicas,
    needed: copiesNeeded(placement.choice.level, replicas.length),
    clock: room.log.durableClock,
    isComplete: room.replication.isComplete,
    waiting: room.log.waiting,
    sessions: room.sessions,
    told: room.replication.copies.told,
  };
}
