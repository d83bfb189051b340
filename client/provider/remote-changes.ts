/**
 * RemoteChanges: how what others typed reaches a document: all of one frame in one transaction whose origin says that it
 * was nobody here, and not while an input method composes, because a transaction in between would break its word off.
 *
 * Invariants: what is held is shown at once when it is let go, and is held no longer than `holdMaxMs` and no more than
 * `heldMax` updates, in case nobody ever says that a composition ended: then it is shown, and holding begins anew.
 */
import * as Y from "yjs";
import { guarded } from "./guarded.ts";
import { sizeOfWhat } from "./update-news.ts";

const holdMaxMs = 30_000;
const heldMax = 2_000;

/** Another tab's updates are no news of others. */
type Source = "relay" | "tab";

interface Held {
  readonly update: Uint8Array;
  readonly source: Source;
}

export class RemoteChanges {
  readonly #doc: Y.Doc;
  readonly #origin: object;
  readonly #shown: (count: number, news: number) => void;
  #held: Held[] | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #whenShown: (() => void)[] = [];

  /**
   * `shown` is told how many updates one transaction of `show` held, and how many of those that came from a relay
   * changed anything.
   */
  constructor(options: { doc: Y.Doc; origin: object; shown: (count: number, news: number) => void }) {
    this.#doc = options.doc;
    this.#origin = options.origin;
    this.#shown = options.shown;
  }

  /** Stored and acknowledged, not in the document yet. */
  get held(): readonly Uint8Array[] {
    return (this.#held ?? []).map(({ update }) => update);
  }

  /** Shows the updates, or keeps them until they are let go. */
  show(updates: readonly Uint8Array[], source: Source): void {
    if (updates.length === 0) return;
    if (!this.#held) return this.#show(updates.map((update) => ({ update, source })));
    for (const update of updates) this.#held.push({ update, source });
    this.#patience ??= setTimeout(() => this.#showHeld(), holdMaxMs);
    if (this.#held.length > heldMax) this.#showHeld();
  }

  hold(hold: boolean): void {
    if (hold) {
      this.#held ??= [];
      return;
    }
    this.#showHeld();
    this.#held = undefined;
  }

  /** Calls `action` when nothing that came up to now is held back any more. */
  whenShown(action: () => void): void {
    if (this.held.length === 0) action();
    else this.#whenShown.push(action);
  }

  /** In one transaction, at once. False when one of them could not be read, which leaves the others in place. */
  apply(updates: readonly Uint8Array[]): boolean {
    let isWhole = true;
    this.#transact(() => {
      for (const update of updates) isWhole = this.#applyOne(update) && isWhole;
    });
    return isWhole;
  }

  #showHeld(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const held = this.#held ?? [];
    if (this.#held) this.#held = [];
    if (held.length > 0) this.#show(held);
    for (const action of this.#whenShown.splice(0)) action();
  }

  #show(changes: readonly Held[]): void {
    let news = 0;
    this.#transact((transaction) => {
      for (const { update, source } of changes) {
        const size = source === "relay" ? sizeOfWhat(update, transaction) : () => 0;
        const before = size();
        this.#applyOne(update);
        if (size() > before) news += 1;
      }
    });
    this.#shown(changes.length, news);
  }

  #transact(action: (transaction: Y.Transaction) => void): void {
    guarded(() => Y.transact(this.#doc, action, this.#origin, false));
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
