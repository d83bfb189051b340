/**
 * The machine's two clocks, read together: one that never goes back, for deadlines, and the wall's, for stamps and people.
 */
import { performance } from "node:perf_hooks";
import type { Instant } from "@inkmesh/shared/base/instant";

export interface Clock {
  now(): Instant;
}

export const systemClock: Clock = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
};
