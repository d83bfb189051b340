import { describe, expect, test } from "vitest";
import { automergeContent } from "@inkmesh/shared/engine/automerge-content";

function contentAs(value: unknown, format: "text" | "markdown" | "json"): string {
  const content = automergeContent(value, format);
  if (!content.ok) throw new Error(content.refusal.detail);
  return Buffer.from(content.value).toString();
}

const board = {
  kind: "board",
  columns: { c2: { title: "Doing", order: "b" }, c1: { title: "To do", order: "a" }, c3: { title: "Done", order: "c" } },
  cards: {
    k1: { title: "Bake", text: "", place: "c2/a1" },
    k2: { title: "Shop", text: "milk\neggs", place: "c1/a2" },
    k3: { title: "Call", text: "", place: "c1/a1" },
    k4: { title: "Lost", text: "", place: "gone/a0" },
  },
};

describe("what an Automerge document says, written for a person", () => {
  test("notes are their text", () => {
    for (const format of ["text", "markdown"] as const)
      expect(contentAs({ kind: "notes", text: "# One\n\ntwo" }, format)).toBe("# One\n\ntwo");
  });

  test("a board is its columns and cards in their order, each card once: those of a column that is no more in the first", () => {
    expect(contentAs(board, "text")).toBe("To do\n- Lost\n- Call\n- Shop\n  milk\n  eggs\nDoing\n- Bake\nDone");
    expect(contentAs(board, "markdown")).toBe("## To do\n\n- Lost\n- Call\n- Shop\n  milk\n  eggs\n\n## Doing\n\n- Bake\n\n## Done");
  });

  test.each([
    [{}, "{}"],
    [{ a: [1] }, '{\n  "a": [\n    1\n  ]\n}'],
    [{ kind: "board", columns: 5, cards: [null] }, ""],
    [{ kind: "board", columns: { a: null }, cards: { b: { place: 7, title: [] } } }, "\n- "],
    [{ text: 5 }, '{\n  "text": 5\n}'],
  ])("whatever it says of itself: %j", (value, text) => {
    expect(contentAs(value, "text")).toBe(text);
  });
});
