/**
 * BoardEditor: a board of cards in columns, bound to an Automerge document. Everything of boards is behind this file, so that the page can load it when it is
 * needed.
 *
 * The board is drawn from the document, and what one does is written into it at once: there is no state of cards here that could differ from it. What is here is
 * what is being edited, dragged or open, by names; when such a name is gone from the document, that ends.
 */
import { Columns3, Redo2, Undo2 } from "lucide-preact";
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import type { AutomergeEditorProps, BoardDocument } from "../automerge-editor-props.ts";
import { EmptyState } from "../empty-state.tsx";
import { Toolbar, ToolButton } from "../toolbar.tsx";
import { BoardColumn } from "./board-column.tsx";
import { type BoardDesk, cardTitle, columnTitle, type Edited } from "./board-desk.ts";
import { type Dragged, useBoardDrag } from "./board-drag.ts";
import { BoardHistory, type Reverted } from "./board-history.ts";
import { onBoardKey } from "./board-keys.ts";
import { type Board, cardOn, cardsOf, columnOn, readBoard } from "./board-model.ts";
import { cardCount, cardName, columnName, undoStays, whereCardIs, whereColumnIs } from "./board-words.ts";
import { addColumn, type BoardWrite, moveCard, moveColumn, removeColumn } from "./board-writes.ts";
import { CardDialog } from "./card-dialog.tsx";
import { enterCard, useCardEditors } from "./card-editors.ts";
import { DeleteColumnDialog } from "./delete-column-dialog.tsx";
import { drawId } from "./fresh-id.ts";

type Handle = AutomergeEditorProps<BoardDocument>["handle"];

export default function BoardEditor({ handle, awareness, holdRemote, editable, autofocus, onSay }: AutomergeEditorProps<BoardDocument>) {
  const board = useBoard(handle);
  const history = useHistory(handle);
  const others = useCardEditors(awareness);
  const root = useRef<HTMLDivElement>(null);
  const ghost = useRef<HTMLDivElement>(null);
  const [edited, edit] = useState<Edited>();
  const [open, setOpen] = useState<string>();
  const [deleting, setDeleting] = useState<string>();
  const [said, announce] = useState("");
  const focusNext = useFocusNext(root);
  const [, draw] = useReducer((count: number, _: void) => count + 1, 0);

  const perform = (writes: readonly BoardWrite[], stretch?: string) => {
    if (!editable || writes.length === 0) return;
    history.perform(writes, stretch);
    announceMoves(writes, readBoard(handle.doc()), announce);
  };
  const reverted = (answer: Reverted) => {
    draw();
    if (answer === "stays") onSay(undoStays);
  };
  const undo = () => reverted(history.undo());
  const redo = () => reverted(history.redo());
  const desk: BoardDesk = {
    board,
    editable,
    perform,
    announce,
    edited,
    edit,
    leave: (left) => edit((now) => (now?.type === left.type && now.id === left.id ? undefined : now)),
    open: setOpen,
    focusNext,
    others,
    enter: (cardId) => enterCard(awareness, cardId),
    holdRemote,
  };
  const drop = (dragged: Dragged) => {
    if (dragged.target === undefined) return announce("It stays where it was.");
    const { columnId, index } = dragged.target;
    const now = readBoard(handle.doc());
    if (dragged.type === "column") perform(moveColumn(now, dragged.id, index));
    else perform(moveCard(now, { id: dragged.id, columnId: columnId ?? "", index }));
  };
  const dragged = useBoardDrag({
    board: root,
    ghost,
    enabled: editable && board.columns.length > 0,
    onDrop: drop,
    isThere: ({ type, id }) => (type === "card" ? cardOn(board, id) : columnOn(board, id)) !== undefined,
    onGone: ({ type }) => onSay(`The ${type} that you were moving was deleted by somebody else.`),
  });
  const addAColumn = () => {
    const id = drawId();
    perform(addColumn(board, { id, title: "New column" }));
    edit({ type: "column", id });
  };
  const deleteColumn = (id: string, cards: "keep" | "delete") => {
    setDeleting(undefined);
    const next = board.columns.find((column) => column.id !== id);
    focusNext(next === undefined ? ".empty-state .button" : columnTitle(next.id));
    announce("The column is deleted. Undo brings it back.");
    perform(removeColumn(board, id, cards));
  };
  const onKey = (event: KeyboardEvent) => onBoardKey(event, desk, { undo, redo });
  useKeysOfNobody(onKey);
  useEffect(() => {
    if (autofocus) root.current?.querySelector<HTMLElement>(".new-card")?.focus();
  }, []);
  useEffect(() => () => enterCard(awareness, undefined), [awareness]);
  const asked = deleting === undefined ? undefined : columnOn(board, deleting);

  return (
    <div class="board" ref={root} data-dragging={dragged?.type} onKeyDown={onKey}>
      <Toolbar label="Board">
        <ToolButton label="Undo" icon={Undo2} disabled={!editable || !history.canUndo} onPress={undo} />
        <ToolButton label="Redo" icon={Redo2} disabled={!editable || !history.canRedo} onPress={redo} />
        <span class="gap" />
        <ToolButton label="Add a column" icon={Columns3} disabled={!editable} onPress={addAColumn} />
      </Toolbar>
      {board.columns.length === 0 ? (
        <NoColumns board={board} onAdd={editable ? addAColumn : undefined} />
      ) : (
        <Columns
          desk={desk}
          dragged={dragged}
          onDelete={(column) => (column.cards.length === 0 ? deleteColumn(column.id, "delete") : setDeleting(column.id))}
        />
      )}
      {dragged !== undefined && <Ghost board={board} dragged={dragged} place={ghost} />}
      {open !== undefined && (
        <CardDialog
          desk={desk}
          cardId={open}
          onClose={() => {
            setOpen(undefined);
            focusNext(cardTitle(open));
          }}
        />
      )}
      {asked !== undefined && (
        <DeleteColumnDialog
          board={board}
          column={asked}
          onDelete={(cards) => deleteColumn(asked.id, cards)}
          onClose={() => setDeleting(undefined)}
        />
      )}
      <p id="board-keys" hidden>
        Enter edits the title. Alt and an arrow key move the card.
      </p>
      <p class="visually-hidden" role="status" data-testid="board-said">
        {said}
      </p>
    </div>
  );
}

interface ColumnsProps {
  readonly desk: BoardDesk;
  readonly dragged: Dragged | undefined;
  readonly onDelete: (column: Board["columns"][number]) => void;
}

function Columns({ desk, dragged, onDelete }: ColumnsProps) {
  const { columns } = desk.board;
  const target = dragged?.type === "column" ? dragged.target?.index : undefined;
  const others = columns.filter(({ id }) => id !== dragged?.id);
  const before = target === undefined ? undefined : others[target]?.id;
  return (
    // Whoever cannot drag scrolls it by its cards, which can all have the focus.
    <div class="columns" role="group" aria-label="Columns">
      {columns.map((column, index) => (
        <div
          key={column.id}
          class={`column-slot${before === column.id ? " drop-before" : ""}${target === others.length && column.id === others.at(-1)?.id ? " drop-after" : ""}`}
        >
          <BoardColumn desk={desk} column={column} index={index} dragged={dragged} onDelete={() => onDelete(column)} />
        </div>
      ))}
    </div>
  );
}

function NoColumns({ board, onAdd }: { board: Board; onAdd: (() => void) | undefined }) {
  const waiting = board.homeless.length;
  return (
    <EmptyState title="No columns yet" {...(onAdd !== undefined && { action: { label: "Add a column", onPress: onAdd } })}>
      {waiting === 0
        ? "A board has columns, and cards in them: what is to be done, what is being done, what is done."
        : `${cardCount(waiting)} of columns that were deleted ${waiting === 1 ? "is" : "are"} kept, and will be in the next column.`}
    </EmptyState>
  );
}

/** What follows the pointer. */
function Ghost({ board, dragged, place }: { board: Board; dragged: Dragged; place: { current: HTMLDivElement | null } }) {
  const card = cardOn(board, dragged.id)?.card;
  const column = columnOn(board, dragged.id);
  return (
    <div class="ghost" ref={place} aria-hidden="true">
      {dragged.type === "card" ? card !== undefined && cardName(card) : column !== undefined && columnName(column)}
    </div>
  );
}

function useBoard(handle: Handle): Board {
  const [board, setBoard] = useState(() => readBoard(handle.doc()));
  useEffect(() => {
    const look = () => setBoard(readBoard(handle.doc()));
    look();
    handle.on("change", look);
    return () => void handle.off("change", look);
  }, [handle]);
  return board;
}

function useHistory(handle: Handle): BoardHistory {
  const history = useMemo(() => new BoardHistory(handle), [handle]);
  useEffect(() => () => history.close(), [history]);
  return history;
}

/**
 * Where the focus goes once the board is drawn again. A card that moves to another column, by oneself or by others, is drawn anew there: it has the focus
 * there, too, if it had it.
 */
function useFocusNext(root: { readonly current: HTMLElement | null }): (selector: string) => void {
  const wanted = useRef<string>();
  const held = useRef<{ readonly element: Element; readonly selector: string }>();
  useEffect(() => {
    const note = ({ target }: FocusEvent) => {
      const card = target instanceof Element ? target.closest<HTMLElement>("[data-card]")?.dataset["card"] : undefined;
      held.current = card === undefined ? undefined : { element: target as Element, selector: cardTitle(card) };
    };
    root.current?.addEventListener("focusin", note);
    return () => root.current?.removeEventListener("focusin", note);
  }, []);
  useLayoutEffect(() => {
    const isLost = held.current?.element.isConnected === false && document.activeElement === document.body;
    const selector = wanted.current ?? (isLost ? held.current?.selector : undefined);
    const found = selector === undefined ? undefined : root.current?.querySelector<HTMLElement>(selector);
    if (found === null || found === undefined) return;
    wanted.current = undefined;
    found.focus();
  });
  return (selector) => {
    wanted.current = selector;
  };
}

/** Keys that come while nothing has the focus: undo is for the board then, too. */
function useKeysOfNobody(onKey: (event: KeyboardEvent) => void): void {
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.target === document.body) latest.current(event);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}

function announceMoves(writes: readonly BoardWrite[], board: Board, announce: (sentence: string) => void): void {
  const moved = writes.find(({ path }) => path[2] === "place" || path[2] === "order")?.path;
  if (moved === undefined || writes.some(({ path }) => path.length === 2)) return;
  const [kind, id] = moved;
  if (kind === "columns") announce(whereColumnIs(board, id));
  else if (cardsOf(board).some((card) => card.id === id)) announce(whereCardIs(board, id));
}
