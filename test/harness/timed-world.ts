/**
 * TimedWorld: simulated time for tests of several relays in one process: what is to happen when, in order; of two at one moment the
 * one that was asked for first.
 */
export abstract class TimedWorld {
  /** The world's clock, in ms; only `run` moves it. */
  nowMs: number;
  readonly #happenings: { readonly atMs: number; readonly run: () => void }[] = [];
  readonly #lookEveryMs: number;

  constructor({ nowMs = 0, lookEveryMs = 100 }: { nowMs?: number; lookEveryMs?: number } = {}) {
    this.nowMs = nowMs;
    this.#lookEveryMs = lookEveryMs;
  }

  at(atMs: number, run: () => void): void {
    const later = this.#happenings.findLastIndex((other) => other.atMs <= atMs) + 1;
    this.#happenings.splice(later, 0, { atMs, run });
  }

  /** Lets time pass. */
  run(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let next = this.#happenings[0]; next !== undefined && next.atMs <= untilMs; next = this.#happenings[0]) {
      this.#happenings.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = untilMs;
  }

  /** Lets time pass until `isSo`, at most `msMax`; whether it came to be so. */
  runUntil(isSo: () => boolean, msMax: number): boolean {
    const untilMs = this.nowMs + msMax;
    while (!isSo() && this.nowMs < untilMs) this.run(this.#lookEveryMs);
    return isSo();
  }
}
