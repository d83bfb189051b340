/**
 * BoardExport: a board as a file: JSON for programs, Markdown for people. Made on this device, so that it works without a relay.
 */
import { type Board, readBoard, type ShownCard } from "./board-model.ts";

/** The board as one JSON text: columns in order, each with its cards in order, and nothing of how order is kept. */
export function boardAsJson(document: unknown, title: string): string {
  const { columns, homeless } = readBoard(document);
  const shown = columns.map((column) => ({ title: column.title, cards: column.cards.map(cardAsJson) }));
  const board = { title, columns: shown, ...(homeless.length > 0 && { cardsWithoutColumn: homeless.map(cardAsJson) }) };
  return `${JSON.stringify(board, undefined, 2)}\n`;
}

/** The board as Markdown: a heading for each column, a list item for each card, with its text below the title. */
export function boardAsMarkdown(document: unknown, title: string): string {
  const board = readBoard(document);
  const heading = title.trim() === "" ? [] : [`# ${inline(title)}`];
  return `${[...heading, ...sections(board)].join("\n\n")}\n`;
}

function sections({ columns, homeless }: Board): readonly string[] {
  const shown = columns.flatMap((column) => [`## ${inline(column.title) || "Untitled"}`, ...list(column.cards)]);
  return homeless.length === 0 ? shown : [...shown, "## Without a column", ...list(homeless)];
}

function list(cards: readonly ShownCard[]): readonly string[] {
  return cards.length === 0 ? [] : [cards.map(item).join("\n").trimEnd()];
}

/** The text is the card's own Markdown, set in so far that it belongs to its item. */
function item({ title, text }: ShownCard): string {
  const lines = text.trim() === "" ? [] : text.trim().split("\n");
  return [`- ${inline(title) || "Untitled"}`, ...(lines.length > 0 ? ["", ...lines, ""] : [])]
    .map((line, at) => (at === 0 || line.trim() === "" ? line.trim() : `  ${line}`))
    .join("\n");
}

/** A title is words and no Markdown: what would begin something else is written so that it does not. */
function inline(title: string): string {
  return title
    .replaceAll(/\s+/gu, " ")
    .trim()
    .replaceAll(/[\\`*_[\]<>#|~]/gu, String.raw`\$&`)
    .replace(/^([-+]|\d+[.)])(?= |$)/u, (mark) => mark.replace(/[-+.)]$/u, String.raw`\$&`));
}

function cardAsJson({ title, text }: ShownCard): { readonly title: string; readonly text: string } {
  return { title, text };
}
