/**
 * BoardWrites: what a person does to a board, as a list of writes, each of one register or one text of the document.
 *
 * An operation is made from the board as it is shown and says the least that brings about what was meant: a card that moves is one write of its
 * place. So what two people do at once meets only where both meant the same register (the later of the two by Automerge's order stands, the same
 * everywhere) or the same text (then both keep their words, since texts are written as the difference).
 *
 * Deletion wins: what somebody wrote into a card that somebody else deleted at that moment goes with the card.
 */
import { Counter, updateText } from "automerge/slim";
import type { BoardCard, BoardDocument } from "../automerge-editor-props.ts";
import { type Board, cardOn, columnOn, isMap, placeOf, type ShownColumn, textOf } from "./board-model.ts";
import { placement } from "./board-order.ts";

/** A column or a card as a whole, or one field of it. */
export type BoardPath = readonly ["columns" | "cards", string] | readonly ["columns" | "cards", string, string];

export interface BoardWrite {
  readonly path: BoardPath;
  /** A text for a field; a map for a whole column or card; undefined: it is deleted. */
  readonly to: unknown;
}

export function addColumn(board: Board, { id, title }: { readonly id: string; readonly title: string }): readonly BoardWrite[] {
  const placed = placement(board.columns, id, board.columns.length);
  return placed.map((each): BoardWrite =>
    each.id === id ? { path: ["columns", id], to: { title, order: each.key } } : { path: ["columns", each.id, "order"], to: each.key },
  );
}

export function renameColumn(id: string, title: string): readonly BoardWrite[] {
  return [{ path: ["columns", id, "title"], to: title }];
}

/** Puts a column where `index` others stand before it. */
export function moveColumn(board: Board, id: string, index: number): readonly BoardWrite[] {
  if (board.columns[index]?.id === id) return [];
  const others = board.columns.filter((column) => column.id !== id);
  return placement(others, id, index).map((each) => ({ path: ["columns", each.id, "order"], to: each.key }));
}

/**
 * Deletes a column: with its cards, or so that they go to the end of the first of the others; nothing where there is no other one, and cards are
 * to be kept.
 */
export function removeColumn(board: Board, id: string, cards: "delete" | "keep"): readonly BoardWrite[] {
  const column = columnOn(board, id);
  if (column === undefined) return [];
  const removal: BoardWrite = { path: ["columns", id], to: undefined };
  if (cards === "delete") return [...column.cards.map((card): BoardWrite => ({ path: ["cards", card.id], to: undefined })), removal];
  const home = board.columns.find((other) => other.id !== id);
  if (home === undefined) return column.cards.length === 0 ? [removal] : [];
  return [...appended(home, column), removal];
}

interface NewCard {
  readonly id: string;
  readonly columnId: string;
  readonly title: string;
  readonly text?: string;
}

/** Puts a new card at the end of a column, or of the first one if that is gone. */
export function addCard(board: Board, { id, columnId, title, text = "" }: NewCard): readonly BoardWrite[] {
  const column = columnOn(board, columnId) ?? board.columns[0];
  if (column === undefined) return [];
  return placement(column.cards, id, column.cards.length).map((each): BoardWrite => {
    const place = placeOf(column.id, each.key);
    return each.id === id
      ? { path: ["cards", id], to: { title, text, place } satisfies BoardCard }
      : { path: ["cards", each.id, "place"], to: place };
  });
}

/** Puts a card into a column, where `index` others stand before it; nothing if it is there, or gone. */
export function moveCard(
  board: Board,
  { id, columnId, index }: { readonly id: string; readonly columnId: string; readonly index: number },
) {
  const [from, column] = [cardOn(board, id), columnOn(board, columnId)];
  if (from === undefined || column === undefined || (from.column.id === columnId && from.index === index)) return [];
  const others = column.cards.filter((card) => card.id !== id);
  return placement(others, id, index).map((each): BoardWrite => ({ path: ["cards", each.id, "place"], to: placeOf(columnId, each.key) }));
}

export function editCard(id: string, field: "title" | "text", words: string): readonly BoardWrite[] {
  return [{ path: ["cards", id, field], to: words }];
}

export function removeCard(id: string): readonly BoardWrite[] {
  return [{ path: ["cards", id], to: undefined }];
}

/** What stands at a path, to be compared or to be written again: a text, a map with all that others put into it, or undefined. */
export function valueAt(document: unknown, path: BoardPath): unknown {
  const found = path.reduce<unknown>((value, name) => (isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined), document);
  if (path.length === 3) return found === undefined ? undefined : textOf(found);
  return isMap(found) ? copied(found) : undefined;
}

/** Writes into a document that is being changed. What is gone in the meantime is left alone. */
export function write(draft: BoardDocument, writes: readonly BoardWrite[]): void {
  for (const { path, to } of writes) {
    const [kind, id, field] = path;
    const items = mapIn(draft, kind);
    if (field === undefined) {
      if (to === undefined) delete items[id];
      else items[id] = to as Record<string, unknown>;
      continue;
    }
    const item = items[id];
    if (typeof item !== "object" || item === null) continue;
    // From the item on, and not from the document: Automerge joins a path by slashes, and an id may have one.
    if (isText(field) && typeof item[field] === "string") updateText(item, [field], String(to));
    else item[field] = String(to);
  }
}

/** Titles and texts merge by letters; a place or an order is one register, replaced as a whole. */
function isText(field: string): boolean {
  return field === "title" || field === "text";
}

/** A document begins with both maps; one that somebody else made may lack them, or have something else there. */
function mapIn(draft: BoardDocument, kind: "columns" | "cards"): Record<string, Record<string, unknown>> {
  const found: unknown = draft[kind];
  if (typeof found !== "object" || found === null || Array.isArray(found)) draft[kind] = {};
  return draft[kind] as unknown as Record<string, Record<string, unknown>>;
}

function appended(home: ShownColumn, from: ShownColumn): readonly BoardWrite[] {
  const writes: BoardWrite[] = [];
  let cards = home.cards;
  for (const card of from.cards) {
    const placed = placement(cards, card.id, cards.length);
    writes.push(...placed.map((each): BoardWrite => ({ path: ["cards", each.id, "place"], to: placeOf(home.id, each.key) })));
    cards = [...cards, { ...card, key: placed.find((each) => each.id === card.id)!.key }];
  }
  return writes;
}

/** Automerge takes no value that is part of a document already. */
function copied(value: unknown): unknown {
  if (value instanceof Counter) return new Counter(value.value);
  if (Array.isArray(value)) return value.map(copied);
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, copied(entry)])) : value;
}
