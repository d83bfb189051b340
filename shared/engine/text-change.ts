/**
 * TextChange: what to do to one text to have another: by lines first, then by words, then what of a word is left between an equal
 * beginning and end. Words rather than letters: what two people make of one word at once should stay a word.
 *
 * Invariants: applied to `before` the steps give `after`; no step begins or ends within a surrogate pair that is whole; there is no step
 * that does nothing.
 */
import { stretchesOf } from "./sequence-alignment.ts";

/** Lengths are UTF-16 units, as in Yjs. */
export type TextStep =
  | { readonly type: "keep"; readonly length: number }
  | { readonly type: "delete"; readonly length: number }
  | { readonly type: "insert"; readonly text: string };

export function textChange(before: string, after: string): readonly TextStep[] {
  const steps: TextStep[] = [];
  byParts(
    before,
    after,
    linesIn,
    (oldLines, newLines) => {
      byParts(oldLines, newLines, wordsIn, (oldWords, newWords) => replace(oldWords, newWords, steps), steps);
    },
    steps,
  );
  return steps;
}

/** How much of their words two texts share, 0 to 1 (Dice's coefficient). */
export function likeness(left: string, right: string): number {
  const [these, those] = [countsOf(left), countsOf(right)];
  let [shared, all] = [0, 0];
  for (const [word, count] of these) {
    shared += Math.min(count, those.get(word) ?? 0);
    all += count;
  }
  for (const count of those.values()) all += count;
  return all === 0 ? 1 : (2 * shared) / all;
}

function countsOf(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(/[\p{L}\p{N}]+/gu)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function byParts(
  before: string,
  after: string,
  partsIn: (text: string) => readonly string[],
  change: (before: string, after: string) => void,
  steps: TextStep[],
): void {
  const [left, right] = [partsIn(before), partsIn(after)];
  for (const stretch of stretchesOf(left, right)) {
    const old = left.slice(...stretch.before).join("");
    if (stretch.same) push(steps, { type: "keep", length: old.length });
    else change(old, right.slice(...stretch.after).join(""));
  }
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
