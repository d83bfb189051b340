/**
 * DurabilityGate: words that may be said only when a room's entries up to a position are on disk: a state vector (which
 * Yjs clients read as an ack), a `synced`, a token.
 *
 * Invariant: what waits is released in the order in which it came, and never before its position is durable. One thing
 * waits per session and purpose; what sessions that have gone left is swept out as it piles up, so that a disk that stays
 * full for hours costs no memory.
 */
interface Held {
  readonly position: number;
  readonly release: () => void;
  /** Whether whoever waits is still there. */
  readonly isWanted: () => boolean;
}

/** Below this many a sweep is not worth it. */
const sweepMin = 64;

export class DurabilityGate {
  #held: Held[] = [];
  #sweepAt = sweepMin;

  get size(): number {
    return this.#held.length;
  }

  hold(position: number, release: () => void, isWanted: () => boolean = () => true): void {
    if (this.#held.length >= this.#sweepAt) {
      this.#held = this.#held.filter((held) => held.isWanted());
      this.#sweepAt = sweepMin + 2 * this.#held.length;
    }
    this.#held.push({ position, release, isWanted });
  }

  /** Everything up to `position` is on disk. */
  open(position: number): void {
    let count = 0;
    while (this.#held[count] !== undefined && (this.#held[count]?.position ?? Infinity) <= position) count += 1;
    for (const { release } of this.#held.splice(0, count)) release();
  }
}
