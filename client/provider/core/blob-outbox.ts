/**
 * BlobOutbox: which images of this device are not known to be saved, and when each is to be offered to a relay again.
 *
 *     add ─▶ written to the device ─▶ offered ──saved──▶ gone from here
 *                                        │ ▲ kept by a relay, refused, or no answer
 *                                        └─┘ after a wait that doubles
 *
 * It is what several tabs have in common: each reads it from the device's store, and again whenever another one says that something changed.
 *
 * Invariants: until the store was read, and while it cannot be, nothing is called saved; what is added here waits from before it is written
 * until a relay has said that it is saved, or the store has it no more; one is offered at a time, those of which nobody knows anything
 * first.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Random } from "@inkmesh/shared/base/random";
import type { Refusal } from "@inkmesh/shared/base/result";
import { Reconnect } from "./reconnect.ts";

export interface BlobKey {
  readonly room: string;
  readonly name: BlobName;
}

/** What is true of a room's images. */
export interface BlobView extends OutboxView {
  /** Images that are in this page's memory alone. */
  readonly notOnDevice: number;
}

interface OutboxView {
  /** The store was read, the last time that this was tried. */
  readonly isKnown: boolean;
  /** Images of this device that are not known to be saved. */
  readonly waiting: number;
  /** How many of them a relay has on its disk. */
  readonly kept: number;
  /** Why the last one of them was not taken, if a relay said so. */
  readonly problem: Refusal | undefined;
}

/** No image of this device waits that anybody could know of. */
export function isAllSaved({ isKnown, waiting }: OutboxView): boolean {
  return isKnown && waiting === 0;
}

/** What became of an offer. */
export type OfferOutcome =
  | { readonly type: "saved" }
  /** On a relay's disk, and not on as many as "saved" needs. */
  | { readonly type: "kept" }
  | { readonly type: "refused"; readonly refusal: Refusal; readonly isFinal: boolean }
  | { readonly type: "unanswered" };

interface Waiting extends BlobKey {
  readonly backoff: Reconnect;
  isWritten: boolean;
  isKept: boolean;
  problem: Refusal | undefined;
  dueMs: number;
}

/** Backoff: from an offer that failed to the next. A final refusal may be lifted by a person, so it is asked again, rarely. */
const againBaseMs = 1_000;
const againMaxMs = 60_000;
const refusedAgainMs = 10 * 60_000;

export class BlobOutbox {
  readonly #random: Random;
  readonly #waiting = new Map<string, Waiting>();
  #isKnown = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** An image is about to be written to the device. Whether it did not wait already. */
  add(key: BlobKey): boolean {
    const present = this.#waiting.get(keyOf(key));
    // It is written once more: what the store had before says nothing of that.
    if (present) present.isWritten = false;
    else this.#put(key, false);
    return present === undefined;
  }

  written(key: BlobKey): void {
    const waiting = this.#waiting.get(keyOf(key));
    if (waiting) waiting.isWritten = true;
  }

  /** It is saved, or cannot be any more. */
  remove(key: BlobKey): void {
    this.#waiting.delete(keyOf(key));
  }

  /** The store is being read: answers what to call with what it has. What is added meanwhile stays. */
  reading(): (stored: readonly BlobKey[]) => void {
    const before = new Set([...this.#waiting].filter(([, { isWritten }]) => isWritten).map(([key]) => key));
    return (stored) => {
      const there = new Set(stored.map(keyOf));
      for (const key of before) if (!there.has(key) && this.#waiting.get(key)?.isWritten === true) this.#waiting.delete(key);
      for (const key of stored) if (!this.#waiting.has(keyOf(key))) this.#put(key, true);
      this.#isKnown = true;
    };
  }

  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** The store could not be read: anything may wait in it. */
  unreadable(): void {
    this.#isKnown = false;
  }

  /** The one to offer now. */
  next(nowMs: number): BlobKey | undefined {
    const due = [...this.#waiting.values()].filter(({ isWritten, dueMs }) => isWritten && dueMs <= nowMs);
    return due.reduce<Waiting | undefined>((first, each) => (first === undefined || each.dueMs < first.dueMs ? each : first), undefined);
  }

  /** When the next one is due; undefined: none is, ever. */
  get nextDeadline(): number | undefined {
    const dues = [...this.#waiting.values()].filter(({ isWritten }) => isWritten).map(({ dueMs }) => dueMs);
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  offered(key: BlobKey, outcome: OfferOutcome, nowMs: number): void {
    const waiting = this.#waiting.get(keyOf(key));
    if (waiting === undefined) return;
    if (outcome.type === "saved") return this.remove(key);
    waiting.isKept = outcome.type === "kept";
    waiting.problem = outcome.type === "refused" ? outcome.refusal : undefined;
    const isFinal = outcome.type === "refused" && outcome.isFinal;
    waiting.dueMs = nowMs + (isFinal ? refusedAgainMs : againBaseMs + waiting.backoff.failed(0));
  }

  /** A line came up, perhaps to another relay: nothing that the last one said holds. */
  lineUp(): void {
    for (const waiting of this.#waiting.values()) {
      waiting.dueMs = -Infinity;
      waiting.isKept = false;
      waiting.problem = undefined;
      waiting.backoff.reset();
    }
  }

  view(room: string): OutboxView {
    const ofRoom = [...this.#waiting.values()].filter((each) => each.room === room);
    return {
      isKnown: this.#isKnown,
      waiting: ofRoom.length,
      kept: ofRoom.filter(({ isKept }) => isKept).length,
      problem: ofRoom.findLast(({ problem }) => problem !== undefined)?.problem,
    };
  }

  #put(key: BlobKey, isWritten: boolean): void {
    const backoff = new Reconnect({ random: this.#random, baseMs: againBaseMs, maxMs: againMaxMs });
    const { room, name } = key;
    this.#waiting.set(keyOf(key), { room, name, backoff, isWritten, isKept: false, problem: undefined, dueMs: -Infinity });
  }
}

/** A name of a blob has no blank. */
export function keyOf({ room, name }: BlobKey): string {
  return `${name} ${room}`;
}
