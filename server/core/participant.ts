/**
 * Participant: a session, as its room sees it; and the audience of a frame: who is to get it, encoded once per dialect.
 */
import type { ConnectionId, SeatId } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import type { TurnOfRoom } from "./fan-out.ts";
import type { RoomRecord } from "./stored-room.ts";

/** What a frame that goes to many is about: it decides who can do without. */
export type Topic = "updates" | "clock" | "presence" | "presence-count";

export interface Participant {
  readonly connection: ConnectionId;
  /** No other session has it; edits over HTTP, which hear nothing, share one. */
  readonly seat: SeatId;
  readonly dialect: Dialect;
  readonly principal: string;
  /** The room is open: from the start, after loading, or again after a deletion that did not work. */
  roomOpened(): void;
  roomFailed(refusal: Refusal): void;
  /** `record` closes a generation, and may have opened a later one: who belongs to that waits for `roomOpened`. */
  roomClosed(record: RoomRecord): void;
  /** Whether these frames are to go to its socket now; otherwise it keeps them for later or does without. */
  takes(frames: readonly Uint8Array[], topic: Topic): boolean;
  /** What was let in up to now, for those who are told of it in words of their own rather than in frames for many. */
  heard?(turn: TurnOfRoom): void;
  /** More is on disk here, or known to be on disk elsewhere. */
  durabilityChanged(): void;
}

export interface Audience {
  readonly frames: readonly Uint8Array[];
  readonly to: readonly ConnectionId[];
}

/** Who takes frames about `topic`, all but `except`: one list of frames per dialect and address, shared by everybody in `to`. */
export function audience(
  participants: readonly Participant[],
  topic: Topic,
  framesIn: (dialect: Dialect) => readonly Uint8Array[],
  except: readonly SeatId[],
): readonly Audience[] {
  const audiences = new Map<string, { frames: readonly Uint8Array[]; to: ConnectionId[] }>();
  for (const participant of participants) {
    const { connection, seat, dialect } = participant;
    if (except.includes(seat)) continue;
    const ear = `${dialect.name} ${dialect.address}`;
    const known = audiences.get(ear) ?? { frames: framesIn(dialect), to: [] };
    audiences.set(ear, known);
    if (known.frames.length > 0 && participant.takes(known.frames, topic)) known.to.push(connection);
  }
  return [...audiences.values()].filter(({ to }) => to.length > 0);
}
