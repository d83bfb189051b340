import * as A from "automerge";
import { describe, expect, it } from "vitest";
import { beginningOf } from "../../../client/app/automerge-beginning.ts";
import type { BoardDocument, NotesDocument } from "../../../client/app/automerge-editor-props.ts";

/** A new actor of its own, as each page life has. */
const opened = <T>(...parts: readonly Uint8Array[]): A.Doc<T> => parts.reduce((doc, part) => A.loadIncremental(doc, part), A.init<T>());

describe("the beginning of an Automerge document", () => {
  it("[P1] is the same change whoever makes it, and two tabs that begin at once type into one text", () => {
    const left = A.change(opened<NotesDocument>(beginningOf(A, "notes")), (notes) => A.splice(notes, ["text"], 0, 0, "left "));
    const right = A.change(opened<NotesDocument>(beginningOf(A, "notes")), (notes) => A.splice(notes, ["text"], 0, 0, "right "));
    const merged = A.merge(A.clone(left), right);
    expect(A.getAllChanges(merged)).toHaveLength(3);
    expect(merged.text).toContain("left ");
    expect(merged.text).toContain("right ");
    expect(A.getConflicts(merged, "text")).toBeUndefined();
  });

  it("[P1] gives two boards the same columns, once", () => {
    const left = opened<BoardDocument>(beginningOf(A, "board"));
    const right = opened<BoardDocument>(beginningOf(A, "board"));
    expect(A.toJS(A.merge(left, right))).toEqual({
      kind: "board",
      title: "",
      columns: {
        todo: { title: "To do", order: "a0" },
        doing: { title: "Doing", order: "a1" },
        done: { title: "Done", order: "a2" },
      },
      cards: {},
    });
  });

  it.each([
    ["notes", "19338fa5594bd9f16a36102ad1b499432551ea21a52764372016825685af1a67"],
    ["board", "c392122e4d453acfe04437a94d563d81cbb51011b3b56b6bf398dc5c23206dc2"],
  ] as const)("writes %s by the bytes that it wrote ever since", (kind, hash) => {
    // Another hash under the same actor makes a document that no other page can read: a new beginning has a new actor.
    expect(A.decodeChange(beginningOf(A, kind)).hash).toBe(hash);
  });

  it("is by an actor of its own for each kind", () => {
    const actors = (["notes", "board"] as const).map((kind) => A.decodeChange(beginningOf(A, kind)).actor);
    expect(new Set(actors).size).toBe(2);
  });
});
