import "automerge";
import { expect, it } from "vitest";
import { boardAsJson, boardAsMarkdown } from "../../../../client/app/board/board-export.ts";

const board = {
  columns: { b: { title: "Done", order: "a1" }, a: { title: "To do", order: "a0" } },
  cards: {
    two: { title: "# not a heading", text: "", place: "a/a1" },
    one: { title: "Milk\nand eggs", text: "two bottles\n\n- oat\n", place: "a/a0" },
    three: { title: "", text: "", place: "gone/a5" },
  },
};

it("a board is Markdown with columns as headings and cards as a list, each with its text", () => {
  expect(boardAsMarkdown(board, "Week 40")).toBe(
    "# Week 40\n\n## To do\n\n- Milk and eggs\n\n  two bottles\n\n  - oat\n\n- \\# not a heading\n- Untitled\n\n## Done\n",
  );
});

it("a board is JSON with columns and cards in order", () => {
  expect(JSON.parse(boardAsJson(board, "Week 40"))).toEqual({
    title: "Week 40",
    columns: [
      {
        title: "To do",
        cards: [
          { title: "Milk\nand eggs", text: "two bottles\n\n- oat\n" },
          { title: "# not a heading", text: "" },
          { title: "", text: "" },
        ],
      },
      { title: "Done", cards: [] },
    ],
  });
});

it("a text at a column's end leaves one empty line behind it, as everything does", () => {
  const two = {
    columns: { a: { title: "A", order: "a0" }, b: { title: "B", order: "a1" } },
    cards: { one: { title: "x", text: "y\n", place: "a/a0" } },
  };
  expect(boardAsMarkdown(two, "")).toBe("## A\n\n- x\n\n  y\n\n## B\n");
});

it("cards without any column are in both files", () => {
  const bare = { columns: {}, cards: { one: { title: "Milk", text: "", place: "gone/a0" } } };
  expect(boardAsMarkdown(bare, "")).toBe("## Without a column\n\n- Milk\n");
  expect(JSON.parse(boardAsJson(bare, ""))).toEqual({ title: "", columns: [], cardsWithoutColumn: [{ title: "Milk", text: "" }] });
});

it.each([
  ["- a dash", "- \\- a dash"],
  ["1. one", "- 1\\. one"],
  ["*bold* [x](y) <b>", "- \\*bold\\* \\[x\\](y) \\<b\\>"],
])("a title %j stays the words that it is", (title, written) => {
  expect(boardAsMarkdown({ columns: {}, cards: { one: { title } } }, "")).toContain(`\n${written}\n`);
});
