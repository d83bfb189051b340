/**
 * RoomCopy: a room as what holds its copies alike sees it: what is here, what of it is on disk, and how something is let in.
 * `Room` is one.
 */
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { EngineCall } from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RoomContent } from "../room-content.ts";
import type { RoomLog } from "../room-log.ts";
import type { RecordCopies } from "./record-copies.ts";
import type { RoomRecord } from "../stored-room.ts";

/** All that is known to be on this disk: what its clock names, and what was pruned from that. */
export function knownDurable({ content, log }: Pick<RoomCopy, "content" | "log">): VectorClock {
  return log.durableClock.join(content.pruned);
}

export interface RoomCopy {
  readonly lineage: Lineage;
  readonly content: RoomContent;
  readonly log: RoomLog;
  /** As it is on disk. */
  readonly storedRecord: RoomRecord | undefined;
  /** Who has that, too. */
  readonly recordCopies: RecordCopies;
  /** Whether updates may be let in. */
  readonly isOpen: boolean;
  /** Whether the disk has all that is here, the record too. */
  readonly isSettled: boolean;
  /** Lets in another relay's entry, the next of its actor, all of whose deps are here. */
  takeEntry(entry: Entry): void;
  /** Lets in what of `update` is new and applies, as an entry of this relay's own; "whole": all of it or nothing. Whether all of it is here then. */
  takeContent(update: Uint8Array, how: "whole" | "part"): "all" | "part" | "none";
  /** Everything that `clock` names is on this disk. */
  takeClock(clock: VectorClock): void;
  /** Another relay knows more than this disk: keep it. `then` runs when that worked or did not. */
  takeRecord(record: RoomRecord, then: () => void): void;
  /** It has what the other copies had when it was first wanted here. */
  becameFresh(): void;
  /** What may be said of the copies changed. */
  copiesChanged(): void;
  /** There is something to do at the end of the turn. */
  touched(): void;
  call(call: EngineCall, then: (result: Result<Uint8Array>) => void): void;
}
