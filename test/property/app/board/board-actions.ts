/**
 * BoardActions: what people may do to a board, as random values: each is made against the board as it is shown at that moment.
 */
import fc from "fast-check";
import { type Board, cardsOf } from "../../../../client/app/board/board-model.ts";
import {
  addCard,
  addColumn,
  type BoardWrite,
  editCard,
  moveCard,
  moveColumn,
  removeCard,
  removeColumn,
  renameColumn,
} from "../../../../client/app/board/board-writes.ts";

export interface Action {
  readonly who: number;
  readonly type:
    | "add"
    | "move"
    | "edit"
    | "remove"
    | "add column"
    | "move column"
    | "rename column"
    | "remove column"
    | "share"
    | "hear"
    | "undo"
    | "redo";
  /** Which card or column, which place, which neighbour: taken modulo how many there are. */
  readonly which: number;
  readonly where: number;
  readonly words: string;
}

const types: readonly (readonly [Action["type"], number])[] = [
  ["add", 4],
  ["move", 8],
  ["edit", 4],
  ["remove", 2],
  ["add column", 1],
  ["move column", 2],
  ["rename column", 1],
  ["remove column", 2],
  ["share", 1],
  ["hear", 3],
];

/** With `reverting`, undo and redo, too. */
export function actions(people: number, reverting = false): fc.Arbitrary<readonly Action[]> {
  const all = reverting ? [...types, ["undo", 10] as const, ["redo", 3] as const, ["hear", 8] as const] : types;
  return fc.array(
    fc.record({
      who: fc.nat(people - 1),
      type: fc.oneof(...all.map(([type, weight]) => ({ weight, arbitrary: fc.constant(type) }))),
      which: fc.nat(50),
      where: fc.nat(50),
      words: fc.stringMatching(/^[a-d ]{0,4}$/),
    }),
    { minLength: reverting ? 15 : 1, maxLength: 30 },
  );
}

/** The writes of an action on this board; none where there is nothing to do it to. */
export function writesOf(board: Board, action: Action, freshId: () => string): readonly BoardWrite[] {
  const card = cardsOf(board)[action.which % Math.max(1, cardsOf(board).length)];
  const column = board.columns[action.which % Math.max(1, board.columns.length)];
  const target = board.columns[action.where % Math.max(1, board.columns.length)];
  if (action.type === "add column") return addColumn(board, { id: freshId(), title: action.words });
  if (target === undefined || column === undefined) return [];
  if (action.type === "add") return addCard(board, { id: freshId(), columnId: target.id, title: action.words });
  if (action.type === "move column") return moveColumn(board, column.id, action.where % board.columns.length);
  if (action.type === "rename column") return renameColumn(column.id, action.words);
  if (action.type === "remove column") return removeColumn(board, column.id, action.where % 2 === 0 ? "keep" : "delete");
  if (card === undefined) return [];
  if (action.type === "move") return moveCard(board, { id: card.id, columnId: target.id, index: action.which % (target.cards.length + 1) });
  if (action.type === "edit")
    return editCard(card.id, action.where % 2 === 0 ? "title" : "text", `${card.title.slice(0, action.where % 5)}${action.words}`);
  return action.type === "remove" ? removeCard(card.id) : [];
}
