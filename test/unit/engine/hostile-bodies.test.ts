/**
 * What a relay is given to write that is made to cost it much: small bodies that a careless reader would take minutes or gigabytes for. None of
 * these tests takes a time: what is quadratic does not come to its end within the time that any test has.
 */
import { describe, expect, test } from "vitest";
import type { ContentFormat, WrittenFormat } from "@inkmesh/shared/engine/crdt-engine";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { stateOf } from "./an-update.ts";

const engine = new YjsEngine();
const begun = { type: "write", parts: [], format: "text", kind: "text", author: { type: "given", client: 1, clock: 0 } } as const;
const codeDocument = stateOf((doc) => doc.getText("text").insert(0, "code"));

/** The document that a body begins, as a format shows it; the code of the refusal. */
function written(format: WrittenFormat, body: string, as: ContentFormat = "text", parts: readonly Uint8Array[] = []): string {
  const update = engine.perform({ ...begun, parts, format, body, author: { ...begun.author, client: 9 } });
  if (!update.ok) return update.refusal.code;
  const shown = engine.perform({ type: "content", parts: [...parts, update.value], format: as });
  return shown.ok ? new TextDecoder().decode(shown.value) : shown.refusal.code;
}

describe("[P9] blanks without a line end take no longer than words", () => {
  const blanks = " ".repeat(250_000);

  test("in HTML that is read", () => {
    expect(written("html", `<p>a${blanks}b</p>`)).toBe(`a${blanks}b`);
  });

  test("in Markdown that is written", () => {
    expect(written("text", `a${blanks}b`, "markdown")).toBe(`a${blanks}b\n`);
  });
});

describe("[P9] of what nests deep all is read, or all is refused", () => {
  const list = (depth: number): string => Array.from({ length: depth }, (_, at) => `${"  ".repeat(at)}- ${at}\n`).join("");
  const htmlList = (depth: number): string => `${"<ul><li>x".repeat(depth)}${"</ul>".repeat(depth)}`;

  test.each<[string, WrittenFormat, string, boolean]>([
    ["a list 60 deep", "markdown", `${list(60)}\nimportant text\n`, true],
    ["a list 150 deep", "markdown", `${list(150)}\nimportant text\n`, false],
    ["a list 5,000 deep", "markdown", `${"- ".repeat(5_000)}a\n\nimportant text\n`, false],
    ["quotes 130 deep", "markdown", `${">".repeat(130)} a\n\nimportant text\n`, true],
    ["quotes 5,000 deep", "markdown", `${">".repeat(5_000)} a\n\nimportant text\n`, false],
    ["a list in HTML 60 deep", "html", `${htmlList(60)}<p>important text</p>`, true],
    ["a list in HTML 150 deep", "html", `${htmlList(150)}<p>important text</p>`, false],
  ])("%s", (_what, format, body, isRead) => {
    const text = written(format, body);
    if (isRead) expect(text.split("\n").at(-1)).toBe("important text");
    else expect(text).toBe("TOO_DEEP");
  });
});

describe("[P9] a small body does not stand for a document that fills the memory", () => {
  const target = `https://a.example/${"x".repeat(2_000)}`;
  const marks = Array.from({ length: 150 }, (_, at) => `<b a=${at}>`).join("");

  test.each<[string, WrittenFormat, string]>([
    ["a target that many links name", "markdown", `${"[a][r] b ".repeat(2_000)}\n\n[r]: ${target}\n`],
    ["a link around many marks", "markdown", `[${"**a** b ".repeat(2_000)}](${target})\n`],
    ["a link around many marks in HTML", "html", `<p><a href="${target}">${"<b>a</b> b ".repeat(2_000)}</a></p>`],
    ["marks that are never closed", "html", `<p>${marks}${"<p>x".repeat(3_000)}`],
    ["empty lines", "markdown", "\n".repeat(1_000_000)],
    ["stars", "markdown", "*a ".repeat(1_000_000)],
    ["items", "markdown", "-\n".repeat(300_000)],
    ["comments", "html", `<p>${"<!---->a".repeat(250_000)}`],
  ])("%s", (_what, format, body) => {
    expect(written(format, body)).toBe("TOO_MANY_PARTS");
  });

  test("what is long and honest is written", () => {
    const lines = Array.from({ length: 5_000 }, (_, line) => `- [line ${line}](<https://a.example/${line}>) **of** many\n`).join("");
    expect(written("markdown", lines, "markdown")).toBe(lines);
  });
});

describe("[P9] many lines are written, or refused as too many", () => {
  test("200,000 are refused, a tenth of them is written", () => {
    const lines = (count: number): string => Array.from({ length: count }, (_, line) => line).join("\n");
    expect(written("text", lines(200_000))).toBe("TOO_MANY_PARTS");
    expect(written("text", lines(20_000))).toBe(lines(20_000));
  });

  test("runs of backticks, however many, are shown as Markdown", () => {
    const code = "`a".repeat(200_000);
    expect(written("text", code, "markdown", [codeDocument])).toBe(`\`\`\`\n${code}\n\`\`\`\n`);
  });
});

describe("[P9] a book that is rewritten is written", () => {
  /** Lines of words that come again and again, but not in the same order, and in no other book. */
  const book = (lines: number, words: number, name: string): string =>
    Array.from({ length: lines }, (_line, line) =>
      Array.from({ length: words }, (_word, word) => `${name}${((line + 3) * (word + 7) * 7_919) % 397}`).join(" "),
    ).join("\n");

  test.each<[string, number, number]>([
    ["of long paragraphs", 60, 2_000],
    ["of many", 5_000, 20],
  ])("%s", (_what, lines, words) => {
    const first = engine.perform({ ...begun, body: book(lines, words, "a") });
    if (!first.ok) throw new Error(first.refusal.code);
    expect(written("text", book(lines, words, "b"), "text", [first.value])).toBe(book(lines, words, "b"));
  });
});
