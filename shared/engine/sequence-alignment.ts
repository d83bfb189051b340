/**
 * SequenceAlignment: which elements of a new sequence are those of an old one, in order: equal ones first (the longest common
 * subsequence, by Myers' algorithm), then, in the gaps between these, the likest ones.
 *
 *     old   A  B  C  D          A, D: equal
 *     new   A  B' X  D          B': like B · X: C with other words, rather than C gone and X come
 *
 * Invariants: what is matched ascends on both sides; nothing is matched twice. Past what a worker should spend on it, gaps are matched in
 * order and a comparison that would take too long counts all as different: larger edits, never wrong ones.
 */
import { diffArrays } from "diff";
import type { AlignmentEffort } from "./alignment-effort.ts";
import { likeness, wordBag } from "./word-bag.ts";

/** Pairs of one gap that are weighed against each other. */
const pairsMax = 40_000;
/** Below it two elements are only matched where nothing else is left. */
const likenessMin = 0.3;

/** A stretch of both sequences: the same on both sides, or what one has for the other. */
export interface Stretch {
  readonly same: boolean;
  readonly before: readonly [from: number, to: number];
  readonly after: readonly [from: number, to: number];
}

/** The sequences as stretches, in order; of two that follow each other one at most is the same. */
export function stretchesOf(before: readonly string[], after: readonly string[], effort: AlignmentEffort): readonly Stretch[] {
  const { editLengthMax } = effort;
  const changes = diffArrays([...before], [...after], { maxEditLength: editLengthMax });
  effort.spendOnEdits(changes?.reduce((sum, { added, removed, count }) => (added || removed ? sum + count : sum), 0) ?? editLengthMax);
  if (changes === undefined) return [{ same: false, before: [0, before.length], after: [0, after.length] }];
  const stretches: Stretch[] = [];
  let [left, right] = [0, 0];
  for (const { added, removed, count } of changes) {
    const [fromLeft, fromRight] = [left, right];
    if (!added) left += count;
    if (!removed) right += count;
    const same = !added && !removed;
    const last = stretches.at(-1);
    if (!same && last?.same === false)
      stretches[stretches.length - 1] = { ...last, before: [last.before[0], left], after: [last.after[0], right] };
    else stretches.push({ same, before: [fromLeft, left], after: [fromRight, right] });
  }
  return stretches;
}

/** What elements are weighed by. */
export interface Likenesses {
  readonly before: (index: number) => string;
  readonly after: (index: number) => string;
  /** Whether one may be the other at all. */
  readonly mayBe: (before: number, after: number) => boolean;
}

/** For each of `after` the one of `before` that it is; undefined: none. */
export function alignment(
  before: readonly string[],
  after: readonly string[],
  like: Likenesses,
  effort: AlignmentEffort,
): readonly (number | undefined)[] {
  const matched: (number | undefined)[] = after.map(() => undefined);
  for (const { same, before: left, after: right } of stretchesOf(before, after, effort)) {
    if (same) for (let at = right[0]; at < right[1]; at++) matched[at] = left[0] + at - right[0];
    else matchGap({ left, right, like, effort }, matched);
  }
  return matched;
}

type Span = readonly [from: number, to: number];

/** Elements on both sides that are all different. */
interface Gap {
  readonly left: Span;
  readonly right: Span;
  readonly like: Likenesses;
  readonly effort: AlignmentEffort;
}

/** Matches within a gap. */
export function matchGap(gap: Gap, matched: (number | undefined)[]): void {
  const { left, right } = gap;
  const [rows, columns] = [left[1] - left[0], right[1] - right[0]];
  if (rows === 0 || columns === 0) return;
  const pairs = rows * columns > pairsMax ? [] : weighed(gap);
  let [row, column] = [0, 0];
  for (const [nextRow, nextColumn] of [...pairs, [rows, columns] as const]) {
    // What is left over between two pairs: the same place, with other words.
    while (row < nextRow && column < nextColumn) matched[right[0] + column++] = left[0] + row++;
    if (nextRow < rows) matched[right[0] + nextColumn] = left[0] + nextRow;
    [row, column] = [nextRow + 1, nextColumn + 1];
  }
}

/** The likest pairs of a gap; none if there is too much to weigh. The words of each element are counted once. */
function weighed({ left, right, like, effort }: Gap): readonly (readonly [number, number])[] {
  const [rows, columns] = [left[1] - left[0], right[1] - right[0]];
  const these = Array.from({ length: rows }, (_, row) => wordBag(like.before(left[0] + row)));
  const those = Array.from({ length: columns }, (_, column) => wordBag(like.after(right[0] + column)));
  const words = these.reduce((sum, { counts }) => sum + counts.size + 1, 0);
  if (!effort.spend(words * columns)) return [];
  return likestPairs(rows, columns, (row, column) =>
    like.mayBe(left[0] + row, right[0] + column) ? likeness(these[row]!, those[column]!) : 0,
  );
}

/** The pairs in order that are likest together: an alignment after Needleman and Wunsch. */
function likestPairs(
  rows: number,
  columns: number,
  likeness: (row: number, column: number) => number,
): readonly (readonly [number, number])[] {
  const width = columns + 1;
  const score = new Float64Array((rows + 1) * width);
  const worth = new Float64Array(rows * columns);
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      const like = likeness(row, column);
      worth[row * columns + column] = like < likenessMin ? -1 : like;
      const paired = like < likenessMin ? -1 : like + score[(row + 1) * width + column + 1]!;
      score[row * width + column] = Math.max(paired, score[(row + 1) * width + column]!, score[row * width + column + 1]!);
    }
  }
  const pairs: [number, number][] = [];
  for (let [row, column] = [0, 0]; row < rows && column < columns;) {
    const like = worth[row * columns + column]!;
    const best = score[row * width + column]!;
    if (like >= 0 && best === like + score[(row + 1) * width + column + 1]!) pairs.push([row++, column++]);
    else if (best === score[(row + 1) * width + column]!) row++;
    else column++;
  }
  return pairs;
}
