import * as Y from "yjs";
import { expect, test } from "vitest";
import { differenceTo, isShown } from "../../../client/provider/document-difference.ts";

/** A document of one author, and the updates that made it. */
function typed(...words: readonly string[]): { doc: Y.Doc; updates: Uint8Array[] } {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  for (const word of words) doc.getText("t").insert(doc.getText("t").length, word);
  return { doc, updates };
}

function received(...updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc;
}

test("a difference holds what the document shows, and its deletions", () => {
  const { doc, updates } = typed("one ", "two");
  doc.getText("t").delete(0, 1);
  const reader = received(updates[0]!, differenceTo(doc, Y.encodeStateVector(received(updates[0]!))));
  expect(reader.getText("t").toString()).toBe("ne two");
});

test("[P2] what waits in a document for something that never came is in no difference, and stays in the document", () => {
  const { updates } = typed("lost ", "kept");
  const other = typed("other");
  const doc = received(updates[1]!, ...other.updates);
  expect(doc.store.pendingStructs).not.toBeNull();
  const reader = received(differenceTo(doc, Uint8Array.of(0)));
  expect(reader.store.pendingStructs).toBeNull();
  expect(reader.getText("t").toString()).toBe("other");
  Y.applyUpdate(doc, updates[0]!);
  expect(doc.getText("t").toString()).toContain("lost kept");
});

test("an update is shown when all of it is in place: not while it waits, nor while a deletion does", () => {
  const { doc, updates } = typed("one ", "two");
  const before = Y.encodeStateVector(doc);
  doc.getText("t").delete(5, 1);
  const deletion = Y.encodeStateAsUpdate(doc, before);
  expect(isShown(doc, updates[1]!)).toBe(true);
  expect(isShown(received(updates[1]!), updates[1]!)).toBe(false);
  expect(isShown(received(updates[0]!), deletion)).toBe(false);
  expect(isShown(received(...updates, deletion), deletion)).toBe(true);
  expect(isShown(doc, Uint8Array.of(255, 255))).toBe(false);
});
