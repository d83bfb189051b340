/**
 * TextChange: what to do to one text to have another: by lines first, then by words, then what of a word is left between an equal
 * beginning and end. Words rather than letters: what two people make of one word at once should stay a word.
 *
 * Invariants: applied to `before` the steps give `after`; no step begins or ends within a surrogate pair that is whole; there is no step
 * that does nothing.
 */
import type { AlignmentEffort } from "./alignment-effort.ts";
import { stretchesOf, type Stretch } from "./sequence-alignment.ts";

/** Lengths are UTF-16 units, as in Yjs. */
export type TextStep =
  | { readonly type: "keep"; readonly length: number }
  | { readonly type: "delete"; readonly length: number }
  | { readonly type: "insert"; readonly text: string };

export function textChange(before: string, after: string, effort: AlignmentEffort): readonly TextStep[] {
  const steps: TextStep[] = [];
  const writing = { steps, effort };
  byParts([before, after], linesIn, writing, (oldLines, newLines) => {
    byParts([oldLines, newLines], wordsIn, writing, (oldWords, newWords) => replace(oldWords, newWords, steps));
  });
  return steps;
}

function byParts(
  [before, after]: readonly [string, string],
  partsIn: (text: string) => readonly string[],
  { steps, effort }: { readonly steps: TextStep[]; readonly effort: AlignmentEffort },
  change: (before: string, after: string) => void,
): void {
  const [left, right] = [partsIn(before), partsIn(after)];
  for (const stretch of bridged(stretchesOf(left, right, effort), left)) {
    const old = left.slice(...stretch.before).join("");
    if (stretch.same) push(steps, { type: "keep", length: old.length });
    else change(old, right.slice(...stretch.after).join(""));
  }
}

/**
 * A blank or a sign between two changes is changed with them: words that are all others are one edit, not one for each, and a document whose
 * every word is another one does not fall into more parts than an edit may have.
 */
function bridged(stretches: readonly Stretch[], left: readonly string[]): readonly Stretch[] {
  const result: Stretch[] = [];
  for (const [index, stretch] of stretches.entries()) {
    const last = result.at(-1);
    const isLast = index === stretches.length - 1;
    if (last?.same === false && (!stretch.same || (!isLast && isSign(left.slice(...stretch.before)))))
      result[result.length - 1] = { same: false, before: [last.before[0], stretch.before[1]], after: [last.after[0], stretch.after[1]] };
    else result.push(stretch);
  }
  return result;
}

function isSign(parts: readonly string[]): boolean {
  const [part, ...more] = parts;
  return part !== undefined && more.length === 0 && /^[^\n\p{L}\p{N}\p{M}]$/u.test(part);
}

function linesIn(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function wordsIn(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}\p{M}]+|\p{Z}+|[^]/gu) ?? [];
}

function replace(before: string, after: string, steps: TextStep[]): void {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  if (start > 0 && isHigh(before, start - 1)) start--;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  if (end > 0 && isLow(before, before.length - end)) end--;
  push(steps, { type: "keep", length: start });
  push(steps, { type: "delete", length: before.length - start - end });
  const text = after.slice(start, after.length - end);
  if (text !== "") steps.push({ type: "insert", text });
  push(steps, { type: "keep", length: end });
}

function isHigh(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000;
}

function push(steps: TextStep[], step: Extract<TextStep, { length: number }>): void {
  if (step.length === 0) return;
  const last = steps.at(-1);
  if (last?.type === step.type) steps[steps.length - 1] = { ...step, length: last.length + step.length };
  else steps.push(step);
}
