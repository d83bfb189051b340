/**
 * A document as CommonMark with GFM tables, task lists and strikethrough.
 *
 * Characters of the text that Markdown would take for its own are escaped; link targets have allowed schemes only. What
 * Markdown cannot say (underlining, an indented paragraph, a table without a header) is said as nearly as it can.
 */
import { blocksOf, joined, linesOf, type ContentBlock, type Inline, type TableBlock, type TextBlock } from "./content-block.ts";
import { altLine, imageAddress } from "./content-image.ts";
import { isUnmarked, sectionsOf, textOf, type ContentTree } from "./content-tree.ts";

export function markdownContent(tree: ContentTree): string {
  const parts = sectionsOf(tree).map(({ type, nodes }) => {
    if (type === "text" && isUnmarked(nodes)) return fenced(textOf(nodes));
    return blocksMarkdown(type === "text" ? linesOf(nodes) : blocksOf(nodes));
  });
  return parts.length === 0 ? "" : `${parts.join("\n\n")}\n`;
}

/** A list item that later blocks may stand under. */
interface OpenItem {
  readonly list: TextBlock["list"];
  readonly number: number;
  /** How far its content is indented. */
  readonly width: number;
}

/** Blocks of one rich text, without a line end at their end. */
export function blocksMarkdown(blocks: readonly ContentBlock[]): string {
  const open: OpenItem[] = [];
  let markdown = "";
  let last: ContentBlock | undefined;
  for (const block of blocks) {
    const text = placed(block, open);
    markdown += last === undefined ? text : separator(last, block) + text;
    last = block;
  }
  return markdown;
}

/** The block's lines, indented under the list items that it belongs to. Updates `open`. */
function placed(block: ContentBlock, open: OpenItem[]): string {
  const indent = block.type === "text" ? block.indent : 0;
  const depth = Math.min(indent, open.length);
  const sibling = open[depth];
  open.length = depth;
  const prefix = " ".repeat(open.reduce((sum, { width }) => sum + width, 0));
  if (block.type !== "text" || block.list === "none") return indented(bare(block), prefix, prefix);
  const number = sibling?.list === block.list ? sibling.number + 1 : 1;
  const marker = block.list === "ordered" ? `${number}. ` : "- ";
  open.push({ list: block.list, number, width: marker.length });
  const box = block.list === "task" ? (block.checked ? "[x] " : "[ ] ") : "";
  // Behind a box Markdown has words and nothing else: a task that is a quote, code or a heading is said as its words.
  const text = bare(block.list === "task" ? { ...block, kind: "paragraph" } : block);
  return indented(box + text, prefix + marker, prefix + " ".repeat(marker.length));
}

function indented(text: string, first: string, others: string): string {
  return text
    .split("\n")
    .map((line, index) => (index === 0 ? first : line === "" ? "" : others) + line)
    .join("\n");
}

/** Items of a list follow each other without an empty line; two paragraphs of one quote stay one quote. */
function separator(left: ContentBlock, right: ContentBlock): string {
  if (left.type !== "text" || right.type !== "text") return "\n\n";
  if (left.list !== "none" && right.list !== "none") return "\n";
  const oneQuote = left.kind === "quote" && right.kind === "quote" && left.list === "none" && right.list === "none";
  return oneQuote && left.indent === 0 && right.indent === 0 ? "\n>\n" : "\n\n";
}

function bare(block: ContentBlock): string {
  if (block.type === "rule") return "---";
  if (block.type === "table") return tableMarkdown(block);
  if (block.type === "image") return `![${escaped(altLine(block))}](${imageAddress(block)})`;
  switch (block.kind) {
    case "code":
      return fenced(block.inlines.map(({ text }) => text).join(""));
    case "heading":
      return `${"#".repeat(block.level)} ${inlinesMarkdown(block.inlines, " ")}`;
    case "quote":
      return lineStarts(inlinesMarkdown(block.inlines, "\\\n")).replace(/^/gm, "> ");
    default:
      return lineStarts(inlinesMarkdown(block.inlines, "\\\n"));
  }
}

function tableMarkdown({ rows }: TableBlock): string {
  const columns = rows.reduce((most, cells) => Math.max(most, cells.length), 1);
  const lines = rows.map((cells) => {
    const texts = Array.from({ length: columns }, (_, column) => cellMarkdown(cells[column]?.blocks ?? []));
    return `| ${texts.join(" | ")} |`;
  });
  const rule = `|${" --- |".repeat(columns)}`;
  return [...lines.slice(0, 1), rule, ...lines.slice(1)].join("\n");
}

function cellMarkdown(blocks: readonly ContentBlock[]): string {
  return blocks.flatMap((block) => (block.type === "text" ? [inlinesMarkdown(block.inlines, "<br>")] : [])).join("<br>");
}

/** A fence longer than any run of backticks inside. */
function fenced(text: string): string {
  const fence = "`".repeat(Math.max(2, ticksIn(text)) + 1);
  return `${fence}\n${text}\n${fence}`;
}

function inlinesMarkdown(inlines: readonly Inline[], lineBreak: string): string {
  // Where only underlining begins or ends, nothing does in Markdown: two runs of stars side by side would read as something else.
  const sayable = joined(inlines.map((inline) => ({ ...inline, underline: false })));
  return sayable.map((inline) => inlineMarkdown(inline).replace(/\n/g, () => lineBreak)).join("");
}

function inlineMarkdown(inline: Inline): string {
  if (inline.type === "image") return inline.href === undefined ? escaped(inline.text) : `![${escaped(inline.text)}](<${inline.href}>)`;
  // Emphasis may neither begin nor end with a blank, so blanks stay outside.
  const core = inline.text.trim();
  if (core === "") return inline.text;
  const begin = inline.text.length - inline.text.trimStart().length;
  const [before, after] = [inline.text.slice(0, begin), inline.text.slice(begin + core.length)];
  let text = inline.code ? codeSpan(core) : escaped(core);
  if (inline.strike) text = `~~${text}~~`;
  if (inline.italic) text = `*${text}*`;
  if (inline.bold) text = `**${text}**`;
  if (inline.href !== undefined) text = `[${text}](<${inline.href}>)`;
  return before + text + after;
}

function codeSpan(text: string): string {
  const ticks = "`".repeat(ticksIn(text) + 1);
  return text.startsWith("`") || text.endsWith("`") ? `${ticks} ${text} ${ticks}` : `${ticks}${text}${ticks}`;
}

/** The longest run of backticks. */
function ticksIn(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}

function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>~|&!]/g, "\\$&");
}

/** What would begin a heading, a list, a rule or a code block at the start of a line is escaped there. */
function lineStarts(text: string): string {
  return text
    .replace(/^[^\S\n]+/gm, "")
    .replace(/^([#+=-])/gm, "\\$1")
    .replace(/^(\d{1,9})([.)])/gm, "$1\\$2");
}
