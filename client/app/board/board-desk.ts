/**
 * BoardDesk: what the parts of a board share: the board as it is shown, and what one can do with it.
 */
import type { Present } from "../people.ts";
import type { Board } from "./board-model.ts";
import type { BoardWrite } from "./board-writes.ts";

/** What is being edited in its place on the board: one thing at a time. */
export type Edited = { readonly type: "card" | "column" | "new-card"; readonly id: string } | undefined;

export interface BoardDesk {
  readonly board: Board;
  readonly editable: boolean;
  /** One change of the document; what is typed at one stretch is undone together. */
  readonly perform: (writes: readonly BoardWrite[], stretch?: string) => void;
  /** Says to who listens to the page what has just happened on it. */
  readonly announce: (sentence: string) => void;
  readonly edited: Edited;
  readonly edit: (edited: Edited) => void;
  /** Ends editing of that, and of nothing that was begun since. */
  readonly leave: (edited: NonNullable<Edited>) => void;
  /** Opens a card's details. */
  readonly open: (cardId: string) => void;
  /** Puts the focus there once the board is drawn again. */
  readonly focusNext: (selector: string) => void;
  /** Who else is just in which card. */
  readonly others: ReadonlyMap<string, readonly Present[]>;
  /** In which card one is oneself. */
  readonly enter: (cardId: string | undefined) => void;
  readonly holdRemote: (hold: boolean) => void;
}

export const cardTitle = (id: string): string => `[data-card="${CSS.escape(id)}"] .card-title`;
export const columnTitle = (id: string): string => `[data-column="${CSS.escape(id)}"] .column-title`;
export const newCardButton = (columnId: string): string => `[data-column="${CSS.escape(columnId)}"] .new-card`;
