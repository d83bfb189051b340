/**
 * TypedText: brings together what one typed into a field and what others did to its text meanwhile.
 *
 * A field shows a text; while one types, or composes a character, the document may have gone on. What was typed is read as one splice of what the field
 * showed, moved to where that place is now. So a field never writes back what it showed before others changed it.
 */
interface Splice {
  readonly start: number;
  readonly deleted: number;
  readonly inserted: string;
}

/** The text that has both: what was typed (`shown` became `typed`) and what is there (`shown` became `now`). */
export function withBoth(shown: string, typed: string, now: string): string {
  if (shown === now) return typed;
  const mine = spliceOf(shown, typed);
  const start = placeAfter(mine.start, spliceOf(shown, now));
  const end = Math.max(start, placeAfter(mine.start + mine.deleted, spliceOf(shown, now)));
  return now.slice(0, start) + mine.inserted + now.slice(mine.deleted === 0 ? start : end);
}

/** Where a place in `before` is in `after`. */
export function placeIn(place: number, before: string, after: string): number {
  return before === after ? place : placeAfter(place, spliceOf(before, after));
}

function placeAfter(place: number, { start, deleted, inserted }: Splice): number {
  if (place <= start) return place;
  return Math.max(place - deleted, start) + inserted.length;
}

/** The shortest single splice that makes `after` of `before`; it never parts the two halves of one character. */
function spliceOf(before: string, after: string): Splice {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  if (start > 0 && isHighHalf(before, start - 1)) start -= 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  if (end > 0 && isHighHalf(before, before.length - end - 1)) end -= 1;
  return { start, deleted: before.length - start - end, inserted: after.slice(start, after.length - end) };
}

function isHighHalf(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00;
}
