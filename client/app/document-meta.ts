/**
 * DocumentMeta: what a document says of itself: title, kind, language. It stands inside the document (Y.Map "meta"; in one of Automerge the fields
 * at its root), so that it merges and travels offline like everything else; the relay's list gets a copy (`title-mirror.ts`).
 */
import * as Y from "yjs";
import { type AnyDocument, isYjs } from "./any-room.ts";
import { begin, isUnbegun, kindIn, titleIn, watchFields, writeTitle } from "./automerge-content.ts";
import type { DocumentKind } from "./page-location.ts";

/** The part of a document that the rich text editor is bound to. */
export const textField = "default";
/** The part of a document that the code editor is bound to. */
export const codeField = "text";
export const titleLengthMax = 200;

export interface DocumentMeta {
  readonly title: string;
  readonly kind: DocumentKind;
  readonly language: string;
}

/** What the document says of itself now. A document of somebody else's making is judged by where its content is. */
export function metaOf(doc: AnyDocument): DocumentMeta {
  if (!isYjs(doc)) return { title: shortText(titleIn(doc)), kind: kindIn(doc), language: "" };
  const meta = doc.getMap("meta");
  const kind = meta.get("kind");
  return {
    title: shortText(meta.get("title")),
    kind: kind === "code" || kind === "text" ? kind : guessedKind(doc),
    language: shortText(meta.get("language")),
  };
}

/** Whether anything was ever put into the document. */
export function isBlank(doc: AnyDocument): boolean {
  return isYjs(doc) ? doc.store.clients.size === 0 : isUnbegun(doc);
}

/**
 * Makes a blank document of a kind. Only who asked for a new document does this, once, before anybody else can know
 * its name: otherwise two openers would both bring a first paragraph. The paragraph has its text from the start, so
 * that two people who type at once into the empty page type into one text. (One of Automerge may be begun by anybody: `automerge-beginning.ts`.)
 */
export function beginDocument(doc: AnyDocument, kind: DocumentKind): void {
  if (!isYjs(doc)) return begin(doc, kind === "board" ? "board" : "notes");
  doc.transact(() => {
    const meta = doc.getMap("meta");
    meta.set("kind", kind);
    if (kind === "code") {
      meta.set("language", "javascript");
      return;
    }
    const block = new Y.XmlElement("block");
    block.setAttribute("kind", "paragraph");
    block.insert(0, [new Y.XmlText()]);
    doc.getXmlFragment(textField).insert(0, [block]);
  });
}

/** Gives the document a title, if it is another one. */
export function setTitle(doc: AnyDocument, title: string): void {
  const text = title.replaceAll(/\s+/gu, " ").trim().slice(0, titleLengthMax);
  if (text === metaOf(doc).title) return;
  if (isYjs(doc)) doc.getMap("meta").set("title", text);
  else writeTitle(doc, text);
}

/** Says in which language a code document is written. */
export function setLanguage(doc: Y.Doc, language: string): void {
  doc.getMap("meta").set("language", language);
}

/** Calls `listener` when title, kind or language change. */
export function watchMeta(doc: AnyDocument, listener: () => void): () => void {
  if (!isYjs(doc)) return watchFields(doc, listener);
  const meta = doc.getMap("meta");
  meta.observe(listener);
  return () => meta.unobserve(listener);
}

function guessedKind(doc: Y.Doc): DocumentKind {
  return doc.getXmlFragment(textField).length === 0 && doc.getText(codeField).length > 0 ? "code" : "text";
}

function shortText(value: unknown): string {
  return typeof value === "string" ? value.slice(0, titleLengthMax) : "";
}
