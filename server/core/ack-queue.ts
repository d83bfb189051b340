/**
 * AckQueue: the numbers of a session's updates that wait until they are on disk.
 *
 * A number waits for a position of its room: that of its own entry, or, when everything in it was known already, the
 * room's last at that moment, because "saved" must be true of what it repeats, too. Positions never fall, so the queue
 * is in order and acks are cumulative.
 */
interface Waiting {
  number: number;
  readonly position: number;
}

export class AckQueue {
  #waiting: Waiting[] = [];
  #last = 0;
  #acknowledged = 0;
  #acknowledgedPosition = 0;

  /** Updates that wait. */
  get size(): number {
    return this.#last - this.#acknowledged;
  }

  /** The highest number that was acknowledged; 0 before the first. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** The position that `acknowledged` waited for. */
  get acknowledgedPosition(): number {
    return this.#acknowledgedPosition;
  }

  /** The highest number that waits for a position up to this one. */
  reached(position: number): { readonly number: number; readonly position: number } | undefined {
    return this.#waiting.findLast((waiting) => waiting.position <= position);
  }

  /** `number` follows the last one added and waits for `position`. */
  add(number: number, position: number): void {
    this.#last = number;
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.position >= position) last.number = number;
    else this.#waiting.push({ number, position });
  }

  /** How many updates are acknowledged now that everything up to `position` is durable. */
  settle(position: number): number {
    const before = this.#acknowledged;
    let settled = 0;
    for (const waiting of this.#waiting) {
      if (waiting.position > position) break;
      this.#acknowledged = waiting.number;
      this.#acknowledgedPosition = waiting.position;
      settled += 1;
    }
    if (settled > 0) this.#waiting.splice(0, settled);
    return this.#acknowledged - before;
  }
}
