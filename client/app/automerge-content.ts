/**
 * AutomergeContent: what the page asks of an Automerge document whose editor it does not know: kind, title, words. Anybody's program may have
 * written anything there, so everything is looked at before it is believed.
 */
import type { Automerge, AutomergeHandle } from "@inkmesh/client/automerge";
import { readChanges } from "@inkmesh/shared/engine/automerge-change";
import { type AutomergeKind, beginningOf, isBeginning } from "./automerge-beginning.ts";
import { loadedAutomerge } from "./automerge-engine.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What is no board is shown as notes, if it has a text at all: see `foreignIn`. */
export function kindIn(handle: AutomergeHandle): AutomergeKind {
  return handle.doc()["kind"] === "board" ? "board" : "notes";
}

export function titleIn(handle: AutomergeHandle): unknown {
  return handle.doc()["title"];
}

/** What stands in the way of editing the document here, as a name; undefined: it is as its kind says. */
export function foreignIn(handle: AutomergeHandle): string | undefined {
  const document: Fields = handle.doc();
  if (kindIn(handle) === "board") return isFields(document["columns"]) && isFields(document["cards"]) ? undefined : "no columns";
  if (typeof document["text"] === "string") return undefined;
  return Object.keys(document).find((field) => field !== "kind" && field !== "title") ?? "no text";
}

/** Whether nobody has begun it, as far as this device knows. */
export function isUnbegun(handle: AutomergeHandle): boolean {
  return handle.heads().length === 0;
}

/** Makes it a document of `kind`. Done twice, here or elsewhere, it is done once. */
export function begin(handle: AutomergeHandle, kind: AutomergeKind): void {
  handle.merge(beginningOf(automerge(), kind));
}

export function writeTitle(handle: AutomergeHandle, title: string): void {
  handle.change((document) => {
    if (typeof document["title"] !== "string") document["title"] = "";
    automerge().updateText(document, ["title"], title);
  });
}

/** Calls `listener` when kind, title or what the document consists of may be another one. */
export function watchFields(handle: AutomergeHandle, listener: () => void): () => void {
  const look = ({ patches }: { readonly patches: readonly Automerge.Patch[] }) => {
    if (patches.some(({ path }) => path.length === 1 || path[0] === "title")) listener();
  };
  handle.on("change", look);
  return () => void handle.off("change", look);
}

/** All of it, for a document that takes it as an edit. */
export function wholeOf(handle: AutomergeHandle): Uint8Array {
  return automerge().save(handle.doc());
}

export function jsonOf(handle: AutomergeHandle): string {
  return `${JSON.stringify(automerge().toJS(handle.doc()), undefined, 2)}\n`;
}

/** Notes as they are written; of a board each column with its cards; of another document its fields. */
export function wordsIn(handle: AutomergeHandle): string {
  const document: Fields = handle.doc();
  if (foreignIn(handle) !== undefined) return jsonOf(handle);
  return kindIn(handle) === "notes" ? String(document["text"]) : boardWords(document["columns"] as Fields, document["cards"] as Fields);
}

/** What was typed in these edits, letters that follow one another joined. An edit that cannot be read has no words to show. */
export function typedIn(edits: readonly Uint8Array[]): string {
  let words = "";
  let end = "";
  for (const { actor, startOp, ops } of edits.flatMap(changesIn)) {
    if (isBeginning(actor)) continue;
    for (const [index, { action, elemId, insert, value }] of ops.entries()) {
      if (action !== "set" || typeof value !== "string" || (insert !== true && value === "")) continue;
      const follows = words === "" || (insert === true && elemId === end);
      words += `${follows ? "" : "\n"}${value}`;
      end = `${startOp + index}@${actor}`;
    }
  }
  return words;
}

interface ReadOperation {
  readonly action: string;
  readonly elemId?: string;
  readonly insert?: boolean;
  readonly value?: unknown;
}

const noLimits = {
  partsPerUpdateMax: Infinity,
  authorsPerEditMax: Infinity,
  authorsPerRoomMax: Infinity,
  clockMax: Number.MAX_SAFE_INTEGER,
  nestingMax: Infinity,
};

function changesIn(edit: Uint8Array): readonly { actor: string; startOp: number; ops: readonly ReadOperation[] }[] {
  const read = readChanges(edit, noLimits);
  if (!read.ok) return [];
  return read.value.flatMap(({ bytes }) => {
    try {
      return [automerge().decodeChange(bytes) as unknown as { actor: string; startOp: number; ops: readonly ReadOperation[] }];
    } catch {
      return [];
    }
  });
}

function boardWords(columns: Fields, cards: Fields): string {
  const placed = Object.values(cards).filter(isFields);
  const ordered = Object.entries(columns)
    .filter((entry): entry is [string, Fields] => isFields(entry[1]))
    .toSorted(([, left], [, right]) => compare(left["order"], right["order"]));
  const known = new Set(ordered.map(([id]) => id));
  return ordered
    .map(([id, column], index) => {
      // Cards of a column that is gone are in the first one.
      const here = placed.filter(({ place }) => columnOf(place) === id || (index === 0 && !known.has(columnOf(place))));
      const lines = here.toSorted((left, right) => compare(left["place"], right["place"])).map(cardWords);
      return [`== ${textOf(column["title"])} ==`, ...lines].join("\n");
    })
    .join("\n\n");
}

function cardWords({ title, text }: Fields): string {
  const more = textOf(text).trim();
  return `- ${textOf(title)}${more === "" ? "" : `\n${more.replaceAll(/^/gm, "    ")}`}`;
}

function columnOf(place: unknown): string {
  return textOf(place).split("/")[0] ?? "";
}

function compare(left: unknown, right: unknown): number {
  const [one, other] = [textOf(left), textOf(right)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function automerge(): typeof Automerge {
  const engine = loadedAutomerge();
  if (engine === undefined) throw new Error("Automerge is fetched before one of its documents is opened.");
  return engine.Automerge;
}
