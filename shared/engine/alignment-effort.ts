/**
 * AlignmentEffort: how much one written document may cost to compare with what it was. Comparing is quadratic in what differs, once for blocks
 * and again for the words of each, and a whole rewritten book would hold a worker for minutes. Past the limit what is left counts as
 * different, or is matched in order: a larger edit, never a wrong one.
 *
 * Counted in steps, not in time: the same parts and body make the same bytes wherever they are compared.
 */

/** Steps of some ten to a hundred nanoseconds each. */
const stepsMax = 10_000_000;
/** Insertions and deletions that are looked for in one comparison before all that is left counts as different. */
const editLengthMax = 2_000;

export class AlignmentEffort {
  #steps = stepsMax;

  /** Whether there is as much left; then it is spent. */
  spend(steps: number): boolean {
    if (steps > this.#steps) return false;
    this.#steps -= steps;
    return true;
  }

  /** How many insertions and deletions may be looked for now: finding them takes as many steps as their number squared. */
  get editLengthMax(): number {
    return Math.min(editLengthMax, Math.floor(Math.sqrt(this.#steps)));
  }

  /** `length` insertions and deletions were found, or looked for in vain. */
  spendOnEdits(length: number): void {
    this.#steps = Math.max(0, this.#steps - length * length);
  }
}
