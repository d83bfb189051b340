/**
 * DeleteColumnDialog: asks what becomes of the cards of a column that is to be deleted.
 */
import { Dialog } from "../dialog.tsx";
import type { Board, ShownColumn } from "./board-model.ts";
import { cardCount, columnName } from "./board-words.ts";

interface DeleteColumnDialogProps {
  readonly board: Board;
  readonly column: ShownColumn;
  readonly onDelete: (cards: "keep" | "delete") => void;
  readonly onClose: () => void;
}

export function DeleteColumnDialog({ board, column, onDelete, onClose }: DeleteColumnDialogProps) {
  const home = board.columns.find(({ id }) => id !== column.id);
  return (
    <Dialog title={`Delete the column “${columnName(column)}”?`} onClose={onClose}>
      <p>
        It has {cardCount(column.cards.length)}.{" "}
        {home === undefined
          ? "There is no other column that they could go to, so they are deleted with it."
          : `They can go to the end of “${columnName(home)}”, or be deleted with it.`}{" "}
        Undo brings everything back.
      </p>
      <div class="dialog-actions column-actions">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button danger" onClick={() => onDelete("delete")}>
          Delete the cards, too
        </button>
        {home !== undefined && (
          <button type="button" class="button primary" onClick={() => onDelete("keep")}>
            Keep the cards
          </button>
        )}
      </div>
    </Dialog>
  );
}
