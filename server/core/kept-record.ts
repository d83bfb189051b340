/**
 * KeptRecord: a room's record as it is on disk, and the one write that may be under way.
 *
 * Invariant: `current` is what is durable; writes of one room follow each other, so whoever decides by `current` waits
 * with `whenSettled` until nothing is under way.
 */
import { assert } from "@inkmesh/shared/base/assert";
import type { Result } from "@inkmesh/shared/base/result";
import type { RelayContext } from "./relay-context.ts";
import type { RoomRecord } from "./stored-room.ts";

export class KeptRecord {
  readonly #context: RelayContext;
  #current: RoomRecord | undefined;
  #isWriting = false;
  /** One per open request at most. */
  #waiting: (() => void)[] = [];

  constructor(context: RelayContext, current: RoomRecord | undefined) {
    this.#context = context;
    this.#current = current;
  }

  get current(): RoomRecord | undefined {
    return this.#current;
  }

  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Runs `then` when no write is under way. */
  whenSettled(then: () => void): void {
    if (this.#isWriting) this.#waiting.push(then);
    else then();
  }

  /** What the disk turned out to have. */
  found(record: RoomRecord): void {
    this.#current = record;
  }

  write(record: RoomRecord, then: (result: Result<undefined>) => void): void {
    assert(!this.#isWriting, "a room's record has one write under way");
    this.#isWriting = true;
    const seq = this.#context.records.ask((result) => {
      this.#isWriting = false;
      if (result.ok) this.#current = record;
      then(result);
      this.#goOn();
    });
    this.#context.effect({ type: "store-record", seq, record });
  }

  #goOn(): void {
    while (!this.#isWriting) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next();
    }
  }
}
