import { describe, expect, it } from "vitest";
import { shiftIndent, toggleKind, toggleList } from "../../../../client/app/rich-text/block-commands.ts";
import { backspace, deleteForward, enter } from "../../../../client/app/rich-text/block-keymap.ts";
import { insertTable } from "../../../../client/app/rich-text/tables.ts";
import { type BoundEditor, twoEditors } from "./bound-editor.ts";

function editorOf(...lines: readonly string[]): BoundEditor {
  return twoEditors(...lines)[0];
}

describe("Enter", () => {
  it("at the end of a heading begins a paragraph", () => {
    const editor = editorOf("Title");
    editor.caret(0).run(toggleKind("heading", 1));
    editor.run(enter);
    editor.type("text");
    expect(editor.lines).toEqual(["h1 Title", "text"]);
  });

  it("at the start of a heading puts an empty paragraph above it", () => {
    const editor = editorOf("Title");
    editor.caret(0, 0).run(toggleKind("heading", 1));
    editor.run(enter);
    expect(editor.lines).toEqual(["", "h1 Title"]);
  });

  it("goes on with a list, at the same indent, unchecked", () => {
    const editor = editorOf("done");
    editor.caret(0).run(toggleList("task"));
    editor.run(shiftIndent(1));
    editor.run(enter);
    editor.type("next");
    expect(editor.lines).toEqual(["  [ ] done", "  [ ] next"]);
  });

  it("on an empty item goes out of the list step by step", () => {
    const editor = editorOf("");
    editor.caret(0).run(toggleList("bullet"));
    editor.run(shiftIndent(1));
    expect(editor.lines).toEqual(["  - "]);
    editor.run(enter);
    expect(editor.lines).toEqual(["- "]);
    editor.run(enter);
    expect(editor.lines).toEqual([""]);
  });

  it("in the middle splits the text", () => {
    const editor = editorOf("onetwo");
    editor.caret(0, 3).run(enter);
    editor.type("-");
    expect(editor.lines).toEqual(["one", "-two"]);
  });

  it("over a selection deletes it and begins a line", () => {
    const editor = editorOf("one", "two", "three");
    editor.select(0, 1).run(enter);
    editor.type("new");
    expect(editor.lines).toEqual(["", "new", "three"]);
  });

  it("in code puts a line break, and a second one on the last line leaves the code", () => {
    const editor = editorOf("let a;");
    editor.caret(0).run(toggleKind("code"));
    editor.run(enter);
    expect(editor.lines).toEqual(["` let a;\n"]);
    editor.run(enter);
    expect(editor.lines).toEqual(["` let a;", ""]);
  });
});

describe("Backspace at the start of a line", () => {
  it("takes off the indent, then the list, then joins", () => {
    const editor = editorOf("one", "two");
    editor.caret(1, 0).run(toggleList("ordered"));
    editor.run(shiftIndent(1));
    const seen = [0, 1, 2].map(() => {
      editor.run(backspace);
      return editor.lines;
    });
    expect(seen).toEqual([["one", "# two"], ["one", "two"], ["onetwo"]]);
  });

  it("makes a heading a paragraph", () => {
    const editor = editorOf("one", "two");
    editor.caret(1, 0).run(toggleKind("heading", 3));
    editor.run(backspace);
    expect(editor.lines).toEqual(["one", "two"]);
  });

  it("on an empty line removes it and stands at the end of the line above", () => {
    const editor = editorOf("one", "");
    editor.caret(1).run(backspace);
    editor.type("!");
    expect(editor.lines).toEqual(["one!"]);
  });

  it("is left to others in the middle of a line", () => {
    expect(editorOf("one").caret(0, 1).run(backspace)).toBe(false);
  });
});

describe("Delete at the end of a line", () => {
  it("joins with the next line, or removes an empty one", () => {
    const editor = editorOf("one", "", "two");
    editor.caret(0).run(deleteForward);
    expect(editor.lines).toEqual(["one", "two"]);
    editor.caret(0).run(deleteForward);
    expect(editor.lines).toEqual(["onetwo"]);
  });
});

describe("indent", () => {
  it("moves list items only, so that Tab leaves the editor elsewhere", () => {
    const editor = editorOf("one");
    expect(editor.caret(0).run(shiftIndent(1))).toBe(false);
    editor.run(toggleList("bullet"));
    for (let step = 0; step < 12; step += 1) editor.run(shiftIndent(1));
    expect(editor.lines[0]).toBe(`${"  ".repeat(8)}- one`);
    for (let step = 0; step < 12; step += 1) editor.run(shiftIndent(-1));
    expect(editor.lines).toEqual(["- one"]);
  });
});

describe("tables", () => {
  it("are put below the line of the caret, with a line below them", () => {
    const editor = editorOf("above");
    editor.caret(0).run(insertTable(2, 2));
    editor.type("cell");
    expect(editor.lines).toEqual(["above", "cell", "", "", "", ""]);
    expect(editor.run(insertTable(2, 2))).toBe(false);
  });
});
