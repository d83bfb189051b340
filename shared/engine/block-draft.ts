/**
 * BlockDraft: what blocks shall become, beside what they are: for each wanted block which of the present ones it is.
 *
 * What a format cannot say of a document (Markdown no underlining, plain text no headings) must not be lost by writing it back. So wanted
 * blocks are compared with what the present ones *say* in that format: with how they read when they are written and read again.
 *
 *     present ──written──▶ text ──read──▶ said ──┐
 *                                                ├─ aligned ─▶ drafts: {from, said, wanted}
 *     the text to be written ────────read──▶ wanted ──┘
 *
 * Invariant: drafts are in the order wanted; `from` ascends; a present block that no draft is from is to go.
 */
import type { AlignmentEffort } from "./alignment-effort.ts";
import { outside, plainInline, type ContentBlock, type Inline, type TableBlock, type TableCell } from "./content-block.ts";
import { altLine } from "./content-image.ts";
import { blockOf } from "./block-reader.ts";
import { ReadingBudget } from "./reading-budget.ts";
import { alignment, matchGap, stretchesOf, type Likenesses } from "./sequence-alignment.ts";

/** What a line counts that is a paragraph: about what one does in Markdown and HTML. */
const partsOfLine = 4;

export interface BlockDraft {
  /** The present block that it is: where it stands, and what it says. Undefined: a new one. */
  readonly from: { readonly at: number; readonly said: ContentBlock } | undefined;
  readonly wanted: ContentBlock;
}

/** Drafts of blocks that were read from a format with marks. */
export function drafts(said: readonly ContentBlock[], wanted: readonly ContentBlock[], effort: AlignmentEffort): readonly BlockDraft[] {
  const like: Likenesses = {
    before: (index) => likeness(said[index]!),
    after: (index) => likeness(wanted[index]!),
    mayBe: (before, after) => mayBe(said[before], wanted[after]),
  };
  const matched = alignment(said.map(keyOf), wanted.map(keyOf), like, effort);
  return wanted.map((block, index) => {
    const at = matched[index];
    const before = at === undefined ? undefined : said[at];
    const isKept = at !== undefined && before !== undefined && mayBe(before, block);
    return { from: isKept ? { at, said: before } : undefined, wanted: block };
  });
}

/** An image is the same as long as its bytes are, whatever is said of it. */
function mayBe(before: ContentBlock | undefined, after: ContentBlock | undefined): boolean {
  if (before?.type === "image" && after?.type === "image") return before.blob === after.blob;
  return before?.type === after?.type;
}

function likeness(block: ContentBlock): string {
  return block.type === "image" ? `${block.blob} ${plainOf(block)}` : plainOf(block);
}

/** What identifies a block, or a cell: equal where all that a reader sees is. */
export function keyOf(block: ContentBlock | TableCell): string {
  return JSON.stringify(block);
}

/** The text that a block is in plain text. */
export function plainOf(block: ContentBlock): string {
  if (block.type === "rule") return "";
  if (block.type === "image") return altLine(block);
  if (block.type === "text") return block.inlines.map(({ text }) => text).join("");
  return block.rows.map((cells) => cells.map(plainCell).join("\t")).join("\n");
}

export function plainCell({ blocks }: TableCell): string {
  return blocks.map(plainOf).join(" ");
}

/**
 * Drafts of plain text. A line is a paragraph, but where it belongs to what has several lines already: a table, a text with line breaks.
 * Kinds, lists and marks stay as they are. Throws TooMany.
 */
export function plainDrafts(present: readonly ContentBlock[], text: string, effort: AlignmentEffort): readonly BlockDraft[] {
  const lines = text.replaceAll(/\r\n?/g, "\n").split("\n");
  new ReadingBudget(text).spend(partsOfLine * lines.length);
  const owners = present.flatMap((block, at) =>
    plainOf(block)
      .split("\n")
      .map((line) => ({ line, at })),
  );
  const claimed = new Map<number, Span>();
  for (const { same, before, after } of stretchesOf(
    owners.map(({ line }) => line),
    lines,
    effort,
  )) {
    if (!same) continue;
    for (let left = before[0]; left < before[1]; left++) {
      const { at } = owners[left]!;
      const line = after[0] + left - before[0];
      claimed.set(at, [claimed.get(at)?.[0] ?? line, line]);
    }
  }
  for (const [at, block] of present.entries()) if (block.type === "table") claimRows(block, at, lines, claimed);
  return filled({ present, lines, effort }, claimed);
}

interface PlainWriting {
  readonly present: readonly ContentBlock[];
  readonly lines: readonly string[];
  readonly effort: AlignmentEffort;
}

type Span = [first: number, last: number];

/** A table's are also lines beside what is its own, or in its place, that have as many cells. */
function claimRows({ rows }: TableBlock, at: number, lines: readonly string[], claimed: Map<number, Span>): void {
  const cells = rows[0]?.length ?? 1;
  if (cells === 1) return;
  let [from, to] = [0, lines.length];
  for (const [other, [first, last]] of claimed) {
    if (other < at) from = Math.max(from, last + 1);
    if (other > at) to = Math.min(to, first);
  }
  const fits = (line: number): boolean => line >= from && line < to && lines[line]?.split("\t").length === cells;
  const free = lines.slice(from, to).findIndex((_line, index) => fits(from + index));
  const [first, last] = claimed.get(at) ?? [from + free, from + free - 1];
  if (free < 0) return;
  const span: Span = [first, last];
  while (fits(span[1] + 1)) span[1]++;
  while (fits(span[0] - 1)) span[0]--;
  claimed.set(at, span);
}

/** The lines that nobody claims are what is left between those that are, or new paragraphs. */
function filled(writing: PlainWriting, claimed: ReadonlyMap<number, Span>): readonly BlockDraft[] {
  const { present, lines } = writing;
  const result: BlockDraft[] = [];
  let [block, line] = [0, 0];
  const inOrder = [...claimed].sort(([left], [right]) => left - right);
  for (const [at, [first, last]] of [...inOrder, [present.length, [lines.length, lines.length - 1]] as const]) {
    for (const draft of leftOver(writing, [block, at], [line, first])) result.push(draft);
    if (at < present.length) result.push(plainDraft(writing, at, lines.slice(first, last + 1)));
    [block, line] = [at + 1, last + 1];
  }
  return result;
}

function leftOver(writing: PlainWriting, left: readonly [number, number], right: readonly [number, number]): readonly BlockDraft[] {
  const { present, lines, effort } = writing;
  const matched: (number | undefined)[] = [];
  const like: Likenesses = { before: (at) => plainOf(present[at]!), after: (line) => lines[line]!, mayBe: () => true };
  matchGap({ left, right, like, effort }, matched);
  const result: BlockDraft[] = [];
  for (let line = right[0]; line < right[1]; line++) {
    const at = matched[line];
    const isText = at !== undefined && present[at]?.type === "text";
    result.push(isText ? plainDraft(writing, at, [lines[line]!]) : { from: undefined, wanted: blockOf([plain(lines[line]!)], outside) });
  }
  return result;
}

function plainDraft({ present, effort }: PlainWriting, at: number, lines: readonly string[]): BlockDraft {
  const said = present[at]!;
  if (plainOf(said) === lines.join("\n") || said.type === "rule" || said.type === "image") return { from: { at, said }, wanted: said };
  if (said.type === "text")
    return { from: { at, said }, wanted: { ...said, inlines: blockOf([plain(lines.join("\n"))], outside).inlines } };
  const rows = said.rows.map((cells) => cells.map(plainCell).join("\t"));
  const like: Likenesses = { before: (row) => rows[row]!, after: (line) => lines[line]!, mayBe: () => true };
  const matched = alignment(rows, lines, like, effort);
  const wanted = lines.map((line, index) => {
    const row = matched[index] === undefined ? undefined : said.rows[matched[index]];
    return line.split("\t").map((text, column): TableCell => {
      const cell = row?.[column];
      if (cell !== undefined && plainCell(cell) === text) return cell;
      return { header: cell?.header ?? false, blocks: [blockOf([plain(text)], outside)] };
    });
  });
  return { from: { at, said }, wanted: { type: "table", rows: wanted } };
}

function plain(text: string): Inline {
  return { ...plainInline, text };
}
