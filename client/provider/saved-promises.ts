/**
 * SavedPromises: who waits until everything typed up to a moment is saved.
 *
 * Invariant: a promise resolves only when no edit up to its number waits any more, and rejects as soon as that will not
 * happen.
 */
import { errorKind } from "@inkmesh/shared/base/errors";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { ClientEffect } from "./core/client-effect.ts";

/** How a room ended. */
export type Ended = Extract<ClientEffect, { type: "deleted" | "refused" }>;

interface SavedPromise {
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (failure: Error) => void;
}

/** Why what was typed in a tab will not be saved; undefined when it may. `refusal`: of one of that tab's edits. */
export function whyNeverSaved(room: { refusal: Refusal | undefined; ended: Ended | undefined; isClosed: boolean }): Error | undefined {
  if (room.refusal) return refusalError(room.refusal);
  if (room.ended?.type === "deleted") return new Error(errorKind("ROOM_DELETED").sentence);
  if (room.ended?.type === "refused") return refusalError(room.ended.refusal);
  return room.isClosed ? new Error("The document was closed before everything was saved.") : undefined;
}

function refusalError({ code, detail }: Refusal): Error {
  const { sentence } = errorKind(code);
  return new Error(detail === "" ? sentence : `${sentence} (${detail})`);
}

export class SavedPromises {
  readonly #isWaiting: (upTo: number) => boolean;
  readonly #whyNever: () => Error | undefined;
  #promises: SavedPromise[] = [];

  /** `isWaiting`: whether an edit up to a number is not saved yet; `whyNever`: why it never will be, if so. */
  constructor(options: { isWaiting: (upTo: number) => boolean; whyNever: () => Error | undefined }) {
    this.#isWaiting = options.isWaiting;
    this.#whyNever = options.whyNever;
  }

  until(upTo: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#promises.push({ upTo, resolve, reject });
      this.settle();
    });
  }

  /** Looks again: something was saved, or will never be. */
  settle(): void {
    if (this.#promises.length === 0) return;
    const failure = this.#whyNever();
    const promises = this.#promises;
    this.#promises = [];
    for (const promise of promises) {
      if (failure) promise.reject(failure);
      else if (this.#isWaiting(promise.upTo)) this.#promises.push(promise);
      else promise.resolve();
    }
  }
}
