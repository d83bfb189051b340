/**
 * RoomTrace: what a disk says of a room: the mark; no trace of it on a whole disk that held its place; or neither.
 *
 * Invariant: without a mark it is the same in memory as it would be after a start. Who has seen nothing of a room vouches for that only until
 * something is written without a mark, since the ring places the room elsewhere, or until this disk was whole under a ring that does.
 */
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import type { RingRecords } from "../membership/ring-records.ts";
import type { RelayContext } from "../relay-context.ts";
import type { RoomCopy } from "./room-copy.ts";
import type { RoomPlace } from "./room-place.ts";

export type RoomTrace = "marked" | "unused" | "blank";

/** What the disk shows of a room without a mark, as it is here and placed now. */
export function traceWithoutMark({ self, placement }: RelayContext, copy: RoomCopy, place: RoomPlace): RoomTrace {
  const { all } = place.former();
  // Where there is nobody else who could know of it, this disk has all that there is.
  if (all.length > 0 && all.every((relay) => relay === self)) return "unused";
  const hasTrace = copy.storedRecord !== undefined || copy.content.clock.size > 0;
  return unmarkedTrace(copy.lineage.room, { hasTrace, whole: placement.wholeRing }, { self, replicas: placement.choice.replicas });
}

/** What the disk of `self` shows of `room` when it has no mark. */
export function unmarkedTrace(
  room: RoomName,
  disk: { readonly hasTrace: boolean; readonly whole: RingRecords | undefined },
  { self, replicas }: { readonly self: RelayId; readonly replicas: number },
): RoomTrace {
  const heldItsPlace = disk.whole?.newest.preferenceList(room, replicas).includes(self) ?? false;
  return heldItsPlace && !disk.hasTrace ? "unused" : "blank";
}
