/**
 * GapCount: how often one session's updates built on something that was missing here, within the last `gapWindowMs`. A
 * healthy client has one gap after a lost connection; one that always has another would make its relay ask for ever.
 */
export class GapCount {
  readonly #max: number;
  readonly #windowMs: number;
  /** At most one more than `gapsPerWindowMax`. */
  #atMs: number[] = [];

  constructor(options: { gapsPerWindowMax: number; gapWindowMs: number }) {
    this.#max = options.gapsPerWindowMax;
    this.#windowMs = options.gapWindowMs;
  }

  /** Counts one more; whether that is too many. */
  addIsTooMany(nowMs: number): boolean {
    this.#atMs = this.#atMs.filter((atMs) => nowMs - atMs < this.#windowMs);
    this.#atMs.push(nowMs);
    return this.#atMs.length > this.#max;
  }
}
