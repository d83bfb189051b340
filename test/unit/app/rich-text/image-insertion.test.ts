import type { Command } from "@tiptap/pm/state";
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { insertImages } from "../../../../client/app/rich-text/image-insertion.ts";
import { readImage } from "../../../../client/app/rich-text/image-node.ts";
import { beginDocument } from "../../../../client/app/document-meta.ts";
import { BoundEditor } from "./bound-editor.ts";

const anImage = { blob: `sha256-${"ab".repeat(32)}`, alt: "", size: { width: 64, height: 48 } };

function anEditor(...lines: readonly string[]): BoundEditor {
  const doc = new Y.Doc();
  beginDocument(doc, "text");
  const editor = new BoundEditor(doc);
  lines.forEach((line, index) => {
    if (index > 0)
      editor.run((state, dispatch) => (dispatch?.(state.tr.insert(state.doc.content.size, state.schema.nodes["block"]!.create())), true));
    editor.caret(index, 0).type(line);
  });
  return editor;
}

const insert =
  (position: number | "caret" = "caret"): Command =>
  (state, dispatch) => {
    dispatch?.(insertImages(state, position === "caret" ? state.selection.to : position, [anImage]));
    return true;
  };

const shape = (editor: BoundEditor): readonly string[] =>
  editor.state.doc.children.map((node) => (node.type.name === "image" ? "image" : node.textContent));

describe("an image is put in between lines", () => {
  it.each([
    ["below the line in which one stands, which stays whole", ["one two", "three"], 0, ["one two", "image", "three"]],
    ["before an empty line, in which one goes on", ["one", ""], 1, ["one", "image", ""]],
    ["at the end, with a line behind it to go on in", ["one"], 0, ["one", "image", ""]],
  ])("%s", (_, lines, line, shown) => {
    const editor = anEditor(...lines).caret(line, Math.min(3, lines[line]!.length));
    editor.run(insert());
    expect(shape(editor)).toEqual(shown);
    editor.type("x");
    expect(shape(editor)[shown.indexOf("image") + 1]).toBe(`x${shown[shown.indexOf("image") + 1]}`);
  });

  it("between images leaves no line that nobody asked for: one goes on in the next that there is", () => {
    const editor = anEditor("one", "two").caret(0);
    editor.run(insert());
    editor.caret(0).run(insert());
    expect(shape(editor)).toEqual(["one", "image", "image", "two"]);
    editor.type("x");
    expect(shape(editor).at(-1)).toBe("xtwo");
  });

  it("costs what others type into the lines around it nothing", () => {
    const editor = anEditor("one", "two");
    const other = new BoundEditor(new Y.Doc());
    Y.applyUpdate(other.doc, Y.encodeStateAsUpdate(editor.doc));
    editor.caret(0);
    editor.run(insert());
    other.caret(0).type(" more");
    Y.applyUpdate(editor.doc, Y.encodeStateAsUpdate(other.doc));
    expect(shape(editor)).toEqual(["one more", "image", "two"]);
  });

  it("and its attributes are stored as the formats read them", () => {
    const editor = anEditor("one").caret(0);
    editor.run(insert());
    const image = editor.doc.getXmlFragment("default").get(1) as Y.XmlElement;
    expect([image.nodeName, image.getAttributes()]).toEqual(["image", { blob: anImage.blob, width: 64, height: 48 }]);
  });
});

it.each([
  [
    { blob: "x", alt: "A", width: "3", height: 4 },
    { blob: "x", alt: "A", size: { width: 3, height: 4 } },
  ],
  [
    { blob: "x", width: 0, height: 4 },
    { blob: "x", alt: "", size: undefined },
  ],
  [
    { blob: 3, alt: {}, width: 1e9, height: 1 },
    { blob: "", alt: "", size: undefined },
  ],
])("what others wrote as an image is read leniently: %j", (attributes, image) => {
  expect(readImage(attributes)).toEqual(image);
});
