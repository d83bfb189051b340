import { Text } from "@codemirror/state";
import * as A from "automerge";
import { describe, expect, it } from "vitest";
import { changesOf, differenceOf } from "../../../../client/app/notes/text-patches.ts";

interface Two {
  text: string;
  title: string;
}

/** What changes make of the text that was there, by patches alone. */
function shown(before: string, ...edits: readonly A.ChangeFn<Two>[]): { shown: string; is: string } {
  const begun = A.change(A.init<Two>(), (document) => void Object.assign(document, { text: before, title: "t" }));
  let doc = A.clone(begun);
  for (const edit of edits) doc = A.change(doc, edit);
  let patches: readonly A.Patch[] = [];
  A.applyChanges(begun, A.getChanges(begun, doc), { patchCallback: (told) => (patches = told) });
  const text = Text.of(before.split("\n"));
  return { shown: changesOf(patches, "text", text).apply(text).toString(), is: doc.text };
}

describe("the patches of a text", () => {
  it.each<[string, string, readonly A.ChangeFn<Two>[]]>([
    [
      "letters put in and taken out at several places",
      "one two\nthree",
      [(d) => A.splice(d, ["text"], 4, 3, "2\n\n"), (d) => A.splice(d, ["text"], 0, 1, "")],
    ],
    ["letters of two units", "a😀b", [(d) => A.splice(d, ["text"], 3, 1, "😀c"), (d) => A.splice(d, ["text"], 1, 2, "")]],
    ["a text in the place of another one", "old words", [(d) => void (d.text = "new\nwords")]],
    ["all taken out", "old", [(d) => A.splice(d, ["text"], 0, 3, "")]],
    ["a mark on letters", "bold", [(d) => A.mark(d, ["text"], { start: 0, end: 4, expand: "both" }, "bold", true)]],
    ["letters of another field", "text", [(d) => A.splice(d, ["title"], 0, 1, "long title")]],
  ])("say by themselves: %s", (_what, before, edits) => {
    const made = shown(before, ...edits);
    expect(made.shown).toBe(made.is);
  });
});

it.each([
  ["", "", undefined],
  ["same", "same", undefined],
  ["", "new", { from: 0, to: 0, insert: "new" }],
  ["aaa", "aa", { from: 2, to: 3, insert: "" }],
  ["aba", "abba", { from: 2, to: 2, insert: "b" }],
  ["one two", "one 2 two", { from: 4, to: 4, insert: "2 " }],
])("between %j and %j lies one change", (before, after, change) => {
  expect(differenceOf(before, after)).toEqual(change);
});
