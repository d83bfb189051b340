/**
 * What a document of Automerge's says, written for a person: of notes their text; of a board its columns, and under each its cards; of any other
 * document, since nobody knows what it means, all of it as indented JSON.
 *
 *     notes  { kind: "notes", text }
 *     board  { kind: "board", columns: { [id]: { title, order } }, cards: { [id]: { title, text, place: "<column>/<where in it>" } } }
 *
 * Total: a document may say of itself what it likes. Cards of a column that is no more are in the first one.
 */
import { encodeUtf8 } from "lib0/string";
import { ok, refused, type Result } from "../base/result.ts";
import type { ContentFormat } from "./crdt-engine.ts";

/** `value`: what the document says, as JSON can say it. */
export function automergeContent(value: unknown, format: Exclude<ContentFormat, "update">): Result<Uint8Array> {
  if (format === "json") return ok(encodeUtf8(JSON.stringify(value)));
  if (format === "html") return refused("UNSAYABLE", "an Automerge document is answered as text, markdown, json or update");
  return ok(encodeUtf8(written(value, format)));
}

function written(value: unknown, format: "text" | "markdown"): string {
  const document = fieldsOf(value);
  if (document["kind"] === "board")
    return boardOf(document)
      .map((column) => columnAs(column, format))
      .join(format === "text" ? "\n" : "\n\n");
  if (typeof document["text"] === "string") return document["text"];
  const json = JSON.stringify(value, undefined, 2);
  return format === "text" ? json : `\`\`\`json\n${json}\n\`\`\``;
}

interface Column {
  readonly title: string;
  readonly cards: readonly { readonly title: string; readonly text: string }[];
}

function boardOf(document: Fields): readonly Column[] {
  const columns = Object.entries(fieldsOf(document["columns"])).map(([id, column]) => ({
    id,
    ...named(column),
    order: fieldsOf(column)["order"],
  }));
  const ordered = columns.toSorted((left, right) => compare(left.order, right.order) || compare(left.id, right.id));
  const known = new Set(ordered.map(({ id }) => id));
  const cards = Object.entries(fieldsOf(document["cards"])).map(([id, card]) => {
    const place = textOf(fieldsOf(card)["place"]);
    const column = place.slice(0, Math.max(0, place.indexOf("/")));
    return { id, ...named(card), place: place.slice(column.length), column: known.has(column) ? column : ordered[0]?.id };
  });
  const inOrder = cards.toSorted((left, right) => compare(left.place, right.place) || compare(left.id, right.id));
  return ordered.map(({ id, title }) => ({ title, cards: inOrder.filter(({ column }) => column === id) }));
}

function columnAs({ title, cards }: Column, format: "text" | "markdown"): string {
  if (format === "text") return [title, ...cards.flatMap((card) => [`- ${card.title}`, ...linesOf(card.text)])].join("\n");
  const items = cards.map((card) => [`- ${card.title}`, ...linesOf(card.text)].join("\n"));
  return [`## ${title}`, ...(items.length === 0 ? [] : [items.join("\n")])].join("\n\n");
}

function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.split("\n").map((line) => `  ${line}`);
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function named(value: unknown): { readonly title: string; readonly text: string } {
  const { title, text } = fieldsOf(value);
  return { title: textOf(title), text: textOf(text) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function compare(left: unknown, right: unknown): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  const [one, other] = [String(left), String(right)];
  return one < other ? -1 : one > other ? 1 : 0;
}
