/**
 * TokenBucket: a sustained rate with room for a burst (Turner, "New directions in communications", 1986).
 *
 * What arrived is always taken, even when it costs more than is there: the bucket goes into debt and the caller stops
 * reading until it is paid. So a client over its rate is slowed and loses nothing.
 *
 * Invariants: -burst ≤ level ≤ burst, so that no debt takes longer to pay than a full bucket takes to fill. Knows no clock.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #level: number;
  #atMs: number;

  constructor(options: { perSecond: number; burst: number; nowMs: number }) {
    this.#perMs = options.perSecond / 1_000;
    this.#burst = options.burst;
    this.#level = options.burst;
    this.#atMs = options.nowMs;
  }

  /** Takes `cost` and answers in how many ms the debt is paid; 0 when there is none. */
  spend(cost: number, nowMs: number): number {
    this.#refill(nowMs);
    this.#level = Math.max(-this.#burst, this.#level - cost);
    return this.debtMs(nowMs);
  }

  debtMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#level >= 0 ? 0 : Math.ceil(-this.#level / this.#perMs);
  }

  #refill(nowMs: number): void {
    this.#level = Math.min(this.#burst, this.#level + Math.max(0, nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
  }
}
