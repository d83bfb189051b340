/**
 * ShownHistory: what of a history is shown, and in which order a version is made of it.
 *
 * A relay that was away, is new, or lost something takes over the state that others have: that is an edit of its own, by `takenAuthor`. Its
 * content is in the edits that the state was made of, which the others' histories tell and which follow. Once they are all here it is shown
 * no more: nothing is told twice. It is still part of versions, behind all others: what is there already is not there twice, and what it
 * has collected is not taken from them.
 */
import type { HistoryPart } from "@inkmesh/shared/engine/crdt-engine";
import { takenAuthor, type HistoryMinute } from "../core/stored-history.ts";
import { cutThrough } from "./history-cut.ts";
import type { HistorySegment } from "./history-segment.ts";

/** `isWhole`: whether the history tells of everything that the document contains. */
export function shownMinutes(minutes: readonly HistoryMinute[], isWhole: boolean): readonly HistoryMinute[] {
  if (isWhole) return minutes.filter(({ author }) => author !== takenAuthor);
  return minutes.map((minute) => (minute.author === takenAuthor ? { ...minute, author: "" } : minute));
}

/** What makes up the document at the end of `minute`; undefined where nothing is of that minute. */
export function partsThrough(segments: readonly HistorySegment[], minute: number): readonly HistoryPart[] | undefined {
  if (!segments.some((each) => each.minute === minute)) return undefined;
  const cut = cutThrough(segments, minute);
  const isTaken = ({ author }: HistoryMinute): boolean => author === takenAuthor;
  return [...cut.filter((each) => !isTaken(each)), ...cut.filter(isTaken)].map(({ part }) => part);
}
