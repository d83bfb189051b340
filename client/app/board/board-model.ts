/**
 * BoardModel: what a board's document shows: columns in order, each with its cards in order.
 *
 * Others may write anything into the document, so it is read with nothing taken for granted: what is no card is none, a missing text is empty, a
 * card whose column is gone stands in the first one. Reading never throws and never writes: a device that only looks must not make a change, and
 * two that mend the same thing at once would undo each other.
 *
 * Invariant: every card of the document is shown exactly once. A card's place is one register, so that holds whoever moves it and when; it holds for
 * cards of columns that are gone, and without any column they are kept as `homeless`.
 */
import { isImmutableString } from "automerge/slim";
import { byKey } from "./board-order.ts";

export interface ShownCard {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** Where it stands in its column. */
  readonly key: string;
  /** The column that its place names, whether there is one or not. */
  readonly placedIn: string;
}

export interface ShownColumn {
  readonly id: string;
  readonly title: string;
  readonly key: string;
  readonly cards: readonly ShownCard[];
}

export interface Board {
  readonly columns: readonly ShownColumn[];
  /** Cards of a board without columns: they are shown in the next one that is made. */
  readonly homeless: readonly ShownCard[];
}

/** Where a card is: its column, and how many cards stand before it. */
export interface CardPlace {
  readonly card: ShownCard;
  readonly column: ShownColumn;
  readonly index: number;
}

/** The board that a document shows, whatever it is. */
export function readBoard(document: unknown): Board {
  const heads = entriesOf(fieldOf(document, "columns"))
    .map(([id, column]) => ({ id, title: textOf(fieldOf(column, "title")), key: textOf(fieldOf(column, "order")) }))
    .toSorted(byKey);
  const cards = new Map<string, ShownCard[]>(heads.map(({ id }) => [id, []]));
  const homeless: ShownCard[] = [];
  for (const [id, card] of entriesOf(fieldOf(document, "cards"))) {
    const { columnId, key } = readPlace(textOf(fieldOf(card, "place")));
    const home = cards.get(columnId) ?? cards.get(heads[0]?.id ?? "") ?? homeless;
    home.push({ id, title: textOf(fieldOf(card, "title")), text: textOf(fieldOf(card, "text")), key, placedIn: columnId });
  }
  return { columns: heads.map((head) => ({ ...head, cards: cards.get(head.id)!.toSorted(byKey) })), homeless: homeless.toSorted(byKey) };
}

/** Where a card is on the board; undefined: it is not (any more), or there is no column. */
export function cardOn(board: Board, id: string): CardPlace | undefined {
  for (const column of board.columns) {
    const index = column.cards.findIndex((card) => card.id === id);
    if (index >= 0) return { card: column.cards[index]!, column, index };
  }
  return undefined;
}

export function columnOn(board: Board, id: string): ShownColumn | undefined {
  return board.columns.find((column) => column.id === id);
}

/** Every card, shown in a column or not. */
export function cardsOf(board: Board): readonly ShownCard[] {
  return [...board.columns.flatMap(({ cards }) => cards), ...board.homeless];
}

/** A place as it stands in the document; a key has no slash, so a column's id may have one. */
export function placeOf(columnId: string, key: string): string {
  return `${columnId}/${key}`;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)
  );
}

/** A text, whether it can be written in or not; "" for what is none. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return isImmutableString(value) ? value.toString() : "";
}

function readPlace(place: string): { readonly columnId: string; readonly key: string } {
  const slash = place.lastIndexOf("/");
  return { columnId: place.slice(0, Math.max(0, slash)), key: place.slice(slash + 1) };
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isMap(value) ? Object.entries(value).filter(([, entry]) => isMap(entry)) : [];
}

function fieldOf(value: unknown, name: string): unknown {
  return isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
