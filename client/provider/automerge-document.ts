/**
 * AutomergeDocument: one document of Automerge that changes in place of its values, and outlives what Automerge does not bear.
 *
 * Automerge panics over some changes that look fine, and then that document can be neither trusted nor saved. So the bytes that it was made of are
 * kept, and it is made anew of them without what it panicked over. Where even that fails (its memory ran out, or it was ended), the document has
 * *failed*: nothing more is claimed or changed until the page begins anew, and what was said of it before is on the device.
 *
 *     what is in it = base, a saved document · since, what it took afterwards; saved anew when that is longer than the base
 *
 * Invariants: the actor is drawn anew for each document that is made here, never kept and never taken over, so two tabs with one copy never
 * number different changes alike; an edit is told before the change that it makes is shown; `document` is the newest value always.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { concatBytes, noBytes } from "@inkmesh/shared/base/bytes";
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

/** Whether all of an update is in the document, and does not wait in it. */
interface Taken {
  readonly wasHeld: boolean;
  readonly isHeld: boolean;
}

/** Saving a document costs as much as it is long: not for less than this. */
const sinceBytesMin = 1024 * 1024;

type Change<T> = (options: A.ApplyOptions<T>) => A.Doc<T>;

export class AutomergeDocument<T> {
  readonly #listener: DocumentListener<T>;
  #document: A.Doc<T>;
  #base: Uint8Array = noBytes;
  #since: Uint8Array[] = [];
  #sinceBytes = 0;
  #failure: unknown;

  /** With a document's content, or with none. */
  constructor(given: A.Doc<T> | undefined, listener: DocumentListener<T>) {
    this.#document = given === undefined ? A.init<T>() : A.clone(given);
    this.#listener = listener;
    if (given !== undefined) this.#base = A.save(this.#document);
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
      if (isPanic(error)) this.#makeAnew(error, before);
      throw error;
    }
    const made = this.changesSince(before);
    for (const edit of editsOf(made)) {
      this.#listener.edited(edit);
      this.#keep(edit);
    }
    this.#tell(shown);
  }

  /** Takes what was made elsewhere as an edit made here. Answers whether it brought anything. */
  take(update: Uint8Array): boolean {
    const before = A.getHeads(this.#living);
    const shown: DocumentChange<T>[] = [];
    this.#loadOrRefuse(update, shown);
    const made = this.hasFailed ? [] : this.changesSince(before);
    for (const edit of editsOf(made)) this.#listener.edited(edit);
    this.#tell(shown);
    return made.length > 0;
  }

  /** Takes what is nobody's edit here; answers for each update how it is held, before and after. Never throws. */
  apply(updates: readonly Uint8Array[]): readonly Taken[] {
    const shown: DocumentChange<T>[] = [];
    const named = updates.map(hashesIn);
    const isHeld = (at: number): boolean => !this.hasFailed && named[at] !== undefined && this.has(named[at]);
    const before = updates.map((_, at) => isHeld(at));
    const fresh = updates.filter((_, at) => !before[at]);
    if (fresh.length > 1) this.#load(concatBytes(fresh), shown);
    // One by one what was not taken so: Automerge takes nothing that stands behind what it panics over, or cannot read.
    updates.forEach((update, at) => isHeld(at) || this.#loadOrRefuse(update, shown));
    const taken = updates.map((_, at) => ({ wasHeld: before[at]!, isHeld: isHeld(at) }));
    this.#tell(shown);
    return taken;
  }

  get #living(): A.Doc<T> {
    if (this.hasFailed)
      throw new Error("Automerge has failed: the document is as it was before, and is not changed any more.", { cause: this.#failure });
    return this.#document;
  }

  #loadOrRefuse(update: Uint8Array, shown: DocumentChange<T>[]): void {
    if (this.hasFailed) return;
    const panic = this.#load(update, shown);
    if (panic !== undefined) this.#listener.refused(panic, update);
  }

  /** Answers what Automerge threw over it: then nothing of it is in the document. */
  #load(update: Uint8Array, shown: DocumentChange<T>[]): unknown {
    if (this.hasFailed) return undefined;
    const before = A.getHeads(this.#document);
    try {
      this.#document = A.loadIncremental(this.#document, update, { patchCallback: noteIn(shown) });
      this.#keep(update);
      return undefined;
    } catch (panic) {
      this.#makeAnew(panic, before);
      return panic;
    }
  }

  /** Of the bytes that it was made of, as it was with `heads`. */
  #makeAnew(panic: unknown, heads: A.Heads): void {
    try {
      const parts = [this.#base, ...this.#since].filter(({ length }) => length > 0);
      const made = parts.reduce((document, part) => A.loadIncremental(document, part), A.init<T>());
      assert(A.getHeads(made).sort().join() === [...heads].sort().join(), "a document that is made anew is what it was");
      this.#document = made;
    } catch (error) {
      this.#failure = { panic, error };
      this.#listener.refused(error, undefined);
    }
  }

  #keep(update: Uint8Array): void {
    this.#since.push(update);
    this.#sinceBytes += update.length;
    // What waits in it is not in what it saves.
    if (this.#sinceBytes < Math.max(sinceBytesMin, this.#base.length) || this.isWaiting) return;
    try {
      this.#base = A.save(this.#document);
      this.#since = [];
      this.#sinceBytes = 0;
    } catch {
      // Of what it cannot save now the parts are kept; only longer.
      return;
    }
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
