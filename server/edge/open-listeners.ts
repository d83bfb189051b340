/**
 * OpenListeners: who listens to what happens to documents, and for how long they may without being asked about again. Whoever is ended comes
 * back by themselves, with the last event that they had, and passes the door anew.
 *
 * Invariant: a response that is over is forgotten; so no more are kept than there are requests under way.
 */
import type { Response } from "express";

/** Milliseconds: nobody listens for longer at one stretch where what they may has an end. More than a timer can count would be none at all. */
const stretchMsMax = 86_400_000;

export class OpenListeners {
  readonly #open = new Set<Response>();
  #endings = 0;

  /** How often all were ended. */
  get endings(): number {
    return this.#endings;
  }

  /** `expiresInMs`: infinite: for good. */
  add(response: Response, expiresInMs: number): void {
    const isForGood = expiresInMs === Number.POSITIVE_INFINITY;
    const over = isForGood ? undefined : setTimeout(() => response.end(), Math.min(expiresInMs, stretchMsMax));
    this.#open.add(response);
    response.once("close", () => {
      clearTimeout(over);
      this.#open.delete(response);
    });
  }

  endAll(): void {
    this.#endings += 1;
    for (const response of this.#open) response.end();
  }
}
