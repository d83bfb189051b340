/**
 * AutomergeEditorProps: what the page gives to the editor of an Automerge document (notes or a board), which it loads when it is needed.
 *
 * An editor reads `handle.doc()`, writes with `handle.change`, and draws what "change" tells. While it is there the document has been begun
 * (`automerge-beginning.ts`): the fields of its kind exist. Others may have written anything into them all the same.
 */
import type { ChangeFn, Doc, Patch } from "automerge/slim";
import type { Awareness } from "y-protocols/awareness";

/** One change of the document, by this page or by others. */
export interface HandleChange<T> {
  readonly doc: Doc<T>;
  readonly patches: readonly Patch[];
  readonly patchInfo: { readonly before: Doc<T>; readonly after: Doc<T>; readonly source: string };
}

/** The part of a handle that editors use: what `AutomergeHandle` of the client and `DocHandle` of automerge-repo both have. */
export interface EditedHandle<T> {
  doc(): Doc<T>;
  change(change: ChangeFn<T>): void;
  on(event: "change", listener: (change: HandleChange<T>) => void): unknown;
  off(event: "change", listener: (change: HandleChange<T>) => void): unknown;
}

export interface AutomergeEditorProps<T> {
  readonly handle: EditedHandle<T>;
  /** Who else is here, and where: states are `{ user, cursor? }`, as in the other editors. */
  readonly awareness: Awareness;
  /** While true, what others do is kept and not shown: during the composition of a character, or a drag. The wait is bounded. */
  readonly holdRemote: (hold: boolean) => void;
  readonly editable: boolean;
  /** Whether the caret goes into the text at once: for a document that was just begun. */
  readonly autofocus: boolean;
  /** Says something to the person, for a moment. */
  readonly onSay: (sentence: string) => void;
}

/** `title` and `text` are Automerge texts: edited by letters (`updateText`, `splice`), never assigned as a whole. */
export interface NotesDocument {
  readonly kind: "notes";
  title: string;
  text: string;
}

export interface BoardColumn {
  title: string;
  order: string;
}

export interface BoardCard {
  title: string;
  text: string;
  /** `<columnId>/<fractional index>`: one register, so that moves at the same time leave the card in one place. */
  place: string;
}

export interface BoardDocument {
  readonly kind: "board";
  title: string;
  columns: Record<string, BoardColumn>;
  cards: Record<string, BoardCard>;
}
