/**
 * StoredHistory: what the core, and whoever answers for it, is told of how a document came to be, as far as the disk keeps it.
 */
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { containsAll, joinRanges, rangesOfClock, type DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ContentFormat } from "@inkmesh/shared/engine/crdt-engine";

/**
 * The author of content that a relay took over from another one's state, under a dot of its own: who wrote it is told by what that state
 * was made of. No principal is named so. A history shows such an edit only as long as it lacks something of that, and then as nobody's.
 */
export const takenAuthor = "\u0000taken";

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

/** Which dots a history tells of, and how: what is nowhere here it lacks. */
export interface HistoryCoverage {
  /** Contained in what it begins with, not told apart. */
  readonly base: VectorClock;
  /** Told of by minutes before the one asked for, and from that one on; sorted by actor and counter, disjoint each. */
  readonly old: readonly DotRange[];
  readonly told: readonly DotRange[];
}

/** What a disk has of one document, and its history of that. */
export interface CoveredHistory {
  readonly coverage: HistoryCoverage;
  /** What the document contains. */
  readonly clock: VectorClock;
}

/** What another relay's history is asked for: all that one with this coverage lacks. */
export interface HistoryAsk {
  readonly clock: VectorClock;
  readonly base: VectorClock;
  readonly told: readonly DotRange[];
  /** Whether what it begins with is of use, too. */
  readonly wantsBase: boolean;
}

/** What came of taking in a piece of another relay's history. */
export interface TakenHistory extends CoveredHistory {
  /** Whether there was something in it that had been lacking. */
  readonly isNew: boolean;
  /** Whether nothing is lacking that its sender has. */
  readonly isLast: boolean;
}

/** Documents whose history lacks something that they contain. */
export interface HistoryGaps {
  readonly lineages: readonly Lineage[];
  /** Where to go on looking; undefined at the end. */
  readonly next: number | undefined;
}

/** All that is told minute by minute. */
export function allTold({ old, told }: HistoryCoverage): DotRange[] {
  return joinRanges([...old, ...told]);
}

/** Whether `clock` names nothing that a history lacks. */
export function isWithoutGap(coverage: HistoryCoverage, clock: VectorClock): boolean {
  return containsAll(coverage.base, allTold(coverage), rangesOfClock(clock));
}

/** Whether `here` tells all that `there` does: minute by minute what `there` tells so from the minute that it was asked for on, somehow the rest. */
export function tellsAllOf(here: HistoryCoverage, there: HistoryCoverage): boolean {
  const [told, somehow] = [allTold(here), [...rangesOfClock(there.base), ...there.old]];
  return containsAll(VectorClock.empty, told, there.told) && containsAll(here.base, told, somehow);
}
