/**
 * SkewedClock: a clock whose wall time can be turned, for experiments. Its monotonic time is the system's, so that deadlines stay what
 * they are: a relay with a wrong clock is one that stamps wrongly, and nothing else.
 */
import type { Instant } from "@inkmesh/shared/base/instant";
import type { Clock } from "./system-clock.ts";

export class SkewedClock implements Clock {
  readonly #clock: Clock;
  /** Milliseconds by which the wall time is ahead of the system's; negative: behind. */
  skewMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): Instant {
    const { monotonicMs, wallMs } = this.#clock.now();
    return { monotonicMs, wallMs: wallMs + this.skewMs };
  }
}
