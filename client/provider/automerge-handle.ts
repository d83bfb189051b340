/**
 * AutomergeHandle: a document of Automerge for an application: it is given to `Inkmesh.open` as a `Y.Doc` is, and has the part of
 * automerge-repo's DocHandle that editors' bindings use.
 *
 *      change(fn) ─▶ one change ─▶ the room: kept on the device in this task, then sent
 *      relay, other tabs ─▶ all of a frame at once ─▶ "change", with patches
 *
 * `doc()` answers a value that is never changed; the document is changed by `change` and `changeAt` alone. A handle has an actor of its own, drawn
 * when it is made, and is open in one room at a time. Made before `loadAutomerge` is done it throws.
 */
import type * as A from "automerge/slim";
import { AutomergeDocument, type DocumentChange } from "./automerge-document.ts";
import { AutomergeSharedDocument } from "./automerge-shared-document.ts";
import { guarded } from "./guarded.ts";
import { share, type ShareableDocument, type SharedDocument } from "./shared-document.ts";

export interface AutomergeHandleEvents<T> {
  /** The document is another one. `patchInfo.source` is "change" or "changeAt" for what this handle did, "loadIncremental" for what came. */
  change: DocumentChange<T> & { readonly handle: AutomergeHandle<T> };
  /**
   * Automerge could not take `update`, or, where that is undefined, an edit or anything any more. The document is as it was before; all bytes stay on
   * the device.
   */
  error: { readonly handle: AutomergeHandle<T>; readonly error: unknown; readonly update: Uint8Array | undefined };
}

type Listener<Detail> = (detail: Detail) => void;

export class AutomergeHandle<T = Record<string, unknown>> implements ShareableDocument {
  readonly #document: AutomergeDocument<T>;
  readonly #listeners: { readonly [Name in keyof AutomergeHandleEvents<T>]: Set<Listener<AutomergeHandleEvents<T>[Name]>> };
  readonly #watchers = new Set<(update: Uint8Array) => void>();
  #ready: Promise<void>;
  #resolveReady: () => void = () => {};
  #isReady = false;

  /** `given`: what the document begins with, and becomes part of the room; its changes are taken over, its actor is not. */
  constructor(given?: A.Doc<T>) {
    this.#listeners = { change: new Set(), error: new Set() };
    this.#document = new AutomergeDocument<T>(given, {
      edited: (update) => this.#watchers.forEach((edited) => edited(update)),
      changed: (change) => this.#emit("change", { ...change, handle: this }),
      refused: (error, update) => this.#emit("error", { handle: this, error, update }),
    });
    this.#ready = this.#newReady();
  }

  /** The document as it is now. */
  doc(): A.Doc<T> {
    return this.#document.document;
  }

  /** The hashes of the changes on which nothing hangs yet, ascending. */
  heads(): readonly string[] {
    return this.#document.heads;
  }

  /** Makes one change. What `make` throws comes out, and nothing is changed. */
  change(make: A.ChangeFn<T>, options: Pick<A.ChangeOptions<T>, "message" | "time"> = {}): void {
    this.#document.change(make, options);
  }

  /**
   * Makes one change as if the document still were what it was at `heads`; answers its hash as the new heads, or undefined when it changed nothing.
   * Throws as `change` does, and when the document never was at `heads`.
   */
  changeAt(
    heads: readonly string[],
    make: A.ChangeFn<T>,
    options: Pick<A.ChangeOptions<T>, "message" | "time"> = {},
  ): readonly string[] | undefined {
    return this.#document.changeAt(heads, make, options);
  }

  /**
   * Takes what was made elsewhere (`save`d documents, changes) as an edit of this one. Answers whether it brought anything. Throws, and takes nothing of
   * it, when it cannot be read or hangs on changes that are not here.
   */
  merge(bytes: Uint8Array): boolean {
    return this.#document.take(bytes);
  }

  /** Whether what this device has of the room that it is open in, or was last, is in the document. */
  isReady(): boolean {
    return this.#isReady;
  }

  whenReady(): Promise<void> {
    return this.#ready;
  }

  on<Name extends keyof AutomergeHandleEvents<T>>(event: Name, listener: Listener<AutomergeHandleEvents<T>[Name]>): this {
    this.#listeners[event].add(listener);
    return this;
  }

  off<Name extends keyof AutomergeHandleEvents<T>>(event: Name, listener: Listener<AutomergeHandleEvents<T>[Name]>): this {
    this.#listeners[event].delete(listener);
    return this;
  }

  /** For the room that it is opened in. */
  [share](): SharedDocument {
    if (this.#watchers.size > 0) throw new Error("This document is open in another room already.");
    if (this.#isReady) this.#ready = this.#newReady();
    this.#isReady = false;
    return new AutomergeSharedDocument({
      document: this.#document as AutomergeDocument<unknown>,
      watch: (edited) => {
        this.#watchers.add(edited);
        return () => void this.#watchers.delete(edited);
      },
      loaded: () => {
        this.#isReady = true;
        this.#resolveReady();
      },
    });
  }

  #newReady(): Promise<void> {
    return new Promise((resolve) => (this.#resolveReady = resolve));
  }

  #emit<Name extends keyof AutomergeHandleEvents<T>>(event: Name, detail: AutomergeHandleEvents<T>[Name]): void {
    for (const listener of [...this.#listeners[event]]) guarded(() => listener(detail));
  }
}
