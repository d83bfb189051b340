/**
 * AutomergeDocument: one document of Automerge that changes in place of its values, and outlives what Automerge does not bear.
 *
 * Automerge panics over some changes that look fine, and then that document can be neither trusted nor saved. So the bytes that it was made of are
 * kept, and it is made anew of them without what it panicked over. Where even that fails (its memory ran out, or it was ended), the document has
 * *failed*: nothing more is claimed or changed until the page begins anew, and what was said of it before is on the device.
 *
 *     what is in it = base, a saved document · since, what it took afterwards; saved anew when that is longer than the base
 *
 * An application's mistakes are outlived alike: a change at old heads that throws leaves Automerge at those heads, and a document that was changed in
 * another way than by this takes nothing any more; both are made anew.
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

type Make<T> = A.ChangeFn<T>;
type Change<T> = (make: Make<T>, options: A.ApplyOptions<T>) => A.Doc<T>;

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

  /** Nothing, once it has failed. */
  has(hashes: readonly string[]): boolean {
    return !this.hasFailed && A.hasHeads(this.#document, [...hashes]);
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

  /** All that is in it, also what waits and what it had when it failed. */
  get content(): Uint8Array {
    try {
      if (!this.hasFailed && !this.isWaiting) return A.save(this.#document);
    } catch {
      // What it cannot save now it was made of nevertheless.
    }
    return concatBytes([this.#base, ...this.#since]);
  }

  /** WebAssembly's memory is given back by who asks for that, and by nobody else. */
  free(): void {
    A.free(this.#document);
  }

  /** One change of this document's actor. What `make` throws comes out, and nothing is changed. */
  change(make: Make<T>, options: A.ChangeOptions<T>): void {
    this.#edit(make, (noted, watch) => A.change(this.#document, { ...options, ...watch }, noted));
  }

  /** One change at `heads`; answers its hash. */
  changeAt(heads: readonly string[], make: Make<T>, options: A.ChangeOptions<T>): readonly string[] | undefined {
    if (!this.has(heads)) throw new Error("changeAt: this document has never been at these heads.");
    let made: A.Heads | null = null;
    this.#edit(
      make,
      (noted, watch) => {
        const { newDoc, newHeads } = A.changeAt(this.#document, [...heads], { ...options, ...watch }, noted);
        made = newHeads;
        return newDoc;
      },
      "at old heads",
    );
    return made ?? undefined;
  }

  /** Takes what was made elsewhere as an edit made here. Answers whether it brought anything. Throws when not all of it can be taken. */
  take(update: Uint8Array): boolean {
    const before = A.getHeads(this.#living);
    const named = hashesIn(update);
    if (named === undefined) throw new Error("These bytes are neither a document of Automerge nor changes of one.");
    if (this.has(named)) return false;
    const shown: DocumentChange<T>[] = [];
    const refusal = this.#load(update, shown);
    if (refusal !== undefined) throw new Error("Automerge could not take these changes: nothing of them was taken.", { cause: refusal });
    if (!this.has(named)) {
      const waits = new Error("These changes hang on others, which are neither among them nor in the document: nothing of them was taken.");
      this.#makeAnew(waits, before);
      throw waits;
    }
    this.#keep(update);
    const made = this.changesSince(before);
    for (const edit of editsOf(made)) this.#listener.edited(edit);
    this.#tell(shown);
    return made.length > 0;
  }

  /** Takes what is nobody's edit here; answers for each update how it is held, before and after. Never throws. */
  apply(updates: readonly Uint8Array[]): readonly Taken[] {
    const shown: DocumentChange<T>[] = [];
    const named = updates.map(hashesIn);
    const isHeld = (at: number): boolean => named[at] !== undefined && this.has(named[at]);
    const before = updates.map((_, at) => isHeld(at));
    // Automerge takes nothing that stands behind what it cannot read.
    const fresh = updates.filter((_, at) => named[at] !== undefined && !before[at]);
    // Nor what stands behind something that it panics over: then one by one.
    if (fresh.length > 0 && !this.#loadAndKeep(concatBytes(fresh), shown, fresh.length === 1)) {
      if (fresh.length > 1) for (const update of fresh) this.#loadAndKeep(update, shown, true);
    }
    const taken = updates.map((_, at) => ({ wasHeld: before[at]!, isHeld: isHeld(at) }));
    this.#tell(shown);
    return taken;
  }

  get #living(): A.Doc<T> {
    if (this.hasFailed)
      throw new Error("Automerge has failed: the document is as it was before, and is not changed any more.", { cause: this.#failure });
    return this.#document;
  }

  #edit(make: Make<T>, change: Change<T>, at?: "at old heads"): void {
    const before = A.getHeads(this.#living);
    const shown: DocumentChange<T>[] = [];
    let mistake: { readonly error: unknown } | undefined;
    try {
      this.#document = change(
        (draft) => {
          try {
            make(draft);
          } catch (error) {
            mistake = { error };
            throw error;
          }
        },
        { patchCallback: noteIn(shown) },
      );
    } catch (error) {
      // A mistake of the application's is rolled back by Automerge, where it was not made at old heads.
      if (at !== undefined || mistake?.error !== error || isPanic(error)) this.#makeAnew(error, before);
      throw error;
    }
    const made = this.changesSince(before);
    for (const edit of editsOf(made)) {
      this.#listener.edited(edit);
      this.#keep(edit);
    }
    this.#tell(shown);
  }

  /** Answers whether Automerge bore it; `isOne`: the listener is told if not. */
  #loadAndKeep(update: Uint8Array, shown: DocumentChange<T>[], isOne: boolean): boolean {
    if (this.hasFailed) return false;
    const refusal = this.#load(update, shown);
    if (refusal === undefined) this.#keep(update);
    else if (isOne) this.#listener.refused(refusal, update);
    return refusal === undefined;
  }

  /** Answers what Automerge threw over it: then nothing of it is in the document. */
  #load(update: Uint8Array, shown: DocumentChange<T>[]): unknown {
    const before = A.getHeads(this.#document);
    try {
      this.#document = A.loadIncremental(this.#document, update, { patchCallback: noteIn(shown) });
      return undefined;
    } catch (error) {
      this.#makeAnew(error, before);
      if (isPanic(error) || this.hasFailed) return error;
    }
    // It was not to blame where somebody changed the document by Automerge itself, which is not in the one that is made anew.
    try {
      this.#document = A.loadIncremental(this.#document, update, { patchCallback: noteIn(shown) });
      return undefined;
    } catch (error) {
      this.#makeAnew(error, before);
      return error;
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
