/**
 * MemoryHandle: a document handle of the shape that editors use, over a real Automerge document in memory; others' changes come by `hear`.
 */
import * as A from "automerge";
import type { BoardDocument, EditedHandle, HandleChange } from "../../../../client/app/automerge-editor-props.ts";

type Listener = (change: HandleChange<BoardDocument>) => void;

export class MemoryHandle implements EditedHandle<BoardDocument> {
  #doc: A.Doc<BoardDocument>;
  readonly #listeners = new Set<Listener>();

  /** A board that begins as everybody's does, or with what is given; `actor`: two hexadecimal letters for each page. */
  constructor(actor: string, begun: A.Doc<BoardDocument> = beginning) {
    this.#doc = A.clone(begun, { actor });
  }

  doc(): A.Doc<BoardDocument> {
    return this.#doc;
  }

  change(change: A.ChangeFn<BoardDocument>): void {
    this.#doc = A.change(this.#doc, { time: 0, patchCallback: (patches, info) => this.#tell(patches, info) }, change);
  }

  /** Takes what another has. */
  hear(other: MemoryHandle): void {
    const known = A.getHeads(this.#doc).filter((head) => A.hasHeads(other.#doc, [head]));
    const changes = A.getChangesSince(other.#doc, known);
    if (changes.length === 0) return;
    let told: (() => void) | undefined;
    this.#doc = A.applyChanges(this.#doc, changes, { patchCallback: (patches, info) => (told = () => this.#tell(patches, info)) })[0];
    told?.();
  }

  on(_event: "change", listener: Listener): void {
    this.#listeners.add(listener);
  }

  off(_event: "change", listener: Listener): void {
    this.#listeners.delete(listener);
  }

  #tell(patches: A.Patch[], info: A.PatchInfo<BoardDocument>): void {
    for (const listener of this.#listeners) listener({ doc: info.after, patches, patchInfo: info });
  }
}

/** Everybody has heard everybody. */
export function share([first, ...rest]: readonly MemoryHandle[]): void {
  for (const handle of rest) first?.hear(handle);
  for (const handle of rest) if (first !== undefined) handle.hear(first);
}

const beginning = A.change(A.init<BoardDocument>({ actor: "00" }), { time: 0 }, (draft) => {
  Object.assign(draft, {
    kind: "board",
    title: "",
    columns: { todo: { title: "To do", order: "a0" }, doing: { title: "Doing", order: "a1" }, done: { title: "Done", order: "a2" } },
    cards: {},
  });
});
