import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { knownContent } from "@inkmesh/shared/engine/editor-content";
import { foreignContent, knownMarks, watchForeignContent } from "../../../../client/app/rich-text/foreign-content.ts";
import { richTextSchema } from "../../../../client/app/rich-text/schema.ts";

function element(name: string, ...children: (Y.XmlElement | Y.XmlText)[]): Y.XmlElement {
  const made = new Y.XmlElement(name);
  made.insert(0, children);
  return made;
}

describe("what the editor does not know is found before the binding can delete it", () => {
  it("what is known is what the schema has", () => {
    const schema = richTextSchema();
    const nodes = Object.keys(schema.nodes).filter((name) => name !== "doc" && name !== "text");
    expect(
      Object.keys(knownContent)
        .filter((name) => name !== "")
        .toSorted(),
    ).toEqual(nodes.toSorted());
    expect([...knownMarks].toSorted()).toEqual(Object.keys(schema.marks).toSorted());
    for (const [name, children] of Object.entries(knownContent)) {
      const match = schema.nodes[name === "" ? "doc" : name]!.contentMatch;
      for (const [child, type] of Object.entries(schema.nodes)) {
        const allowed = match.matchType(type) !== null;
        expect([name, child, allowed]).toEqual([name, child, children.includes(child === "text" ? "#text" : child)]);
      }
    }
  });

  it.each([
    ["a stock paragraph", () => element("paragraph", new Y.XmlText("words")), "paragraph"],
    ["an image in a block", () => element("block", element("image")), "image"],
    ["an image that does not name its bytes", () => element("image"), "image"],
    ["a block in a block", () => element("block", element("block")), "block"],
    ["a stock paragraph in a cell", () => element("table", element("tableRow", element("tableCell", element("paragraph")))), "paragraph"],
    ["a text at the top", () => new Y.XmlText("words"), "#text"],
  ])("%s", (_, make, name) => {
    const fragment = new Y.Doc().getXmlFragment("default");
    fragment.insert(0, [make()]);
    expect(foreignContent(fragment)).toBe(name);
  });

  it("a mark of another editor", () => {
    const fragment = new Y.Doc().getXmlFragment("default");
    const text = new Y.XmlText();
    text.applyDelta([{ insert: "plain " }, { insert: "odd", attributes: { highlight: {} } }]);
    fragment.insert(0, [element("block", text)]);
    expect(foreignContent(fragment)).toBe("highlight");
  });

  it("all of our own is known", () => {
    const fragment = new Y.Doc().getXmlFragment("default");
    const text = new Y.XmlText();
    text.applyDelta([
      { insert: "bold", attributes: { bold: {} } },
      { insert: " link", attributes: { link: { href: "https://a.example" } } },
    ]);
    fragment.insert(0, [
      element("block", text),
      element("horizontalRule"),
      element("table", element("tableRow", element("tableHeader", element("block")))),
    ]);
    expect(foreignContent(fragment)).toBeUndefined();
  });

  it("a remote transaction that brings something unknown is told before the binding hears of it", () => {
    const [left, right] = [new Y.Doc(), new Y.Doc()];
    const fragment = left.getXmlFragment("default");
    let namedAt: number | undefined;
    let heardAt: number | undefined;
    let clock = 0;
    watchForeignContent(fragment, () => (namedAt = clock++));
    fragment.observeDeep(() => (heardAt = clock++));
    right.getXmlFragment("default").insert(0, [element("paragraph", new Y.XmlText("theirs"))]);
    Y.applyUpdate(left, Y.encodeStateAsUpdate(right));
    expect(namedAt).toBe(0);
    expect(heardAt).toBeGreaterThan(0);
  });
});
