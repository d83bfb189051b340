/**
 * CompactionCut: which entries go into a snapshot that is asked for up to a clock.
 *
 * A snapshot claims what it contains, so its clock goes only as far as entries lie without a gap; what a cover names is
 * contained in entries that were stored with it. And it must be causally closed: an entry that hangs on one which was left out
 * could not be applied, and would be set aside as if it were bad. A clock from before the last cover does not tell how much of
 * what covers name it may count on; then only a beginning of the log is taken, which hangs on nothing behind it.
 */
import type { Dot } from "@inkmesh/shared/clock/dot";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { contiguousClock } from "./contiguous-clock.ts";

interface Logged {
  /** What the snapshot before contains; empty without one. */
  readonly base: VectorClock;
  /** What the content contains beside what entries name. */
  readonly cover: VectorClock;
  /** Of the entries behind the snapshot, in the order of admission. */
  readonly tail: readonly Dot[];
}

/** The clock of the new snapshot; it contains the entries of the tail that this names. */
export function compactionCut({ base, cover, tail }: Logged, upTo: VectorClock): VectorClock {
  const named = tail.filter((dot) => upTo.contains(dot));
  if (upTo.covers(cover)) return contiguousClock(base.join(cover), named).clock;
  const { clock } = contiguousClock(base, named);
  const end = tail.findIndex((dot) => !clock.contains(dot));
  return contiguousClock(base, end === -1 ? tail : tail.slice(0, end)).clock;
}
