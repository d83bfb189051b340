/**
 * Documents that are read and written back as text, Markdown and HTML, over random rich text.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import * as Y from "yjs";
import { AlignmentEffort } from "@inkmesh/shared/engine/alignment-effort";
import type { ContentFormat, WrittenFormat } from "@inkmesh/shared/engine/crdt-engine";
import { textChange } from "@inkmesh/shared/engine/text-change";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { aDoc } from "../../unit/engine/an-update.ts";
import { holds } from "../replayable.ts";

const engine = new YjsEngine();
const formats: readonly WrittenFormat[] = ["text", "markdown", "html"];

function shown(state: Uint8Array, format: ContentFormat): string {
  const answer = engine.perform({ type: "content", parts: [state], format });
  if (!answer.ok) throw new Error(answer.refusal.detail);
  return new TextDecoder().decode(answer.value);
}

function edit(state: Uint8Array, format: WrittenFormat, body: string): Uint8Array {
  const update = engine.perform({
    type: "write",
    parts: [state],
    format,
    body,
    kind: "text",
    author: { type: "given", client: 9, clock: 0 },
  });
  if (!update.ok) throw new Error(`${update.refusal.code} ${update.refusal.detail}`);
  return update.value;
}

const after = (state: Uint8Array, format: WrittenFormat, body: string): Uint8Array => Y.mergeUpdates([state, edit(state, format, body)]);

// -- random documents --------------------------------------------------------------------------------------------------

const word = fc.constantFrom(
  "a",
  "bee",
  "the",
  "of",
  "Größe",
  "日本",
  "😀",
  "a_b_c",
  "2*3*4",
  "[x]",
  "<b>",
  "&amp;",
  "#1",
  "1.",
  "~~",
  "`q`",
  "|",
  "\\",
  "x!",
  "https://a.example/",
);
const marks = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  fc.constantFrom(
    { bold: {} },
    { italic: {} },
    { underline: {} },
    { code: {} },
    { strike: {} },
    { bold: {}, italic: {} },
    { link: { href: "https://a.example/(b)?c=_d_" } },
  ),
);
/** Marked words with blanks between them. */
const line = fc
  .array(fc.tuple(word, marks), { maxLength: 6 })
  .map((words) =>
    words.flatMap(([text, attributes], index) => [...(index > 0 ? [{ insert: " ", attributes: {} }] : []), { insert: text, attributes }]),
  );

interface Block {
  readonly name: "block" | "rule" | "table";
  readonly attributes: Record<string, unknown>;
  readonly runs: readonly { insert: string; attributes: object }[];
  readonly rows: readonly (readonly string[])[];
}

const block = (attributes: Record<string, unknown>, runs: Block["runs"]): Block => ({ name: "block", attributes, runs, rows: [] });
const table = (rows: Block["rows"]): Block => ({ name: "table", attributes: {}, runs: [], rows });
const item = fc.constantFrom({ list: "bullet" }, { list: "ordered" }, { list: "task" }, { list: "task", checked: true });
const filledLine = line.filter((runs) => runs.length > 0);
const kindOfItem = fc.constantFrom({ kind: "paragraph" }, { kind: "quote" }, { kind: "code" }, { kind: "heading", level: 2 });
/** Lines with breaks between them. */
const lines = fc
  .array(filledLine, { minLength: 1, maxLength: 3 })
  .map((all) => all.flatMap((runs, index) => [...(index > 0 ? [{ insert: "\n", attributes: {} }] : []), ...runs]));
const aBlock = fc.oneof(
  { weight: 4, arbitrary: line.map((runs) => block({ kind: "paragraph" }, runs)) },
  fc.tuple(fc.integer({ min: 1, max: 3 }), filledLine).map(([level, runs]) => block({ kind: "heading", level }, runs)),
  fc.tuple(item, filledLine).map(([attributes, runs]) => block({ kind: "paragraph", ...attributes }, runs)),
  filledLine.map((runs) => block({ kind: "quote" }, runs)),
  fc.array(word, { maxLength: 4 }).map((words) => block({ kind: "code" }, [{ insert: words.join("\n"), attributes: {} }])),
  fc.constant<Block>({ name: "rule", attributes: {}, runs: [], rows: [] }),
  fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 3 }).map(table),
);
const blocks = fc.array(aBlock, { minLength: 1, maxLength: 12 });
/** Also what no format can say: quotes, code and headings in lists and under items, with line breaks. */
const anyBlocks = fc.array(
  fc.oneof(
    aBlock,
    fc
      .tuple(fc.oneof(item, fc.constant({})), kindOfItem, fc.integer({ min: 0, max: 3 }), lines)
      .map(([attributes, kind, indent, runs]) => block({ ...kind, ...attributes, ...(indent > 0 ? { indent } : {}) }, runs)),
  ),
  { minLength: 1, maxLength: 12 },
);

function element(name: string, attributes: Record<string, unknown>, children: (Y.XmlElement | Y.XmlText)[]): Y.XmlElement {
  const made = new Y.XmlElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value as string);
  made.insert(0, children);
  return made;
}

function textOf(runs: Block["runs"]): Y.XmlText {
  const text = new Y.XmlText();
  text.applyDelta(runs.map((run) => ({ ...run })));
  return text;
}

function stateOf(all: readonly Block[], client = 1): Uint8Array {
  const doc = aDoc(client);
  const cell = (name: string, text: string): Y.XmlElement =>
    element(name, {}, [element("block", { kind: "paragraph" }, [textOf([{ insert: text, attributes: {} }])])]);
  const nodes = all.map(({ name, attributes, runs, rows }) => {
    if (name === "rule") return element("horizontalRule", {}, []);
    if (name === "block") return element("block", attributes, [textOf(runs)]);
    const lines = rows.map((cells, row) =>
      element(
        "tableRow",
        {},
        cells.map((text) => cell(row === 0 ? "tableHeader" : "tableCell", text)),
      ),
    );
    return element("table", {}, lines);
  });
  doc.getXmlFragment("default").insert(0, nodes);
  return Y.encodeStateAsUpdate(doc);
}

// -- what holds --------------------------------------------------------------------------------------------------------

test("a document that is written as another one is shown then reads like that, in each format", () => {
  holds(
    fc.property(blocks, blocks, fc.constantFrom(...formats), (some, others, format) => {
      const body = shown(stateOf(others), format);
      expect(shown(after(stateOf(some), format, body), format)).toBe(body);
    }),
    600,
  );
});

test("what one format cannot say stays as it was, but for the paragraph that is added", () => {
  holds(
    fc.property(anyBlocks, fc.nat(), fc.constantFrom(...formats), (all, place, format) => {
      const added = block({ kind: "paragraph" }, [{ insert: "something-else-entirely", attributes: {} }]);
      // Not between an item and what stands under it: that would say something else of the latter.
      let at = place % (all.length + 1);
      while (at < all.length && "indent" in all[at]!.attributes) at++;
      const body = shown(stateOf([...all.slice(0, at), added, ...all.slice(at)]), format);
      const result = after(stateOf(all), format, body);
      const doc = aDoc(3);
      Y.applyUpdate(doc, result);
      const fragment = doc.getXmlFragment("default");
      const found = fragment.toArray().findIndex((node) => String(node).includes("something-else-entirely"));
      fragment.delete(found, 1);
      expect(shown(Y.encodeStateAsUpdate(doc), "json")).toBe(shown(stateOf(all), "json"));
    }),
    600,
  );
});

test("a change of a text is the other text, and cuts no character in two", () => {
  const text = fc
    .array(fc.constantFrom("😀", "😁", "a", "b", " ", "\n", "word", "é", "\u{1F468}\u200D\u{1F469}"), { maxLength: 20 })
    .map((parts) => parts.join(""));
  holds(
    fc.property(text, text, (before, wanted) => {
      const doc = aDoc(1);
      const shared = doc.getText("text");
      shared.insert(0, before);
      const steps = textChange(before, wanted, new AlignmentEffort());
      shared.applyDelta(
        steps.map((step) =>
          step.type === "insert" ? { insert: step.text } : step.type === "keep" ? { retain: step.length } : { delete: step.length },
        ),
      );
      expect(shared.toString()).toBe(wanted);
    }),
    1_000,
  );
});
