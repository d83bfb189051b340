/**
 * RemoteChanges: how what others typed reaches a document: all of one frame in one transaction whose origin says that it
 * was nobody here, and not while an input method composes, because a transaction in between would break its word off.
 */
import * as Y from "yjs";
import { guarded } from "./guarded.ts";

export class RemoteChanges {
  readonly #doc: Y.Doc;
  readonly #origin: object;
  readonly #shown: (count: number) => void;
  #held: Uint8Array[] | undefined;

  /** `shown` is told how many updates one transaction of `show` held. */
  constructor(options: { doc: Y.Doc; origin: object; shown: (count: number) => void }) {
    this.#doc = options.doc;
    this.#origin = options.origin;
    this.#shown = options.shown;
  }

  /** Shows the updates, or keeps them until they are let go. */
  show(updates: readonly Uint8Array[]): void {
    if (this.#held) {
      this.#held.push(...updates);
      return;
    }
    this.apply(updates);
    this.#shown(updates.length);
  }

  hold(hold: boolean): void {
    if (hold) {
      this.#held ??= [];
      return;
    }
    const held = this.#held;
    this.#held = undefined;
    if (held && held.length > 0) this.show(held);
  }

  /** In one transaction, at once. False when one of them could not be read, which leaves the others in place. */
  apply(updates: readonly Uint8Array[]): boolean {
    let isWhole = true;
    const applyAll = (): void => {
      for (const update of updates) isWhole = this.#applyOne(update) && isWhole;
    };
    guarded(() => Y.transact(this.#doc, applyAll, this.#origin, false));
    return isWhole;
  }

  #applyOne(update: Uint8Array): boolean {
    try {
      Y.applyUpdate(this.#doc, update, this.#origin);
      return true;
    } catch {
      // Bytes that Yjs cannot read came from a disk or a relay: they must not end the page.
      return false;
    }
  }
}
