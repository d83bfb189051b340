/**
 * BoardCard: one card in its column: its title, edited in its place; the beginning of its text; who else is in it; a handle that drags it and opens what one
 * can do with it.
 */
import { ArrowDown, ArrowUp, ArrowRightLeft, GripVertical, PanelRightOpen, SquarePen, Trash2 } from "lucide-preact";
import { initialsOf } from "../person.ts";
import type { Present } from "../people.ts";
import type { BoardDesk } from "./board-desk.ts";
import { cardTitle, newCardButton } from "./board-desk.ts";
import type { ShownCard, ShownColumn } from "./board-model.ts";
import { cardName, columnName } from "./board-words.ts";
import { editCard, moveCard, removeCard } from "./board-writes.ts";
import { LiveText } from "./live-text.tsx";
import { type MenuChoice, PopMenu } from "./pop-menu.tsx";

interface BoardCardProps {
  readonly desk: BoardDesk;
  readonly card: ShownCard;
  readonly column: ShownColumn;
  readonly index: number;
  readonly dragged: boolean;
}

export function BoardCard({ desk, card, column, index, dragged }: BoardCardProps) {
  const { editable, edited, edit, leave, perform, enter, open } = desk;
  const editing = editable && edited?.type === "card" && edited.id === card.id;
  const others = desk.others.get(card.id) ?? [];
  return (
    <li
      class={`card${dragged ? " dragged" : ""}${others.length > 0 ? " busy" : ""}`}
      data-card={card.id}
      style={{ "--person": others[0]?.color }}
    >
      <div class="card-head">
        {editing ? (
          <LiveText
            class="card-title"
            label="Title of the card"
            value={card.title}
            autofocus
            holdRemote={desk.holdRemote}
            onEdit={(words, stretch) => perform(editCard(card.id, "title", words), stretch)}
            onFocus={() => enter(card.id)}
            onBlur={() => {
              enter(undefined);
              leave({ type: "card", id: card.id });
            }}
            onDone={() => {
              leave({ type: "card", id: card.id });
              desk.focusNext(cardTitle(card.id));
            }}
          />
        ) : (
          <button
            type="button"
            class={`card-title${card.title.trim() === "" ? " untitled" : ""}`}
            aria-keyshortcuts={editable ? "Alt+ArrowUp Alt+ArrowDown Alt+ArrowLeft Alt+ArrowRight" : undefined}
            aria-describedby={editable ? "board-keys" : undefined}
            onClick={() => (editable ? edit({ type: "card", id: card.id }) : open(card.id))}
          >
            {cardName(card)}
          </button>
        )}
        {editable && (
          <PopMenu
            class="grip"
            label={`Move or change “${cardName(card)}”`}
            icon={GripVertical}
            choices={choices(desk, card, column, index)}
          />
        )}
      </div>
      {(card.text.trim() !== "" || others.length > 0) && (
        <div class="card-foot">
          <button type="button" class="card-excerpt" aria-label={`Details of “${cardName(card)}”`} onClick={() => open(card.id)}>
            {card.text.trim().slice(0, 200)}
          </button>
          <Others people={others} />
        </div>
      )}
    </li>
  );
}

/** Who else is just in the card. */
export function Others({ people }: { people: readonly Present[] }) {
  if (people.length === 0) return null;
  return (
    <ul class="card-people" aria-label="Editing this card">
      {people.slice(0, 3).map(({ client, name, color }) => (
        <li key={client} class="badge" style={{ "--person": color }} title={`${name} edits this card`}>
          <span aria-hidden="true">{initialsOf(name)}</span>
          <span class="visually-hidden">{name}</span>
        </li>
      ))}
    </ul>
  );
}

function choices(desk: BoardDesk, card: ShownCard, column: ShownColumn, index: number): readonly MenuChoice[] {
  const { board, perform, announce } = desk;
  const move = (columnId: string, to: number) => () => {
    desk.focusNext(cardTitle(card.id));
    perform(moveCard(board, { id: card.id, columnId, index: to }));
  };
  const elsewhere = board.columns.filter(({ id }) => id !== column.id);
  return [
    { label: "Open details", icon: PanelRightOpen, onChoose: () => desk.open(card.id) },
    { label: "Edit the title", icon: SquarePen, onChoose: () => desk.edit({ type: "card", id: card.id }) },
    ...(index > 0 ? [{ label: "Move up", icon: ArrowUp, onChoose: move(column.id, index - 1) }] : []),
    ...(index < column.cards.length - 1 ? [{ label: "Move down", icon: ArrowDown, onChoose: move(column.id, index + 1) }] : []),
    ...elsewhere.map((other) => ({
      label: `Move to “${columnName(other)}”`,
      icon: ArrowRightLeft,
      onChoose: move(other.id, other.cards.length),
    })),
    {
      label: "Delete the card",
      icon: Trash2,
      warn: true,
      onChoose: () => {
        const next = column.cards[index + 1] ?? column.cards[index - 1];
        desk.focusNext(next === undefined ? newCardButton(column.id) : cardTitle(next.id));
        perform(removeCard(card.id));
        announce(`“${cardName(card)}” is deleted. Undo brings it back.`);
      },
    },
  ];
}
