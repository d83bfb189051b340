/**
 * RemoteChanges: how what others typed reaches a document: all of one frame in one transaction whose origin says that it
 * was nobody here, and not while an input method composes, because a transaction in between would break its word off.
 *
 * Invariants: what is held is shown at once when it is let go, and is held no longer than `holdMaxMs` and no more than
 * `heldMax` updates, in case nobody ever says that a composition ended: then it is shown, and holding begins anew.
 */
import type { Incoming, SharedDocument } from "./shared-document.ts";

const holdMaxMs = 30_000;
const heldMax = 2_000;

export class RemoteChanges {
  readonly #document: SharedDocument;
  readonly #shown: (count: number, news: number) => void;
  #held: Incoming[] | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #whenShown: (() => void)[] = [];

  /**
   * `shown` is told how many updates one transaction of `show` held, and how many of those that came from a relay
   * changed anything.
   */
  constructor(options: { document: SharedDocument; shown: (count: number, news: number) => void }) {
    this.#document = options.document;
    this.#shown = options.shown;
  }

  /** Stored and acknowledged, not in the document yet. */
  get held(): readonly Uint8Array[] {
    return (this.#held ?? []).map(({ update }) => update);
  }

  /** Shows the updates, or keeps them until they are let go. */
  show(updates: readonly Uint8Array[], source: "relay" | "tab"): void {
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

  /** What this device has, at once. False when one of them could not be read, which leaves the others in place. */
  apply(updates: readonly Uint8Array[]): boolean {
    return this.#document.apply(updates.map((update) => ({ update, source: "device" }))).isWhole;
  }

  #showHeld(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const held = this.#held ?? [];
    if (this.#held) this.#held = [];
    if (held.length > 0) this.#show(held);
    for (const action of this.#whenShown.splice(0)) action();
  }

  #show(changes: readonly Incoming[]): void {
    const { news } = this.#document.apply(changes);
    this.#shown(changes.length, news);
  }
}
