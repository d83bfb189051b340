/**
 * MemoryHandle: an Automerge document in memory, with what editors use of a handle; what others did comes in by `receive`.
 */
import * as A from "automerge";
import type { EditedHandle, HandleChange } from "../../../../client/app/automerge-editor-props.ts";

export class MemoryHandle<T> implements EditedHandle<T> {
  #doc: A.Doc<T>;
  readonly #listeners = new Set<(change: HandleChange<T>) => void>();

  constructor(...parts: readonly Uint8Array[]) {
    this.#doc = parts.reduce((doc, part) => A.loadIncremental(doc, part), A.init<T>());
  }

  doc(): A.Doc<T> {
    return this.#doc;
  }

  change(change: A.ChangeFn<T>): void {
    this.#step("change", (patchCallback) => A.change(this.#doc, { patchCallback }, change));
  }

  /** Merges what another one has. */
  receive(other: MemoryHandle<T>): void {
    const changes = A.getChanges(this.#doc, other.doc());
    this.#step("loadIncremental", (patchCallback) => A.applyChanges(this.#doc, changes, { patchCallback })[0]);
  }

  on(_event: "change", listener: (change: HandleChange<T>) => void): void {
    this.#listeners.add(listener);
  }

  off(_event: "change", listener: (change: HandleChange<T>) => void): void {
    this.#listeners.delete(listener);
  }

  #step(source: string, make: (patchCallback: A.PatchCallback<T>) => A.Doc<T>): void {
    const before = this.#doc;
    let told: readonly A.Patch[] = [];
    this.#doc = make((patches) => (told = patches));
    if (told.length === 0) return;
    const change = { doc: this.#doc, patches: told, patchInfo: { before, after: this.#doc, source } };
    for (const listener of this.#listeners) listener(change);
  }
}
