/**
 * SpareCopies: rooms on this disk that the ring places elsewhere and of which nothing is owed to anybody, as far as is known: what is here
 * of them may be dropped once that is proven (`copy-dropping.ts`).
 *
 *     noted ──rests──▶ due ──a tenth of them at a time──▶ proven? ──▶ dropped: no spare any more
 *       ▲                                                   └── not now ──▶ rests
 *       └────────── a document that somebody has open, or had a moment ago, rests: it would only be fetched again
 *
 * Invariants: what is taken rests from then on; at most a tenth of them, and at most `atOnceMax` of them: each is loaded for it. Knows names only.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";

export class SpareCopies {
  readonly #restMs: number;
  readonly #atOnceMax: number;
  /** Until when each rests, about the first to be due first. */
  readonly #resting = new Map<RoomName, number>();
  readonly #due = new Set<RoomName>();

  constructor({ restMs, atOnceMax }: { restMs: number; atOnceMax: number }) {
    this.#restMs = restMs;
    this.#atOnceMax = atOnceMax;
  }

  note(room: RoomName, isSpare: boolean, nowMs: number): void {
    if (isSpare && !this.has(room)) this.#resting.set(room, nowMs + this.#restMs);
    if (isSpare) return;
    this.#due.delete(room);
    this.#resting.delete(room);
  }

  has(room: RoomName): boolean {
    return this.#due.has(room) || this.#resting.has(room);
  }

  get size(): number {
    return this.#due.size + this.#resting.size;
  }

  get atOnce(): number {
    return Math.min(this.#atOnceMax, Math.max(1, Math.floor(this.size / 10)));
  }

  /** What stood in their way may not any more. */
  wake(): void {
    for (const room of this.#resting.keys()) this.#due.add(room);
    this.#resting.clear();
  }

  /** What stood in the way of this one does not any more. */
  ready(room: RoomName): void {
    if (this.#resting.delete(room)) this.#due.add(room);
  }

  /** Those whose turn it is. */
  take(nowMs: number): readonly RoomName[] {
    for (const [room, untilMs] of this.#resting) {
      if (untilMs > nowMs) break;
      this.#resting.delete(room);
      this.#due.add(room);
    }
    const taken = [...this.#due].slice(0, this.atOnce);
    for (const room of taken) {
      this.#due.delete(room);
      this.#resting.set(room, nowMs + this.#restMs);
    }
    return taken;
  }

  nextDeadline(): number {
    if (this.#due.size > 0) return Number.NEGATIVE_INFINITY;
    const [first] = this.#resting.values();
    return first ?? Number.POSITIVE_INFINITY;
  }
}
