/**
 * MissedUpdates: counts the updates from a relay that bring a document up to date after a time without a line, as far as
 * they held anything that the document had not. What is told live afterwards was not missed.
 */
export class MissedUpdates {
  #isCatchingUp = false;
  #count = 0;

  /** A session is being opened. */
  opening(): void {
    this.#isCatchingUp = true;
  }

  /** So many updates from the relay held news. */
  shown(news: number): void {
    if (this.#isCatchingUp) this.#count += news;
  }

  /** All that the relay had is in the document. A page that was just opened has missed nothing: what came is the document. */
  caughtUp(isReturn: boolean): void {
    this.#isCatchingUp = false;
    if (!isReturn) this.#count = 0;
  }

  /** The count since it was last taken. */
  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}
