import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { plainText } from "../../../client/app/document-copy.ts";
import { beginDocument, isBlank, metaOf, setTitle } from "../../../client/app/document-meta.ts";

describe("a document's own description", () => {
  it("is begun once, by who asked for it, with one line that has its text", () => {
    const doc = new Y.Doc();
    expect(isBlank(doc)).toBe(true);
    beginDocument(doc, "text");
    expect(isBlank(doc)).toBe(false);
    expect(metaOf(doc)).toEqual({ title: "", kind: "text", language: "" });
    const block = doc.getXmlFragment("default").get(0) as Y.XmlElement;
    expect(block.get(0)).toBeInstanceOf(Y.XmlText);
  });

  it("titles are one line and merge", () => {
    const [left, right] = [new Y.Doc(), new Y.Doc()];
    setTitle(left, "  A\n title ");
    Y.applyUpdate(right, Y.encodeStateAsUpdate(left));
    expect(metaOf(right).title).toBe("A title");
  });

  it("whatever others wrote there reads as something", () => {
    const doc = new Y.Doc();
    const meta = doc.getMap("meta");
    meta.set("title", { deep: 1 });
    meta.set("kind", "spreadsheet");
    expect(metaOf(doc)).toEqual({ title: "", kind: "text", language: "" });
  });

  it("a document of code by another editor is taken for code", () => {
    const doc = new Y.Doc();
    doc.getText("text").insert(0, "let a;");
    expect(metaOf(doc).kind).toBe("code");
  });
});

it("plain text without a relay keeps lists readable", () => {
  const doc = new Y.Doc();
  const blocks = [
    { kind: "paragraph" },
    { kind: "paragraph", list: "bullet", indent: 1 },
    { kind: "paragraph", list: "task", checked: true },
  ].map((attributes, index) => {
    const block = new Y.XmlElement("block");
    for (const [name, value] of Object.entries(attributes)) block.setAttribute(name, value as string);
    block.insert(0, [new Y.XmlText(`line ${index}`)]);
    return block;
  });
  doc.getXmlFragment("default").insert(0, blocks);
  setTitle(doc, "Title");
  expect(plainText(doc)).toBe("Title\n\nline 0\n  - line 1\n[x] line 2\n");
});
