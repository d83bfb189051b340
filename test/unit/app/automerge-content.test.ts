import { Automerge, AutomergeHandle } from "@inkmesh/client/automerge";
import "automerge";
import { beforeAll, describe, expect, it } from "vitest";
import { foreignIn, jsonOf, markdownOf, wordsIn } from "../../../client/app/automerge-content.ts";
import { loadEngine } from "../../../client/app/automerge-engine.ts";
import type { BoardDocument, NotesDocument } from "../../../client/app/automerge-editor-props.ts";
import { plainText } from "../../../client/app/document-copy.ts";
import { beginDocument, isBlank, metaOf, setTitle, watchMeta } from "../../../client/app/document-meta.ts";
import { onlyHereText } from "../../../client/app/only-here.ts";

beforeAll(() => loadEngine());

function begun(kind: "notes" | "board"): AutomergeHandle {
  const handle = new AutomergeHandle();
  beginDocument(handle, kind);
  return handle;
}

function holding(fields: Record<string, unknown>): AutomergeHandle {
  const handle = new AutomergeHandle();
  handle.change((document) => void Object.assign(document, fields));
  return handle;
}

describe("a document of Automerge on the page", () => {
  it.each(["notes", "board"] as const)("is blank, and then %s, once, however often it is begun", (kind) => {
    const handle = new AutomergeHandle();
    expect(isBlank(handle)).toBe(true);
    beginDocument(handle, kind);
    const heads = handle.heads();
    beginDocument(handle, kind);
    expect([isBlank(handle), metaOf(handle), foreignIn(handle), handle.heads()]).toEqual([
      false,
      { title: "", kind, language: "" },
      undefined,
      heads,
    ]);
  });

  it("[P1] has a title that two people write at once, and that is told of when it changes", () => {
    const handle = begun("notes");
    const other = new AutomergeHandle(handle.doc());
    let told = 0;
    const stop = watchMeta(handle, () => (told += 1));
    setTitle(handle, "  Ferry\n plan ");
    setTitle(other, "Ferry plan");
    handle.change((document) => Automerge.splice(document, ["text"], 0, 0, "words"));
    expect([metaOf(handle).title, told]).toEqual(["Ferry plan", 1]);
    setTitle(handle, "Ferry plan");
    expect(told).toBe(1);
    stop();
    setTitle(handle, "Other");
    expect(told).toBe(1);
  });

  it.each<[string, Record<string, unknown>, string | undefined]>([
    ["notes without a text", { kind: "notes", title: "t" }, "no text"],
    ["a text that is a number", { kind: "notes", text: 1 }, "text"],
    ["somebody's list", { todos: ["a"] }, "todos"],
    ["a board without cards", { kind: "board", columns: {} }, "no columns"],
    ["a board of lists", { kind: "board", columns: [], cards: [] }, "no columns"],
    ["a text that says no kind", { text: "words" }, undefined],
  ])("is shown and not edited where it is not as its kind says: %s", (_what, fields, found) => {
    expect(foreignIn(holding(fields))).toBe(found);
  });

  it("is a file for people and one for programs", () => {
    const notes = begun("notes");
    setTitle(notes, "Plan");
    (notes as unknown as AutomergeHandle<NotesDocument>).change((document) => Automerge.splice(document, ["text"], 0, 0, "# One\n"));
    expect([markdownOf(notes), plainText(notes)]).toEqual(["# One\n", "Plan\n\n# One\n\n"]);
    expect(JSON.parse(jsonOf(notes))).toEqual({ kind: "notes", title: "Plan", text: "# One\n" });
    const board = begun("board");
    setTitle(board, "Work");
    (board as unknown as AutomergeHandle<BoardDocument>).change((document) => {
      document.cards["c"] = { title: "Card", text: "", place: "doing/a0" };
    });
    expect(markdownOf(board)).toBe("# Work\n\n## To do\n\n## Doing\n\n- Card\n\n## Done\n");
    expect(wordsIn(holding({ todos: ["a"] }))).toBe('{\n  "todos": [\n    "a"\n  ]\n}\n');
  });

  it("gives back the words of edits that only this device has, not those that began it", () => {
    const handle = begun("notes");
    const before = handle.heads();
    handle.change((document) => Automerge.splice(document, ["text"], 0, 0, "mor"));
    handle.change((document) => Automerge.splice(document, ["text"], 3, 0, "ning"));
    handle.change((document) => Automerge.splice(document, ["text"], 0, 0, "good "));
    const edits = Automerge.getChangesSince(handle.doc(), [...before]);
    const entry = (bytes: Uint8Array, number: number) => ({ tab: "t", number, createdMs: 0, bytes });
    const beginning = Automerge.getChangesSince(handle.doc(), []).slice(0, 1);
    const waiting = [...beginning, ...edits, Uint8Array.of(1, 2, 3)].map(entry);
    const text = onlyHereText("automerge:x", handle, { waiting, setAside: [] });
    expect(text).toContain("== 5 edits waiting to be sent ==\n\nmorning\ngood \n\n==");
    expect(text).toContain("good morning");
  });
});
