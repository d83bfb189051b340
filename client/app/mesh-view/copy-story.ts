/**
 * CopyStory: which of a document's copies fell behind for longer than an edit takes, and came up again; a sentence each.
 *
 * Relays are asked one after the other, so that while somebody types some copy is always a moment behind: that is no news.
 */
import type { ReplicaCopy } from "./mesh-sight.ts";

/** An edit is on all disks long before. */
const newsAfterMs = 3_000;

export class CopyStory {
  readonly #behindSince = new Map<string, number>();
  readonly #told = new Set<string>();

  /** Another document: what was before counts no more. */
  forget(): void {
    this.#behindSince.clear();
    this.#told.clear();
  }

  hear(copies: readonly ReplicaCopy[], nowMs: number): readonly string[] {
    return copies.filter(({ source }) => source.type !== "nobody").flatMap((copy) => this.#news(copy, nowMs) ?? []);
  }

  #news({ relay, behind, isComplete }: ReplicaCopy, nowMs: number): string | undefined {
    if (behind === 0) {
      this.#behindSince.delete(relay);
      if (!isComplete) return undefined;
      return this.#told.delete(relay) ? `The copy at relay ${relay} has everything again.` : undefined;
    }
    const since = this.#behindSince.get(relay) ?? nowMs;
    this.#behindSince.set(relay, since);
    if (nowMs - since < newsAfterMs || this.#told.has(relay)) return undefined;
    this.#told.add(relay);
    return `The copy at relay ${relay} falls behind.`;
  }
}
