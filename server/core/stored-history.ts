/**
 * StoredHistory: what the core, and whoever answers for it, is told of how a document came to be, as far as the disk keeps it.
 */
import type { ActorId, RoomName } from "@inkmesh/shared/base/ids";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ContentFormat } from "@inkmesh/shared/engine/crdt-engine";

/** Counters [from, from + length) of one actor. */
export interface DotRange {
  readonly actor: ActorId;
  readonly from: number;
  readonly length: number;
}

/** What one author wrote in one minute. */
export interface HistoryMinute {
  /** The principal; the empty string where no application named one. */
  readonly author: string;
  /** Since 1970. */
  readonly minute: number;
  readonly entries: number;
  readonly first: Hlc;
  readonly last: Hlc;
  /** Sorted by actor and counter, disjoint. */
  readonly dots: readonly DotRange[];
  /** All that its entries hang on, what it contains itself included. */
  readonly deps: VectorClock;
}

/** The document as it was at the end of a minute. */
export interface VersionAsk {
  readonly room: RoomName;
  readonly generation: number;
  readonly minute: number;
  readonly format: ContentFormat;
}

export interface RoomHistory {
  readonly generation: number;
  /** What the beginning contains: everything up to the horizon, or from before a history was kept. Empty where all is kept. */
  readonly base: VectorClock;
  /** Behind the base, by minute and within one by author; what is still in the log is among them. */
  readonly minutes: readonly HistoryMinute[];
}
