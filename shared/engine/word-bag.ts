/**
 * WordBag: which words a text has, and how often; what two texts are compared by that may be one with other words.
 */
export interface WordBag {
  readonly counts: ReadonlyMap<string, number>;
  /** Words, each as often as it is there. */
  readonly total: number;
}

export function wordBag(text: string): WordBag {
  const counts = new Map<string, number>();
  let total = 0;
  for (const [word] of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
    total++;
  }
  return { counts, total };
}

/** How much of their words two texts share, 0 to 1 (Dice's coefficient). */
export function likeness(left: WordBag, right: WordBag): number {
  const all = left.total + right.total;
  if (all === 0) return 1;
  const [fewer, more] = left.counts.size < right.counts.size ? [left, right] : [right, left];
  let shared = 0;
  for (const [word, count] of fewer.counts) shared += Math.min(count, more.counts.get(word) ?? 0);
  return (2 * shared) / all;
}
