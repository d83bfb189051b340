import { expect, it } from "vitest";
import { shiftIndent, toggleList } from "../../../../client/app/rich-text/block-commands.ts";
import { numberedBlocks } from "../../../../client/app/rich-text/ordered-numbers.ts";
import { twoEditors } from "./bound-editor.ts";

it("numbers go on over deeper items and begin anew after a line that is no item", () => {
  const [editor] = twoEditors("a", "b", "c", "d", "e", "f", "g");
  editor.select(0, 6).run(toggleList("ordered"));
  editor.select(1, 2).run(shiftIndent(1));
  editor.caret(2).run(shiftIndent(1));
  editor.caret(5).run(toggleList("ordered"));
  expect(numberedBlocks(editor.state.doc).map(({ label }) => label)).toEqual(["1.", "a.", "i.", "2.", "3.", "1."]);
});

it("a bulleted item between two numbered ones ends the count at its depth", () => {
  const [editor] = twoEditors("a", "b", "c");
  editor.select(0, 2).run(toggleList("ordered"));
  editor.caret(1).run(toggleList("bullet"));
  expect(numberedBlocks(editor.state.doc).map(({ label }) => label)).toEqual(["1.", "1."]);
});
