/**
 * SparseLines: lines of the log that others can cause as often as they like, of which one in a while is written. It says how many were
 * left out before it.
 */
export class SparseLines {
  readonly #everyMs: number;
  readonly #write: (why: string, leftOut: number) => void;
  #nextMs = Number.NEGATIVE_INFINITY;
  #leftOut = 0;

  constructor(everyMs: number, write: (why: string, leftOut: number) => void) {
    this.#everyMs = everyMs;
    this.#write = write;
  }

  /** `nowMs`: monotonic. */
  add(why: string, nowMs: number): void {
    if (nowMs < this.#nextMs) {
      this.#leftOut += 1;
      return;
    }
    this.#write(why, this.#leftOut);
    this.#nextMs = nowMs + this.#everyMs;
    this.#leftOut = 0;
  }
}
