import type { OutboxEntry } from "@inkmesh/client";
import { expect, it } from "vitest";
import * as Y from "yjs";
import { beginDocument, setTitle } from "../../../client/app/document-meta.ts";
import { onlyHereText } from "../../../client/app/only-here.ts";

function aDocument() {
  const doc = new Y.Doc();
  beginDocument(doc, "code");
  setTitle(doc, "Notes");
  const entries: OutboxEntry[] = [];
  doc.on("update", (bytes: Uint8Array) => entries.push({ tab: "t", number: entries.length + 1, createdMs: 0, bytes }));
  return { doc, text: doc.getText("text"), entries };
}

it("[P7] the file has the words of edits that wait and of those that were refused, and the whole document", () => {
  const { doc, text, entries } = aDocument();
  for (const letter of "hello") text.insert(text.length, letter);
  text.insert(0, "oh, ");
  const refused = { ...entries.pop()!, code: "TOO_DEEP" as const };
  expect(onlyHereText("notes-1", doc, { waiting: entries, setAside: [refused] })).toBe(
    [
      "Document notes-1\n",
      "== 5 edits waiting to be sent ==\n\nhello\n",
      "== 1 edit refused by a relay ==\n\noh, \n",
      "== The document as this device shows it ==\n\noh, hello",
    ].join("\n"),
  );
});

it("[P7] edits without words, and bytes that are no edit, do not keep the rest from being saved", () => {
  const { doc, text, entries } = aDocument();
  text.insert(0, "abc");
  text.delete(0, 3);
  const broken = { ...entries[0]!, bytes: Uint8Array.of(1, 255) };
  expect(onlyHereText("n", doc, { waiting: [broken, entries[1]!], setAside: [] })).toContain("(no words: only deletions or formatting)");
});
