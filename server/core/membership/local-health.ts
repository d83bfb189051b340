/**
 * LocalHealth: how much this relay distrusts its own ears. A relay whose event loop hangs hears nobody in time and would
 * declare the whole mesh dead; so it grows slower to judge the worse it is itself (Lifeguard, arXiv 1707.00788, "local
 * health aware probe").
 *
 *     score 0 (well) … localHealthMax;  every probe timeout and interval is times (score + 1)
 *
 * Points come from two sides: a counter, raised by an unanswered probe, by asked relays that did not even say `nack`, and by
 * having to refute one's own death, lowered by every answered probe; and a gauge, how late the event loop runs, told
 * from outside (a stall of garbage collection or compaction is the usual false alarm in Node).
 *
 * Invariants: 0 ≤ score ≤ max, and so for the counter, so that health comes back after as many good probes at most.
 */
import type { MembershipLimits } from "./membership-limits.ts";

export class LocalHealth {
  readonly #limits: MembershipLimits;
  #counter = 0;
  #gauge = 0;

  constructor(limits: MembershipLimits) {
    this.#limits = limits;
  }

  get score(): number {
    return Math.min(this.#limits.localHealthMax, this.#counter + this.#gauge);
  }

  /** Good news is negative. */
  count(points: number): void {
    this.#counter = Math.min(this.#limits.localHealthMax, Math.max(0, this.#counter + points));
  }

  /** How late the event loop runs (99 of 100 times it is earlier), as last measured. */
  runsLate(ms: number): void {
    this.#gauge = Math.max(0, Math.floor(ms / this.#limits.lateMsPerPoint));
  }

  /** `ms` as long as it should be, given how this relay feels. */
  scaled(ms: number): number {
    return ms * (this.score + 1);
  }
}
