/**
 * Reconnect: when to try again after a connection failed.
 *
 *     wait = floor + fraction · min(max, base · 2ⁿ)       n: failures in a row; floor: what the relay asked for
 *
 * Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015), so that the clients of a
 * restarted relay come back spread out. The count starts anew only after a *sync*: a relay that greets and then falls
 * over is not hammered.
 *
 * Invariants: no wait is shorter than the relay asked for; waits are bounded by floor + max.
 */
import type { Random } from "@inkmesh/shared/base/random";

export class Reconnect {
  readonly #random: Random;
  readonly #baseMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor(options: { random: Random; baseMs: number; maxMs: number }) {
    this.#random = options.random;
    this.#baseMs = options.baseMs;
    this.#maxMs = options.maxMs;
  }

  /** Takes note of a failure and answers how long to wait, in ms. `floorMs`: what the relay asked for, or 0. */
  failed(floorMs: number): number {
    const ceilingMs = Math.min(this.#maxMs, this.#baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return floorMs + this.#random.fraction() * ceilingMs;
  }

  /** A sync happened, or a person or the network gives reason to start anew. */
  reset(): void {
    this.#failures = 0;
  }
}
