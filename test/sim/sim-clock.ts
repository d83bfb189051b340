/**
 * SimClock: one process's two clocks: a monotonic one that drifts, and a wall's, which may also be wrong from the start
 * and step either way.
 *
 * Invariants: monotonic time never goes back, whatever the wall does; both run at `rate` of the world's time.
 */
export class SimClock {
  readonly #worldMs: () => number;
  readonly #rate: number;
  readonly #startedMs: number;
  #offsetMs: number;

  /** `rate`: ms of this clock per ms of the world, close to 1. `offsetMs`: how wrong the wall is at the start. */
  constructor(options: { worldMs: () => number; rate: number; offsetMs: number }) {
    this.#worldMs = options.worldMs;
    this.#rate = options.rate;
    this.#offsetMs = options.offsetMs;
    this.#startedMs = options.worldMs();
  }

  monotonicMs(): number {
    return (this.#worldMs() - this.#startedMs) * this.#rate;
  }

  wallMs(): number {
    return Math.floor(epochMs + this.#startedMs + this.monotonicMs() + this.#offsetMs);
  }

  /** How far the wall is from the world's, in ms. */
  get errorMs(): number {
    return this.wallMs() - epochMs - this.#worldMs();
  }

  stepWall(byMs: number): void {
    this.#offsetMs += byMs;
  }

  /** The world's ms until `ms` of this clock have passed. */
  worldDelay(ms: number): number {
    return ms / this.#rate;
  }
}

/** The wall's time at which every world begins: 2030-01-01. */
export const epochMs = 1_893_456_000_000;
