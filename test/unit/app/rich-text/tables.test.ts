import { TextSelection } from "@tiptap/pm/state";
import { addColumnAfter, addRowAfter, fixTables } from "@tiptap/pm/tables";
import { describe, expect, it } from "vitest";
import { insertTable, isMender } from "../../../../client/app/rich-text/tables.ts";
import { type BoundEditor, exchange, twoEditors } from "./bound-editor.ts";

describe("a table that two people change at once", () => {
  it("is mended by exactly one of those present", () => {
    expect([7, 3, 9].map((self) => isMender(self, [7, 3, 9]))).toEqual([false, true, false]);
    expect(isMender(5, [5])).toBe(true);
  });

  it("[P1] ends with rows of equal length, when one mends", () => {
    const [left, right] = twoEditors("above");
    left.caret(0).run(insertTable(2, 2));
    exchange(left, right);
    const intoTable = (editor: BoundEditor) =>
      editor.caret(0).run((state, dispatch) => {
        const at = state.doc.child(0).nodeSize + 4;
        dispatch?.(state.tr.setSelection(TextSelection.near(state.doc.resolve(at))));
        return true;
      });
    intoTable(left);
    intoTable(right);
    left.run(addColumnAfter);
    right.run(addRowAfter);
    exchange(left, right);
    expect(rowLengths(left)).toEqual(rowLengths(right));
    for (let round = 0; round < 5; round += 1) {
      left.run((state, dispatch) => {
        const mended = fixTables(state);
        if (mended !== undefined && mended.docChanged) dispatch?.(mended);
        return true;
      });
      exchange(left, right);
    }
    expect(new Set(rowLengths(left)).size).toBe(1);
    expect(rowLengths(right)).toEqual(rowLengths(left));
    expect(rowLengths(left)[0]).toBe(3);
  });
});

function rowLengths(editor: BoundEditor): readonly number[] {
  const lengths: number[] = [];
  editor.state.doc.descendants((node) => {
    if (node.type.name === "tableRow") lengths.push(node.childCount);
  });
  return lengths;
}
