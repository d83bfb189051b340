/**
 * BoardColumn: one column: its title, edited in its place; its cards; where a new one is written.
 */
import { ArrowLeft, ArrowRight, Ellipsis, Plus, SquarePen, Trash2 } from "lucide-preact";
import { Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { BoardCard } from "./board-card.tsx";
import { type BoardDesk, columnTitle, newCardButton } from "./board-desk.ts";
import type { Dragged } from "./board-drag.ts";
import type { ShownColumn } from "./board-model.ts";
import { cardCount, columnName } from "./board-words.ts";
import { addCard, moveColumn, renameColumn } from "./board-writes.ts";
import { drawId } from "./fresh-id.ts";
import { LiveText } from "./live-text.tsx";
import { type MenuChoice, PopMenu } from "./pop-menu.tsx";

interface BoardColumnProps {
  readonly desk: BoardDesk;
  readonly column: ShownColumn;
  readonly index: number;
  readonly dragged: Dragged | undefined;
  readonly onDelete: () => void;
}

export function BoardColumn({ desk, column, index, dragged, onDelete }: BoardColumnProps) {
  const { editable, edited, edit, leave, perform } = desk;
  const heading = `column-${index}`;
  const editing = editable && edited?.type === "column" && edited.id === column.id;
  const held = dragged?.type === "column" && dragged.id === column.id;
  return (
    <section class={`column${held ? " dragged" : ""}`} data-column={column.id} aria-labelledby={heading}>
      <header class="column-head">
        <h2 id={heading}>
          {editing ? (
            <LiveText
              class="column-title"
              label="Title of the column"
              value={column.title}
              autofocus
              holdRemote={desk.holdRemote}
              onEdit={(words, stretch) => perform(renameColumn(column.id, words), stretch)}
              onBlur={() => leave({ type: "column", id: column.id })}
              onDone={() => {
                leave({ type: "column", id: column.id });
                desk.focusNext(columnTitle(column.id));
              }}
            />
          ) : editable ? (
            <button
              type="button"
              class="column-title"
              aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight"
              onClick={() => edit({ type: "column", id: column.id })}
            >
              {columnName(column)}
            </button>
          ) : (
            <span class="column-title">{columnName(column)}</span>
          )}
        </h2>
        <span class="column-count" title={cardCount(column.cards.length)}>
          <span aria-hidden="true">{column.cards.length}</span>
          <span class="visually-hidden">{cardCount(column.cards.length)}</span>
        </span>
        {editable && (
          <PopMenu
            class="column-menu"
            label={`Change the column “${columnName(column)}”`}
            icon={Ellipsis}
            choices={choices(desk, column, index, onDelete)}
          />
        )}
      </header>
      <Cards desk={desk} column={column} dragged={dragged} />
      {editable && <NewCard desk={desk} column={column} />}
    </section>
  );
}

function Cards({ desk, column, dragged }: Pick<BoardColumnProps, "desk" | "column" | "dragged">) {
  const target = dragged?.type === "card" && dragged.target?.columnId === column.id ? dragged.target.index : undefined;
  const held = dragged?.type === "card" ? dragged.id : undefined;
  let others = 0;
  const line = <li class="drop-line" role="presentation" aria-hidden="true" />;
  const drawn = column.cards.map((card, index) => {
    const before = card.id !== held && others === target && line;
    if (card.id !== held) others += 1;
    return (
      <Fragment key={card.id}>
        {before}
        <BoardCard desk={desk} card={card} column={column} index={index} dragged={card.id === held} />
      </Fragment>
    );
  });
  return (
    <ul class="cards" aria-label={`Cards in “${columnName(column)}”`}>
      {drawn}
      {target !== undefined && target >= others && line}
      {column.cards.length === 0 && target === undefined && <li class="no-cards">No cards</li>}
    </ul>
  );
}

/** Where new cards are written, one after the other: Enter adds one, Escape ends. */
function NewCard({ desk, column }: Pick<BoardColumnProps, "desk" | "column">) {
  const { edited, edit, leave, perform, announce } = desk;
  const [title, setTitle] = useState("");
  // What is written when the field goes is a card, unless Escape took it back.
  const takenBack = useRef(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const open = edited?.type === "new-card" && edited.id === column.id;
  useEffect(() => {
    takenBack.current = false;
    if (open) field.current?.focus();
  }, [open]);
  const add = () => {
    const words = title.replaceAll(/\s+/gu, " ").trim();
    if (words === "" || takenBack.current) return;
    perform(addCard(desk.board, { id: drawId(), columnId: column.id, title: words }));
    announce(`“${words}” is added to “${columnName(column)}”.`);
    setTitle("");
  };
  if (!open) {
    return (
      <button type="button" class="button quiet small new-card" onClick={() => edit({ type: "new-card", id: column.id })}>
        <Plus size={16} aria-hidden="true" />
        Add a card
      </button>
    );
  }
  return (
    <form
      class="new-card-form"
      onSubmit={(event) => {
        event.preventDefault();
        add();
        field.current?.focus();
      }}
      onFocusOut={(event) => {
        if (event.currentTarget.contains(event.relatedTarget as Node | null)) return;
        add();
        leave({ type: "new-card", id: column.id });
      }}
      onKeyDown={(event) => {
        if (event.isComposing) return;
        if (event.key === "Enter" && event.target === field.current) {
          event.preventDefault();
          add();
        } else if (event.key === "Escape") {
          event.stopPropagation();
          takenBack.current = true;
          setTitle("");
          desk.focusNext(newCardButton(column.id));
          leave({ type: "new-card", id: column.id });
        }
      }}
    >
      <textarea
        ref={field}
        class="card-title"
        rows={2}
        aria-label={`New card in “${columnName(column)}”`}
        placeholder="What is it about?"
        enterkeyhint="enter"
        value={title}
        onInput={({ currentTarget }) => setTitle(currentTarget.value)}
      />
      <button type="submit" class="button small primary">
        Add
      </button>
    </form>
  );
}

function choices(desk: BoardDesk, column: ShownColumn, index: number, onDelete: () => void): readonly MenuChoice[] {
  const move = (to: number) => () => {
    desk.focusNext(columnTitle(column.id));
    desk.perform(moveColumn(desk.board, column.id, to));
  };
  return [
    { label: "Rename", icon: SquarePen, onChoose: () => desk.edit({ type: "column", id: column.id }) },
    ...(index > 0 ? [{ label: "Move left", icon: ArrowLeft, onChoose: move(index - 1) }] : []),
    ...(index < desk.board.columns.length - 1 ? [{ label: "Move right", icon: ArrowRight, onChoose: move(index + 1) }] : []),
    { label: column.cards.length === 0 ? "Delete the column" : "Delete the column…", icon: Trash2, warn: true, onChoose: onDelete },
  ];
}
