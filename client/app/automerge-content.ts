/**
 * AutomergeContent: what the page asks of an Automerge document whose editor it does not know: kind, title, words. Anybody's program may have
 * written anything there, so everything is looked at before it is believed.
 */
import type { Automerge, AutomergeHandle } from "@inkmesh/client/automerge";
import { type AutomergeKind, beginningOf } from "./automerge-beginning.ts";
import { type AutomergeEngine, loadedAutomerge } from "./automerge-engine.ts";

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
  handle.merge(beginningOf(engine().Automerge, kind));
}

export function writeTitle(handle: AutomergeHandle, title: string): void {
  handle.change((document) => {
    if (typeof document["title"] !== "string") document["title"] = "";
    engine().Automerge.updateText(document, ["title"], title);
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
  return engine().Automerge.save(handle.doc());
}

/** A board says in which order its cards are; every other document is as it stands. */
export function jsonOf(handle: AutomergeHandle): string {
  const title = titleIn(handle);
  if (foreignIn(handle) === undefined && kindIn(handle) === "board")
    return engine().boardAsJson(handle.doc(), typeof title === "string" ? title : "");
  return `${JSON.stringify(engine().Automerge.toJS(handle.doc()), undefined, 2)}\n`;
}

/** A file for people: notes as they were written, and no more; a board below its title. */
export function markdownOf(handle: AutomergeHandle): string {
  const title = titleIn(handle);
  const isBoard = foreignIn(handle) === undefined && kindIn(handle) === "board";
  return isBoard ? engine().boardAsMarkdown(handle.doc(), typeof title === "string" ? title : "") : wordsIn(handle);
}

/** Notes as they are written; of a board each column with its cards, as Markdown; of another document its fields. */
export function wordsIn(handle: AutomergeHandle): string {
  const document: Fields = handle.doc();
  if (foreignIn(handle) !== undefined) return jsonOf(handle);
  return kindIn(handle) === "notes" ? String(document["text"]) : engine().boardAsMarkdown(document, "");
}

/** What was typed in these edits. */
export function typedIn(edits: readonly Uint8Array[]): string {
  return engine().wordsOfEdits(edits);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function engine(): AutomergeEngine {
  const loaded = loadedAutomerge();
  if (loaded === undefined) throw new Error("Automerge is fetched before one of its documents is opened.");
  return loaded;
}
