/**
 * CardDialog: a card's details: title, text, column. All of it is written as it is typed; a card that somebody deletes meanwhile can be put back.
 */
import { Trash2 } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import { Dialog } from "../dialog.tsx";
import { Others } from "./board-card.tsx";
import type { BoardDesk } from "./board-desk.ts";
import { cardOn, type CardPlace } from "./board-model.ts";
import { cardName, columnName } from "./board-words.ts";
import { addCard, editCard, moveCard, removeCard } from "./board-writes.ts";
import { LiveText } from "./live-text.tsx";

interface CardDialogProps {
  readonly desk: BoardDesk;
  readonly cardId: string;
  readonly onClose: () => void;
}

export function CardDialog({ desk, cardId, onClose }: CardDialogProps) {
  const place = cardOn(desk.board, cardId);
  const last = useRef(place);
  last.current = place ?? last.current;
  useEffect(() => {
    desk.enter(cardId);
    return () => desk.enter(undefined);
  }, [cardId]);
  if (last.current === undefined) return null;
  return (
    <Dialog title={place === undefined ? "This card was deleted" : "Card"} onClose={onClose}>
      {place === undefined ? (
        <Gone desk={desk} last={last.current} onClose={onClose} />
      ) : (
        <Details desk={desk} place={place} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Details({ desk, place: { card, column }, onClose }: { desk: BoardDesk; place: CardPlace; onClose: () => void }) {
  const { board, editable, perform, announce } = desk;
  const others = desk.others.get(card.id) ?? [];
  return (
    <div class="card-form">
      <label class="field">
        Title
        <LiveText
          label="Title"
          value={card.title}
          placeholder="Untitled card"
          readOnly={!editable}
          holdRemote={desk.holdRemote}
          onEdit={(words, stretch) => perform(editCard(card.id, "title", words), stretch)}
        />
      </label>
      <label class="field">
        Text
        <LiveText
          class="card-text"
          label="Text"
          value={card.text}
          multiline
          readOnly={!editable}
          holdRemote={desk.holdRemote}
          onEdit={(words, stretch) => perform(editCard(card.id, "text", words), stretch)}
        />
      </label>
      <label class="field">
        Column
        <select
          value={column.id}
          disabled={!editable}
          onChange={({ currentTarget }) =>
            perform(moveCard(board, { id: card.id, columnId: currentTarget.value, index: Number.MAX_SAFE_INTEGER }))
          }
        >
          {board.columns.map((each) => (
            <option key={each.id} value={each.id}>
              {columnName(each)}
            </option>
          ))}
        </select>
      </label>
      {others.length > 0 && (
        <p class="hint card-editors" role="status">
          <Others people={others} /> {others.map(({ name }) => name).join(", ")} {others.length === 1 ? "is" : "are"} here, too.
        </p>
      )}
      <div class="dialog-actions">
        {editable && (
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              onClose();
              perform(removeCard(card.id));
              announce(`“${cardName(card)}” is deleted. Undo brings it back.`);
            }}
          >
            <Trash2 size={16} aria-hidden="true" />
            Delete
          </button>
        )}
        <button type="button" class="button primary" onClick={onClose}>
          Done
        </button>
      </div>
    </div>
  );
}

function Gone({ desk, last: { card, column }, onClose }: { desk: BoardDesk; last: CardPlace; onClose: () => void }) {
  return (
    <div class="card-form">
      <p role="alert">Somebody deleted this card while you had it open. This is what was in it:</p>
      <p class="card-left">{[card.title, card.text].filter((words) => words.trim() !== "").join("\n\n") || "Nothing."}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Leave it deleted
        </button>
        {desk.editable && desk.board.columns.length > 0 && (
          <button type="button" class="button primary" onClick={() => desk.perform(addCard(desk.board, { ...card, columnId: column.id }))}>
            Put it back
          </button>
        )}
      </div>
    </div>
  );
}
