/**
 * Questions: effects that are answered by an input. Whoever asks leaves what is to be done with the answer; the number
 * of the question travels with the effect and comes back with the answer.
 *
 * Invariant: a question is answered at most once; an answer that nobody waits for any more is ignored. How many can be
 * open is bounded by those who ask: rooms, sessions, requests.
 */
export class Questions<Answer> {
  readonly #open = new Map<number, (answer: Answer) => void>();
  #last = 0;

  get size(): number {
    return this.#open.size;
  }

  /** The number to send along. */
  ask(then: (answer: Answer) => void): number {
    this.#last += 1;
    this.#open.set(this.#last, then);
    return this.#last;
  }

  answer(seq: number, answer: Answer): void {
    const then = this.#open.get(seq);
    this.#open.delete(seq);
    then?.(answer);
  }
}
