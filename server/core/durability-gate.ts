/**
 * DurabilityGate: words that may be said only when a room's entries up to a position are on disk: a state vector (which
 * Yjs clients read as an ack), a `synced`, a token.
 *
 * Invariant: what waits is released in the order in which it came, and never before its position is durable. One thing
 * waits per session and purpose, so there are no more than a few times as many as sessions.
 */
interface Held {
  readonly position: number;
  readonly release: () => void;
}

export class DurabilityGate {
  #held: Held[] = [];

  get size(): number {
    return this.#held.length;
  }

  hold(position: number, release: () => void): void {
    this.#held.push({ position, release });
  }

  /** Everything up to `position` is on disk. */
  open(position: number): void {
    let count = 0;
    while (this.#held[count] !== undefined && (this.#held[count]?.position ?? Infinity) <= position) count += 1;
    for (const { release } of this.#held.splice(0, count)) release();
  }
}
