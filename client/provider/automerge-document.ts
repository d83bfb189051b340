/**
 * AutomergeDocument: one document of Automerge that changes in place of its values, and outlives what Automerge does not bear.
 *
 * Automerge panics over some changes that look fine, and then nobody knows what is in the document. What it says of itself is taken only when
 * it can be read back: reading checks every change against its hash. Where even that fails (its memory ran out, or it was ended), the document
 * has *failed*: nothing more is claimed or changed until the page begins anew, and what was said of it before is on the device.
 *
 * Invariants: the actor is drawn anew for each document that is made here, never kept and never taken over, so two tabs with one copy never
 * number different changes alike; an edit is told before the change that it makes is shown; `document` is the newest value always.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import * as A from "automerge/slim";
import { editsOf, hashesIn } from "./automerge-chunks.ts";

/** What a change looked like, as Automerge says it. */
export interface DocumentChange<T> {
  readonly doc: A.Doc<T>;
  readonly patches: A.Patch[];
  readonly patchInfo: A.PatchInfo<T>;
}

interface DocumentListener<T> {
  /** What was made here, as an update. */
  edited(update: Uint8Array): void;
  changed(change: DocumentChange<T>): void;
  /** Automerge did not bear `update`, or an edit (undefined). The document is as it was before. */
  refused(error: unknown, update: Uint8Array | undefined): void;
}

type Change<T> = (options: A.ApplyOptions<T>) => A.Doc<T>;

export class AutomergeDocument<T> {
  readonly #listener: DocumentListener<T>;
  #document: A.Doc<T>;
  #failure: unknown;

  /** With a document's content, or with none. */
  constructor(given: A.Doc<T> | undefined, listener: DocumentListener<T>) {
    this.#document = given === undefined ? A.init<T>() : A.clone(given);
    this.#listener = listener;
  }

  get document(): A.Doc<T> {
    return this.#document;
  }

  /** Nothing can be asked of it any more. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Ascending. */
  get heads(): A.Heads {
    return [...A.getHeads(this.#living)].sort();
  }

  has(hashes: readonly string[]): boolean {
    return A.hasHeads(this.#living, [...hashes]);
  }

  /** Whether all of `update` is in the document, and does not wait in it. */
  holds(update: Uint8Array): boolean {
    const hashes = hashesIn(update);
    return hashes !== undefined && this.has(hashes);
  }

  /** Something in it waits for what is not there. */
  get isWaiting(): boolean {
    return A.getMissingDeps(this.#living, []).length > 0;
  }

  /** What is not among the `heads` (which are all here) and what they hang on; each after what it hangs on. */
  changesSince(heads: readonly string[]): readonly Uint8Array[] {
    return A.getChangesSince(this.#living, [...heads]);
  }

  save(): Uint8Array {
    return A.save(this.#living);
  }

  /** One change of this document's actor. What `make` throws comes out, and nothing is changed. */
  edit(make: Change<T>): void {
    const before = A.getHeads(this.#living);
    const shown: DocumentChange<T>[] = [];
    try {
      this.#document = make({ patchCallback: noteIn(shown) });
    } catch (error) {
      if (isPanic(error)) this.#readBack(error, before, shown);
      throw error;
    }
    this.#tellEdited(before);
    this.#tell(shown);
  }

  /** Takes what was made elsewhere as an edit made here. Answers whether it brought anything. */
  take(update: Uint8Array): boolean {
    const before = A.getHeads(this.#living);
    const shown: DocumentChange<T>[] = [];
    this.#load(update, shown, (error) => this.#listener.refused(error, update));
    const isNews = this.#tellEdited(before);
    this.#tell(shown);
    return isNews;
  }

  /** Takes what is nobody's edit here. Answers false when Automerge did not take all of it. Never throws. */
  apply(updates: readonly Uint8Array[]): boolean {
    const shown: DocumentChange<T>[] = [];
    const isLacking = (update: Uint8Array): boolean => !this.hasFailed && !this.holds(update);
    if (updates.length > 1) this.#load(concatBytes(updates), shown, () => {});
    // What cannot be read keeps what stands behind it out, too.
    for (const update of updates) if (isLacking(update)) this.#load(update, shown, (error) => this.#listener.refused(error, update));
    const isWhole = !this.hasFailed && !updates.some(isLacking);
    this.#tell(shown);
    return isWhole;
  }

  get #living(): A.Doc<T> {
    if (this.hasFailed)
      throw new Error("Automerge has failed: the document is as it was before, and is not changed any more.", { cause: this.#failure });
    return this.#document;
  }

  #load(update: Uint8Array, shown: DocumentChange<T>[], refused: (error: unknown) => void): void {
    if (this.hasFailed) return;
    const before = A.getHeads(this.#document);
    try {
      this.#document = A.loadIncremental(this.#document, update, { patchCallback: noteIn(shown) });
    } catch (error) {
      this.#readBack(error, before, shown);
      refused(error);
    }
  }

  /** Puts in the document's place what can be read of it: some of what came with the rest may be in it. */
  #readBack(panic: unknown, headsBefore: A.Heads, shown: DocumentChange<T>[]): void {
    const before = this.#document;
    try {
      const saved = A.save(before);
      const after = A.load<T>(saved);
      assert(A.hasHeads(after, [...(hashesIn(saved) ?? []), ...headsBefore]), "a document that was read back holds what it held");
      this.#document = after;
      const patches = A.diff(after, headsBefore, A.getHeads(after));
      if (patches.length > 0) shown.push({ doc: after, patches, patchInfo: { before, after, source: "loadIncremental" } });
    } catch (error) {
      this.#failure = { panic, error };
      this.#listener.refused(error, undefined);
    }
  }

  #tellEdited(heads: A.Heads): boolean {
    const made = this.changesSince(heads);
    for (const edit of editsOf(made)) this.#listener.edited(edit);
    return made.length > 0;
  }

  #tell(shown: readonly DocumentChange<T>[]): void {
    for (const change of shown) this.#listener.changed(change);
  }
}

function noteIn<T>(shown: DocumentChange<T>[]): A.PatchCallback<T> {
  return (patches, patchInfo) => void shown.push({ doc: patchInfo.after, patches, patchInfo });
}

/** A trap of WebAssembly, or what Automerge was built to throw in its place; whatever else is thrown leaves a document as it was. */
function isPanic(error: unknown): boolean {
  return (
    error instanceof WebAssembly.RuntimeError ||
    (error instanceof Error && (error.name === "PanicError" || error.message === "Module terminated"))
  );
}
