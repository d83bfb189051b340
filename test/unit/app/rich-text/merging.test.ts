import { getSchema } from "@tiptap/core";
import { setBlockType } from "@tiptap/pm/commands";
import { StarterKit } from "@tiptap/starter-kit";
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { backspace, deleteForward, enter } from "../../../../client/app/rich-text/block-keymap.ts";
import { shiftIndent, toggleKind, toggleList } from "../../../../client/app/rich-text/block-commands.ts";
import { BoundEditor, exchange, twoEditors } from "./bound-editor.ts";

describe("[P1] what one person does to a block keeps what another types into it", () => {
  const toggles = [
    ["a heading", toggleKind("heading", 2), "h2 "],
    ["a quote", toggleKind("quote"), "> "],
    ["code", toggleKind("code"), "` "],
    ["a bulleted item", toggleList("bullet"), "- "],
    ["a numbered item", toggleList("ordered"), "# "],
    ["a task", toggleList("task"), "[ ] "],
  ] as const;

  it.each(toggles)("made %s", (_, command, sign) => {
    const [left, right] = twoEditors("one", "two", "three");
    expect(left.caret(1).run(command)).toBe(true);
    right.caret(1).type(" and more");
    exchange(left, right);
    expect(left.lines).toEqual(["one", `${sign}two and more`, "three"]);
    expect(right.lines).toEqual(left.lines);
  });

  it.each(toggles)("made %s, while still empty", (_, command, sign) => {
    const [left, right] = twoEditors("one", "", "three");
    left.caret(1).run(command);
    right.caret(1).type("typed");
    exchange(left, right);
    expect(left.lines).toEqual(["one", `${sign}typed`, "three"]);
    expect(right.lines).toEqual(left.lines);
  });

  it("(why: with a node per kind, as stock editors have, what the other types is lost)", () => {
    const schema = getSchema([StarterKit]);
    const [left, right] = [new Y.Doc(), new Y.Doc()];
    const paragraph = new Y.XmlElement("paragraph");
    paragraph.insert(0, [new Y.XmlText("two")]);
    left.getXmlFragment("default").insert(0, [paragraph]);
    Y.applyUpdate(right, Y.encodeStateAsUpdate(left));
    const [one, other] = [new BoundEditor(left, schema), new BoundEditor(right, schema)];
    one.caret(0).run(setBlockType(schema.nodes["heading"]!, { level: 2 }));
    other.caret(0).type(" and more");
    exchange(one, other);
    expect(one.state.doc.textContent).toBe("two");
    expect(other.state.doc.textContent).toBe("two");
  });

  it("made all of them a list, and indented", () => {
    const [left, right] = twoEditors("one", "two", "three");
    left.select(0, 2).run(toggleList("bullet"));
    left.caret(1).run(shiftIndent(1));
    right.caret(0).type("!");
    right.caret(1, 0).type("¡");
    right.caret(2).type("!");
    exchange(left, right);
    expect(left.lines).toEqual(["- one!", "  - ¡two", "- three!"]);
    expect(right.lines).toEqual(left.lines);
  });

  it("toggled at the same moment: the kind of one and the list of the other", () => {
    const [left, right] = twoEditors("one");
    left.caret(0).run(toggleKind("heading", 1));
    right.caret(0).run(toggleList("bullet"));
    left.type(" left");
    right.type(" right");
    exchange(left, right);
    expect(left.lines).toEqual(right.lines);
    expect(left.lines[0]).toContain("left");
    expect(left.lines[0]).toContain("right");
  });

  it("put a new line before it, or after it", () => {
    const [left, right] = twoEditors("one", "two");
    left.caret(1, 0).run(enter);
    left.caret(2).run(enter);
    right.caret(1, 1).type("---");
    exchange(left, right);
    expect(left.lines).toEqual(["one", "", "t---wo", ""]);
    expect(right.lines).toEqual(left.lines);
  });

  it("removed an empty line above it, or below it", () => {
    const [left, right] = twoEditors("", "two", "");
    left.caret(1, 0).run(backspace);
    left.caret(0).run(deleteForward);
    right.caret(1, 1).type("---");
    exchange(left, right);
    expect(left.lines).toEqual(["t---wo"]);
    expect(right.lines).toEqual(left.lines);
  });

  it("deleted all of its text", () => {
    const [left, right] = twoEditors("one", "two");
    left.select(1, 1).type("");
    left.run((state, dispatch) => {
      dispatch?.(state.tr.deleteSelection());
      return true;
    });
    right.caret(1).type(" kept");
    exchange(left, right);
    expect(left.lines).toEqual(["one", " kept"]);
    expect(right.lines).toEqual(left.lines);
  });
});

describe("[P1] both type at once", () => {
  it("into one line: each letter is there once", () => {
    const [left, right] = twoEditors("ab");
    for (let round = 0; round < 20; round += 1) {
      left.caret(0, 1).type("L");
      right.caret(0).type("R");
      exchange(left, right);
    }
    expect(left.lines).toEqual([`a${"L".repeat(20)}b${"R".repeat(20)}`]);
    expect(right.lines).toEqual(left.lines);
  });

  it("into one empty line that has its text from the start: into one text", () => {
    const [left, right] = twoEditors("x");
    left.caret(0).run((state, dispatch) => {
      dispatch?.(state.tr.delete(1, 2));
      return true;
    });
    exchange(left, right);
    left.caret(0).type("left ");
    right.caret(0).type("right ");
    exchange(left, right);
    expect(left.lines).toEqual(right.lines);
    expect(left.lines[0]).toHaveLength("left right ".length);
  });
});

describe("undo", () => {
  it("undoes one's own edits and nobody else's", () => {
    const [left, right] = twoEditors("one");
    left.caret(0).type(" left");
    exchange(left, right);
    right.caret(0, 0).type("right ");
    exchange(left, right);
    left.undo();
    exchange(left, right);
    expect(left.lines).toEqual(["right one"]);
    expect(right.lines).toEqual(left.lines);
  });

  it("of having made a line leaves the line if somebody else has typed into it since", () => {
    const [left, right] = twoEditors("one");
    left.caret(0).run(enter);
    left.type("mine ");
    exchange(left, right);
    right.caret(1).type("theirs");
    exchange(left, right);
    left.undo();
    exchange(left, right);
    expect(left.lines).toEqual(["one", "theirs"]);
    expect(right.lines).toEqual(left.lines);
  });
});
