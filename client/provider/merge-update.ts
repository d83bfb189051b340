/**
 * MergeUpdate: what was made elsewhere, as an edit of whoever has the document open: an import, a file, another program's state.
 */
import * as Y from "yjs";

/** Merges a Yjs update into `doc`; a room that is open with it sends that like something typed. Answers whether it brought anything. */
export function mergeUpdate(doc: Y.Doc, update: Uint8Array): boolean {
  let isNews = false;
  const note = (): void => void (isNews = true);
  doc.on("update", note);
  Y.applyUpdate(doc, update);
  doc.off("update", note);
  return isNews;
}
