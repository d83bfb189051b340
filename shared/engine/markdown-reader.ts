/**
 * Reading Markdown (CommonMark with GFM tables, task lists and strikethrough) into blocks: the way back of `content-markdown`.
 *
 * What that writes reads as what it was written from, as far as Markdown can say it. Empty paragraphs, which Markdown does not know, are
 * the blank lines beyond the one that separates blocks, two for each. HTML inside is text, but for line breaks.
 */
import MarkdownIt, { type Token } from "markdown-it";
import { assert } from "../base/assert.ts";
import { blockOf, cellOf, ItemReader, nestingMax, tableOf, TooDeep } from "./block-reader.ts";
import {
  joined,
  outside,
  plainInline,
  safeHref,
  type ContentBlock,
  type Inline,
  type Surroundings,
  type TableCell,
} from "./content-block.ts";
import { imageAt, imagesApart } from "./content-image.ts";
import { ReadingBudget, withinBudget } from "./reading-budget.ts";

// The parser says nothing of what it leaves out past its own limit, so that lies where `nested` has refused the text before.
const parser = new MarkdownIt({ html: true });
parser.set({ maxNesting: 2 * nestingMax });
// Targets are kept as they are written; which of them may be followed is decided by their scheme when they are read and shown.
parser.normalizeLink = (target) => target;
parser.validateLink = () => true;

parser.block.State = class extends parser.block.State {
  override push(type: string, tag: string, nesting: Token["nesting"]): Token {
    budgetOf(this).spend(1);
    return super.push(type, tag, nesting);
  }
};
parser.inline.State = class extends parser.inline.State {
  override push(type: string, tag: string, nesting: Token["nesting"]): Token {
    budgetOf(this).spend(1);
    return super.push(type, tag, nesting);
  }
};

/** The parser hands through what it was given. */
function budgetOf({ env }: { readonly env: object }): ReadingBudget {
  assert("budget" in env && env.budget instanceof ReadingBudget, "a text is read within a budget");
  return env.budget;
}

interface Piece {
  readonly token: Token;
  readonly pieces: Piece[];
}

/** Throws TooDeep and TooMany. */
export function markdownBlocks(markdown: string): readonly ContentBlock[] {
  const text = markdown.replaceAll(/\r\n?/g, "\n").replace(/\n$/, "");
  return markdown === "" ? [] : imagesApart(withinBudget(new Reader(text).read(), text));
}

class Reader {
  readonly #lines: readonly string[];
  readonly #text: string;
  readonly #budget: ReadingBudget;
  #looked = -1;

  constructor(text: string) {
    this.#text = text;
    this.#lines = text.split("\n");
    this.#budget = new ReadingBudget(text);
    this.#budget.spend(this.#lines.length);
  }

  read(): readonly ContentBlock[] {
    const blocks = this.#blocks(nested(parser.parse(this.#text, { budget: this.#budget }), this.#budget), outside);
    const blank = this.#blankBefore(this.#lines.length);
    const [atStart, atEnd] = blank === this.#lines.length ? [1 + (blank - 1) / 2, 0] : [0, blank / 2];
    return [...blocks, ...empty(atStart + atEnd)];
  }

  #blocks(pieces: readonly Piece[], around: Surroundings): readonly ContentBlock[] {
    return pieces.flatMap((piece) => [...this.#emptyBefore(piece.token), ...this.#block(piece, around)]);
  }

  #block({ token, pieces }: Piece, around: Surroundings): readonly ContentBlock[] {
    switch (token.type) {
      case "paragraph_open":
        return [blockOf(inlinesOf(pieces), around)];
      case "heading_open":
        return [blockOf(inlinesOf(pieces), around, { kind: "heading", level: Number(token.tag.slice(1)) })];
      case "fence":
      case "code_block":
        return [blockOf([{ ...plainInline, text: token.content.replace(/\n$/, "") }], around, { kind: "code" })];
      case "html_block":
        return [blockOf([{ ...plainInline, text: token.content.trimEnd() }], around)];
      case "hr":
        return [{ type: "rule" }];
      case "blockquote_open": {
        const quoted = { ...around, quoted: true };
        return pieces.length === 0 ? [blockOf([], quoted)] : this.#blocks(pieces, quoted);
      }
      case "bullet_list_open":
      case "ordered_list_open":
        return pieces.flatMap((item) => this.#item(item, around, token.type === "ordered_list_open"));
      case "table_open":
        return tableOf(rowsOf(pieces));
      default:
        return [];
    }
  }

  #item({ token, pieces }: Piece, around: Surroundings, ordered: boolean): readonly ContentBlock[] {
    const before = this.#emptyBefore(token);
    const box = ordered ? undefined : boxOf(pieces[0]);
    const item = new ItemReader(around, { list: ordered ? "ordered" : box === undefined ? "bullet" : "task", checked: box === "checked" });
    const [first] = pieces;
    if (first === undefined || first.token.type.endsWith("list_open")) item.sign();
    for (const piece of pieces) for (const block of this.#blocks([piece], item.around)) item.blocks.push(block);
    return [...before, ...item.blocks];
  }

  /** The paragraphs without a word between what a token begins and what is before it. */
  #emptyBefore({ map }: Token): readonly ContentBlock[] {
    const line = map?.[0];
    if (line === undefined || line <= this.#looked) return [];
    this.#looked = line;
    const blank = this.#blankBefore(line);
    return empty(blank === line ? blank / 2 : (blank - 1) / 2);
  }

  #blankBefore(line: number): number {
    let first = line;
    while (first > 0 && this.#lines[first - 1]?.trim() === "") first--;
    return line - first;
  }
}

function empty(count: number): readonly ContentBlock[] {
  return Array.from({ length: Math.max(0, Math.floor(count)) }, () => blockOf([], outside));
}

/** The parser's flat list of beginnings and ends as what it stands for. */
function nested(tokens: readonly Token[], budget: ReadingBudget): readonly Piece[] {
  const root: Piece[] = [];
  const open = [root];
  for (const token of tokens) {
    if (token.nesting < 0) {
      open.pop();
      continue;
    }
    // A target that is said once and named often is one string until here.
    for (const inline of token.children ?? []) budget.spend(0, String(inline.attrGet("href") ?? "").length);
    const piece: Piece = { token, pieces: [] };
    open.at(-1)?.push(piece);
    if (token.nesting > 0) open.push(piece.pieces);
    if (open.length > nestingMax) throw new TooDeep();
  }
  assert(open.length === 1, "what a Markdown parser opens it closes");
  return root;
}

function rowsOf(pieces: readonly Piece[]): readonly (readonly TableCell[])[] {
  return pieces.flatMap(({ token, pieces: inside }) => (token.type === "tr_open" ? [inside.map(readCell)] : rowsOf(inside)));
}

/** A cell has no blocks but lines. */
function readCell({ token, pieces }: Piece): TableCell {
  const lines: Inline[][] = [[]];
  for (const inline of inlinesOf(pieces)) {
    for (const [index, text] of inline.text.split("\n").entries()) {
      if (index > 0) lines.push([]);
      lines.at(-1)?.push({ ...inline, text });
    }
  }
  return cellOf(
    token.type === "th_open",
    lines.map((inlines) => blockOf(inlines, outside)),
  );
}

/** What a list item begins with, if it is a task. A box that was meant as text has a backslash before it. */
function boxOf(first: Piece | undefined): "checked" | "open" | undefined {
  const line = first?.token.type === "paragraph_open" ? first.pieces[0]?.token : undefined;
  const [box, sign] = /^\[([ xX])\](?:\s|$)/.exec(line?.content ?? "") ?? [];
  const text = line?.children?.[0];
  if (box === undefined || text?.type !== "text") return undefined;
  text.content = text.content.slice(box.length);
  return sign === " " ? "open" : "checked";
}

function inlinesOf(pieces: readonly Piece[]): readonly Inline[] {
  return joined(pieces.flatMap(({ token }) => lineOf(token.children ?? [])));
}

function lineOf(tokens: readonly Token[]): readonly Inline[] {
  const inlines: Inline[] = [];
  const styles: Inline[] = [plainInline];
  for (const token of tokens) {
    const style = styles.at(-1) ?? plainInline;
    if (token.nesting > 0) styles.push({ ...style, ...markOf(token) });
    else if (token.nesting < 0) styles.pop();
    else inlines.push(...pieceOf(token, style));
  }
  return inlines;
}

function markOf(token: Token): Partial<Inline> {
  switch (token.type) {
    case "strong_open":
      return { bold: true };
    case "em_open":
      return { italic: true };
    case "s_open":
      return { strike: true };
    case "link_open":
      return { href: safeHref(token.attrGet("href")) };
    default:
      return {};
  }
}

function pieceOf(token: Token, style: Inline): readonly Inline[] {
  switch (token.type) {
    case "code_inline":
      return [{ ...style, text: token.content, code: true }];
    case "hardbreak":
      return [{ ...style, text: "\n" }];
    case "softbreak":
      return [{ ...style, text: " " }];
    case "html_inline":
      return [/^<br\s*\/?>$/i.test(token.content) ? { ...style, text: "\n" } : { ...style, text: token.content }];
    case "image":
      return [imageOf(token, style)];
    default:
      return [{ ...style, text: token.content }];
  }
}

function imageOf(token: Token, style: Inline): Inline {
  const source = String(token.attrGet("src") ?? "");
  const image = imageAt(source, { alt: altOf(token.children ?? []) });
  const inline: Inline = { ...style, type: "image", text: token.content, href: safeHref(source) };
  return image === undefined ? inline : { ...inline, image };
}

/** What is in the brackets of an image, without marks. */
function altOf(tokens: readonly Token[]): string {
  return tokens.map(({ type, content, children }) => (type === "softbreak" ? " " : children === null ? content : altOf(children))).join("");
}
