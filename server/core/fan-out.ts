/**
 * FanOut: what a room's turn has for the sessions that are here.
 *
 * Everything admitted in one turn goes out together at its end, encoded once per dialect. If one session wrote all of
 * it, the others get it; if several did, everybody gets the same bytes, authors included, since clients ignore what they
 * have. So a frame for many sockets is one array, however many wrote.
 */
import type { SeatId } from "@inkmesh/shared/base/ids";

export interface TurnOfRoom {
  readonly payloads: readonly Uint8Array[];
  /** The only author, who need not hear it. */
  readonly author: SeatId | undefined;
}

export class FanOut {
  #payloads: Uint8Array[] = [];
  #authors = new Set<SeatId | undefined>();

  /** `author`: undefined where nobody here wrote it. */
  add(payload: Uint8Array, author: SeatId | undefined): void {
    this.#payloads.push(payload);
    this.#authors.add(author);
  }

  /** What has come since the last call; undefined when nothing has. */
  take(): TurnOfRoom | undefined {
    if (this.#payloads.length === 0) return undefined;
    const [author] = this.#authors;
    const turn = { payloads: this.#payloads, author: this.#authors.size === 1 ? author : undefined };
    this.#payloads = [];
    this.#authors = new Set();
    return turn;
  }
}
