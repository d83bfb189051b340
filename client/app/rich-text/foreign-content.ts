/**
 * ForeignContent: what a document holds that this editor does not know. The binding deletes, for everybody, whatever
 * it cannot show, as soon as it is bound. So a document is looked through before it is bound, and every remote
 * transaction before the binding hears of it; if something unknown is found, the document is shown but not bound.
 */
import { isEditorsElement, knownContent } from "@inkmesh/shared/engine/editor-content";
import * as Y from "yjs";

export const knownMarks: readonly string[] = ["bold", "italic", "underline", "strike", "code", "link"];

/** The name of the first thing in `fragment` (or in an element of it) that the editor does not know; undefined if it knows everything. */
export function foreignContent(fragment: Y.XmlFragment | Y.XmlText): string | undefined {
  const waiting: (Y.XmlFragment | Y.XmlText)[] = [fragment];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next instanceof Y.XmlText) {
      const mark = foreignMark(next);
      if (mark !== undefined) return mark;
      continue;
    }
    const known = knownContent[next instanceof Y.XmlElement ? next.nodeName : ""];
    if (known === undefined) return (next as Y.XmlElement).nodeName;
    for (const child of next.toArray()) {
      if (child instanceof Y.XmlHook) return "hook";
      const name = child instanceof Y.XmlElement ? child.nodeName : "#text";
      if (!known.includes(name)) return name;
      if (child instanceof Y.XmlElement && !isEditorsElement(name, child.getAttribute("blob"))) return name;
      waiting.push(child);
    }
  }
  return undefined;
}

/** Calls `found` when a remote transaction brings something unknown into `fragment`, before anything else hears of it. */
export function watchForeignContent(fragment: Y.XmlFragment, found: (name: string) => void): () => void {
  const look = (transaction: Y.Transaction) => {
    if (transaction.local) return;
    for (const type of transaction.changed.keys()) {
      if (!(type instanceof Y.XmlFragment || type instanceof Y.XmlText) || type instanceof Y.XmlHook) continue;
      if (!belongsTo(type, fragment)) continue;
      const name = foreignContent(type);
      if (name !== undefined) return found(name);
    }
  };
  fragment.doc?.on("beforeObserverCalls", look);
  return () => fragment.doc?.off("beforeObserverCalls", look);
}

function foreignMark(text: Y.XmlText): string | undefined {
  for (let item = text._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentEmbed || item.content instanceof Y.ContentType) return "embed";
    if (!(item.content instanceof Y.ContentFormat)) continue;
    // A mark that may overlap itself is stored with a hash behind its name.
    const name = item.content.key.replace(/--[a-zA-Z0-9+/=]{8}$/, "");
    if (!knownMarks.includes(name)) return name;
  }
  return undefined;
}

function belongsTo(type: Y.XmlFragment | Y.XmlText, fragment: Y.XmlFragment): boolean {
  return type === fragment || (type._item !== null && Y.isParentOf(fragment, type._item));
}
