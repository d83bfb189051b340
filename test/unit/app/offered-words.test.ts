import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { type LostWords, OfferedWords, putBack } from "../../../client/app/offered-words.ts";
import { backspace } from "../../../client/app/rich-text/block-keymap.ts";
import { exchange, twoEditors } from "./rich-text/bound-editor.ts";

function watched(doc: Y.Doc) {
  const offered: LostWords[] = [];
  let nowMs = 0;
  new OfferedWords(doc, { now: () => nowMs, offer: (lost) => offered.push(lost) });
  return { offered, pass: (ms: number) => (nowMs += ms), texts: () => offered.map(({ text }) => text) };
}

describe("words typed here that somebody else's edit deletes", () => {
  it("are offered, and put back where they stood", () => {
    const [left, right] = twoEditors("one ", "two");
    const { offered, texts } = watched(left.doc);
    left.caret(0).type("precious words");
    exchange(left, right);
    right.run((state, dispatch) => {
      dispatch?.(state.tr.delete(4, 4 + "precious words".length + 1));
      return true;
    });
    exchange(left, right);
    expect(texts().join("")).toBe("precious words");
    for (const lost of offered) putBack(left.doc, lost);
    exchange(left, right);
    expect(left.lines[0]).toContain("precious words");
    expect(right.lines).toEqual(left.lines);
  });

  it("are offered when the whole line goes, and come back as a line", () => {
    const [left, right] = twoEditors("one", "two", "three");
    const { offered, texts } = watched(left.doc);
    left.caret(1).type(" typed here");
    right.run((state, dispatch) => {
      dispatch?.(state.tr.delete(5, 10));
      return true;
    });
    exchange(left, right);
    expect(texts()).toEqual([" typed here"]);
    for (const lost of offered) putBack(left.doc, lost);
    exchange(left, right);
    expect(left.lines).toEqual(["one", " typed here", "three"]);
    expect(right.lines).toEqual(left.lines);
  });

  it("are offered when the other joins the line they were just typed into", () => {
    const [left, right] = twoEditors("one", "two");
    const { texts } = watched(left.doc);
    left.caret(1).type(" words");
    right.caret(1, 0).run(backspace);
    exchange(left, right);
    expect(left.lines).toEqual(["onetwo"]);
    expect(texts()).toEqual([" words"]);
  });

  it("are not offered when the other only moved them, with the line", () => {
    const [left, right] = twoEditors("one", "two");
    const { texts } = watched(left.doc);
    left.caret(1).type(" words");
    exchange(left, right);
    right.caret(1, 0).run(backspace);
    exchange(left, right);
    expect(left.lines).toEqual(["onetwo words"]);
    expect(texts()).toEqual([]);
  });

  it("are not offered when one deletes them oneself, or undoes them", () => {
    const [left, right] = twoEditors("one");
    const { texts } = watched(left.doc);
    left.caret(0).type(" typed words");
    left.undo();
    exchange(left, right);
    expect(texts()).toEqual([]);
  });

  it("are not offered after a minute, nor when they are no words", () => {
    const [left, right] = twoEditors("one");
    const { texts, pass } = watched(left.doc);
    left.caret(0).type(" a - ");
    exchange(left, right);
    right.select(0, 0).type("");
    right.run((state, dispatch) => {
      dispatch?.(state.tr.deleteSelection());
      return true;
    });
    exchange(left, right);
    expect(texts()).toEqual([]);
    left.caret(0).type("old words");
    pass(61_000);
    exchange(left, right);
    right.select(0, 0).run((state, dispatch) => {
      dispatch?.(state.tr.deleteSelection());
      return true;
    });
    exchange(left, right);
    expect(texts()).toEqual([]);
  });

  it("are offered in code, too", () => {
    const [left, right] = [new Y.Doc(), new Y.Doc()];
    const { offered, texts } = watched(left);
    left.getText("text").insert(0, "let answer = 42;");
    Y.applyUpdate(right, Y.encodeStateAsUpdate(left), "remote");
    right.getText("text").delete(4, 6);
    Y.applyUpdate(left, Y.encodeStateAsUpdate(right), "remote");
    expect(texts()).toEqual(["answer"]);
    putBack(left, offered[0]!);
    expect(left.getText("text").toString()).toBe("let answer = 42;");
  });
});
