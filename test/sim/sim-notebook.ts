/**
 * SimNotebook: a document of Automerge as a page of the product has it: the production handle, begun by the same bytes whoever begins it,
 * and edits without a moment.
 */
import { AutomergeHandle } from "@inkmesh/client/automerge";
import * as A from "automerge/slim";
import { share, type SharedDocument } from "../../client/provider/shared-document.ts";
import { AutomergeCopy, type SimNotes } from "./checkers/automerge-copy.ts";
import type { Sheet } from "./writing.ts";

/** Hears of every edit in the task that makes it, as the very bytes that the room is given. */
class WatchedHandle extends AutomergeHandle<SimNotes> {
  edited: (update: Uint8Array) => void = () => undefined;

  override [share](): SharedDocument {
    const shared = super[share]();
    return Object.assign(shared, {
      watch: (
        (watch) => (told: (update: Uint8Array) => void) =>
          watch((update) => {
            this.edited(update);
            told(update);
          })
      )(shared.watch),
    });
  }
}

export class SimNotebook implements Sheet {
  readonly handle = new WatchedHandle();
  readonly text = {
    length: 0,
    insert: (at: number, words: string): void => this.#change((notes) => A.splice(notes, ["text"], at, 0, words)),
    delete: (at: number, length: number): void =>
      this.#change((notes) => A.splice(notes, ["text"], at, Math.min(length, notes.text.length - at))),
  };
  /** Under way: all that is to be one edit. */
  #draft: SimNotes | undefined;

  constructor(edited: (update: Uint8Array) => void) {
    this.handle.edited = edited;
    const handle = this.handle;
    Object.defineProperty(this.text, "length", { get: () => (this.#draft ?? handle.doc()).text?.length ?? 0 });
  }

  get shown(): AutomergeCopy {
    return new AutomergeCopy(this.handle.doc());
  }

  get listLength(): number {
    return this.handle.doc().list?.length ?? 0;
  }

  readonly together = (work: () => void): void => {
    this.#begin();
    this.handle.change(
      (notes) => {
        this.#draft = notes;
        try {
          work();
        } finally {
          this.#draft = undefined;
        }
      },
      { time: 0 },
    );
  };

  set(key: string, value: string): void {
    this.#change((notes) => (notes.settings[key] = value));
  }

  insertInList(at: number, value: string): void {
    this.#change((notes) => notes.list.splice(at, 0, value));
  }

  #change(make: (notes: SimNotes) => unknown): void {
    if (this.#draft !== undefined) return void make(this.#draft);
    this.#begin();
    this.handle.change((notes) => void make(notes), { time: 0 });
  }

  #begin(): void {
    if (this.handle.heads().length === 0) this.handle.merge(beginning());
  }
}

let begun: Uint8Array | undefined;

/** Made before the first event, as nobody: making it draws chance, and whoever did so first would have another history. */
export function beginning(): Uint8Array {
  begun ??= A.getLastLocalChange(
    A.change(A.init<SimNotes>({ actor: "bb" }), { time: 0 }, (notes) => void Object.assign(notes, { text: "", settings: {}, list: [] })),
  )!;
  return begun;
}
