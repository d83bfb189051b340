/**
 * Updates as an editor makes them: one per transaction, captured from a Yjs document.
 */
import * as Y from "yjs";

/** The updates of an author who types `words` one after the other into one text. */
export function typedUpdates(author: number, words: readonly string[], start?: Uint8Array): readonly Uint8Array[] {
  const document = new Y.Doc();
  document.clientID = author;
  if (start !== undefined) Y.applyUpdate(document, start);
  const updates: Uint8Array[] = [];
  document.on("update", (update: Uint8Array) => updates.push(update));
  const text = document.getText("text");
  for (const word of words) text.insert(text.length, word);
  return updates;
}

/** The text of the document that these updates make. */
export function textOf(updates: readonly Uint8Array[]): string {
  const document = new Y.Doc();
  for (const update of updates) Y.applyUpdate(document, update);
  return document.getText("text").toString();
}
