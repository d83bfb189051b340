/**
 * BoardKeys: what the keyboard does on a board outside of its fields.
 *
 *     arrows           on a card's title: to the card above, below, or in the next column
 *     Alt and arrows   on a card: it moves there; on a column's title: the column moves
 *     Mod-z, Mod-Shift-z, Mod-y   undo and redo, in its fields, too
 */
import { type BoardDesk, cardTitle, columnTitle } from "./board-desk.ts";
import { cardOn, type CardPlace } from "./board-model.ts";
import { whereCardIs, whereColumnIs } from "./board-words.ts";
import { moveCard, moveColumn } from "./board-writes.ts";

interface Reverting {
  readonly undo: () => void;
  readonly redo: () => void;
}

export function onBoardKey(event: KeyboardEvent, desk: BoardDesk, { undo, redo }: Reverting): void {
  const target = event.target as HTMLElement;
  const { key } = event;
  if (desk.editable && (event.ctrlKey || event.metaKey) && !event.altKey && !event.isComposing) {
    const letter = key.toLowerCase();
    if (letter !== "z" && letter !== "y") return;
    event.preventDefault();
    return letter === "y" || event.shiftKey ? redo() : undo();
  }
  if (event.ctrlKey || event.metaKey || event.shiftKey || !key.startsWith("Arrow")) return;
  if (target.closest("textarea, input, select, .pop-menu, dialog, [role=toolbar]") !== null) return;
  const cardId = target.closest<HTMLElement>("[data-card]")?.dataset["card"];
  const columnId = target.closest<HTMLElement>(".column-head")?.closest<HTMLElement>("[data-column]")?.dataset["column"];
  const place = cardId === undefined ? undefined : cardOn(desk.board, cardId);
  // Alt with an arrow is "back" to a browser: nobody who moves a card wants to leave the page at the board's edge.
  if (place !== undefined && (event.altKey || target.matches(".card-title"))) {
    event.preventDefault();
    return event.altKey ? moveBy(desk, place, key) : walkBy(desk, place, key);
  }
  if (columnId !== undefined && event.altKey) {
    event.preventDefault();
    moveColumnBy(desk, columnId, key);
  }
}

function moveBy(desk: BoardDesk, { card, column, index }: CardPlace, key: string): void {
  if (!desk.editable) return;
  const beside = columnBeside(desk, column.id, key);
  const to =
    beside === undefined
      ? { columnId: column.id, index: key === "ArrowUp" ? index - 1 : index + 1 }
      : { columnId: beside.id, index: Math.min(index, beside.cards.length) };
  const isSideways = key === "ArrowLeft" || key === "ArrowRight";
  const isPossible = isSideways ? beside !== undefined : to.index >= 0 && to.index < column.cards.length;
  desk.focusNext(cardTitle(card.id));
  if (isPossible) desk.perform(moveCard(desk.board, { id: card.id, ...to }));
  else desk.announce(`It cannot go further. ${whereCardIs(desk.board, card.id)}`);
}

function walkBy(desk: BoardDesk, { column, index }: CardPlace, key: string): void {
  const beside = columnBeside(desk, column.id, key);
  const isSideways = key === "ArrowLeft" || key === "ArrowRight";
  const next = isSideways
    ? beside?.cards[Math.min(index, beside.cards.length - 1)]
    : column.cards[key === "ArrowUp" ? index - 1 : index + 1];
  if (next !== undefined) document.querySelector<HTMLElement>(cardTitle(next.id))?.focus();
}

function moveColumnBy(desk: BoardDesk, id: string, key: string): void {
  const at = desk.board.columns.findIndex((column) => column.id === id);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1 }[key];
  if (!desk.editable || at < 0 || to === undefined) return;
  desk.focusNext(columnTitle(id));
  if (to >= 0 && to < desk.board.columns.length) desk.perform(moveColumn(desk.board, id, to));
  else desk.announce(`It cannot go further. ${whereColumnIs(desk.board, id)}`);
}

function columnBeside({ board }: BoardDesk, id: string, key: string) {
  const at = board.columns.findIndex((column) => column.id === id);
  if (key === "ArrowLeft") return board.columns[at - 1];
  return key === "ArrowRight" ? board.columns[at + 1] : undefined;
}
