/**
 * BoardWords: what is said about a board, on it and to who listens to it.
 */
import { type Board, cardOn, type ShownCard, type ShownColumn } from "./board-model.ts";

export function cardName({ title }: Pick<ShownCard, "title">): string {
  return title.trim() === "" ? "Untitled card" : title.trim();
}

export function columnName({ title }: Pick<ShownColumn, "title">): string {
  return title.trim() === "" ? "Untitled column" : title.trim();
}

export function cardCount(count: number): string {
  return count === 1 ? "1 card" : `${count} cards`;
}

/** Where a card came to be: said after each move. */
export function whereCardIs(board: Board, id: string): string {
  const place = cardOn(board, id);
  if (place === undefined) return "The card is not there any more.";
  const { card, column, index } = place;
  return `“${cardName(card)}” is ${index + 1} of ${column.cards.length} in “${columnName(column)}”.`;
}

export function whereColumnIs(board: Board, id: string): string {
  const index = board.columns.findIndex((column) => column.id === id);
  const column = board.columns[index];
  return column === undefined
    ? "The column is not there any more."
    : `“${columnName(column)}” is column ${index + 1} of ${board.columns.length}.`;
}

export const undoStays = "Somebody has changed that since, so it stays as it is.";
