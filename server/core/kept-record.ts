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

/** Whose record it is. */
export interface RecordKeeper {
  /** Whether the room is complete on this disk once something is written. */
  readonly shouldMark: boolean;
  /** `record` is on disk, and whoever wrote it has not drawn conclusions yet. */
  recordLanded(record: RoomRecord): void;
  /** It has. `isMarked`: and it is on disk that the room is complete here. */
  recordSettled(isMarked: boolean): void;
}

export class KeptRecord {
  readonly #context: RelayContext;
  readonly #keeper: RecordKeeper;
  #current: RoomRecord | undefined;
  #isWriting = false;
  /** One per open request at most. */
  #waiting: (() => void)[] = [];

  constructor(context: RelayContext, current: RoomRecord | undefined, keeper: RecordKeeper) {
    this.#context = context;
    this.#current = current;
    this.#keeper = keeper;
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

  /** What the disk turned out to have, though writing it seemed to fail. */
  found(record: RoomRecord, then: () => void): void {
    this.#landed(record);
    then();
    this.#keeper.recordSettled(false);
  }

  write(record: RoomRecord, then: (result: Result<undefined>) => void): void {
    assert(!this.#isWriting, "a room's record has one write under way");
    this.#isWriting = true;
    const completes = this.#keeper.shouldMark;
    const seq = this.#context.records.ask((result) => {
      this.#isWriting = false;
      if (result.ok) this.#landed(record);
      then(result);
      if (result.ok) this.#keeper.recordSettled(completes);
      this.#goOn();
    });
    this.#context.effect({ type: "store-record", seq, record, completes });
  }

  #landed(record: RoomRecord): void {
    this.#context.report({ type: "recorded", before: this.#current, record });
    this.#current = record;
    this.#keeper.recordLanded(record);
  }

  #goOn(): void {
    while (!this.#isWriting) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next();
    }
  }
}
