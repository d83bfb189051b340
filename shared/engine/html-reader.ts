/**
 * Reading HTML into blocks: the way back of `content-html`.
 *
 * It is read as a browser reads it (the HTML standard's parser), and of that what an editor would paste: blocks, lists, quotes, tables and
 * marks. What is no element of these is entered and its text kept; what nobody sees (scripts, styles) is not. A line end outside of <pre>
 * is how the HTML was wrapped, not part of the text; other blanks are kept, as they are in what `content-html` writes.
 */
import { defaultTreeAdapter, parseFragment, type DefaultTreeAdapterMap, type DefaultTreeAdapterTypes, type TreeAdapter } from "parse5";
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
import { ReadingBudget, withinBudget } from "./reading-budget.ts";

type HtmlNode = DefaultTreeAdapterTypes.ChildNode;
type HtmlElement = DefaultTreeAdapterTypes.Element;

/** Line breaks while a block is read; line ends are "\n" then. The parser lets no other "\r" through. */
const hardBreak = "\r";
const unseen = ["script", "style", "template", "head", "title", "noscript", "iframe", "object"];
const flowing =
  /^(?:p|div|h[1-6]|pre|blockquote|ul|ol|li|table|hr|section|article|main|header|footer|nav|aside|figure|dl|dt|dd|form|address|details|summary)$/;

/** Throws TooDeep and TooMany. */
export function htmlBlocks(html: string): readonly ContentBlock[] {
  const fragment = parseFragment(html.replaceAll("&#13;", ""), { treeAdapter: boundedTree(html) });
  return withinBudget(readFlow(fragment.childNodes, outside, 0), html);
}

/** A tree that does not grow past its budget. Each node may have a text behind it. */
function boundedTree(html: string): TreeAdapter<DefaultTreeAdapterMap> {
  const budget = new ReadingBudget(html);
  return {
    ...defaultTreeAdapter,
    createElement: (tagName, namespace, attributes) => {
      budget.spend(
        2,
        attributes.reduce((sum, { value }) => sum + value.length, 0),
      );
      return defaultTreeAdapter.createElement(tagName, namespace, attributes);
    },
    createCommentNode: (text) => {
      budget.spend(2);
      return defaultTreeAdapter.createCommentNode(text);
    },
  };
}

function readFlow(nodes: readonly HtmlNode[], around: Surroundings, depth: number): readonly ContentBlock[] {
  if (depth > nestingMax) throw new TooDeep();
  const blocks: ContentBlock[] = [];
  let loose: HtmlNode[] = [];
  const endLoose = (): void => {
    const inlines = lineOf(loose);
    if (inlines.length > 0) blocks.push(blockOf(inlines, around));
    loose = [];
  };
  for (const node of nodes) {
    if (!isElement(node) || !flowing.test(node.tagName)) {
      loose.push(node);
      continue;
    }
    endLoose();
    for (const block of readElement(node, around, depth + 1)) blocks.push(block);
  }
  endLoose();
  return blocks;
}

function readElement(element: HtmlElement, around: Surroundings, depth: number): readonly ContentBlock[] {
  const { tagName, childNodes } = element;
  switch (tagName) {
    case "hr":
      return [{ type: "rule" }];
    case "p":
      return [blockOf(lineOf(childNodes), around)];
    case "pre":
      return [blockOf([{ ...plainInline, text: textOf(childNodes) }], around, { kind: "code" })];
    case "blockquote":
      return readFlow(childNodes, { ...around, quoted: true }, depth);
    case "ul":
    case "ol":
      return childNodes.flatMap((item) => (isElement(item) ? readItem(item, around, tagName === "ol", depth) : []));
    case "table":
      return tableOf(readRows(childNodes, depth));
    default: {
      const level = /^h([1-6])$/.exec(tagName)?.[1];
      if (level !== undefined) return [blockOf(lineOf(childNodes), around, { kind: "heading", level: Number(level) })];
      return readFlow(childNodes, around, depth);
    }
  }
}

function readItem(item: HtmlElement, around: Surroundings, ordered: boolean, depth: number): readonly ContentBlock[] {
  if (item.tagName !== "li") return readElement(item, around, depth + 1);
  const box = boxOf(item.childNodes);
  const list = ordered ? "ordered" : box === undefined ? "bullet" : "task";
  const reader = new ItemReader(around, { list, checked: box?.attrs.some(({ name }) => name === "checked") ?? false });
  const nodes = box === undefined ? item.childNodes : withoutBox(item.childNodes);
  const begin = nodes.findIndex((node) => isElement(node) && flowing.test(node.tagName));
  const line = lineOf(begin < 0 ? nodes : nodes.slice(0, begin));
  const first = nodes[begin];
  const isListFirst = first !== undefined && isElement(first) && /^[uo]l$/.test(first.tagName);
  if (line.length > 0 || first === undefined) reader.blocks.push(blockOf(line, reader.around));
  else if (isListFirst) reader.sign();
  for (const node of begin < 0 ? [] : nodes.slice(begin))
    for (const block of readFlow([node], reader.around, depth + 1)) reader.blocks.push(block);
  reader.sign();
  return reader.blocks;
}

function boxOf(nodes: readonly HtmlNode[]): HtmlElement | undefined {
  const first = nodes.find((node) => isElement(node) || textOf([node]).trim() !== "");
  if (first === undefined || !isElement(first) || first.tagName !== "input") return undefined;
  return first.attrs.some(({ name, value }) => name === "type" && value.toLowerCase() === "checkbox") ? first : undefined;
}

/** What is behind the box, and the blank that sets it apart. */
function withoutBox(nodes: readonly HtmlNode[]): readonly HtmlNode[] {
  const rest = nodes.slice(nodes.findIndex((node) => isElement(node)) + 1);
  const [first] = rest;
  if (first?.nodeName === "#text" && "value" in first) first.value = first.value.replace(/^ /, "");
  return rest;
}

function readRows(nodes: readonly HtmlNode[], depth: number): readonly (readonly TableCell[])[] {
  return nodes.flatMap((row) => {
    if (!isElement(row)) return [];
    if (row.tagName !== "tr") return readRows(row.childNodes, depth);
    return [row.childNodes.flatMap((cell) => (isElement(cell) ? [readCell(cell, depth + 1)] : []))];
  });
}

function readCell({ tagName, childNodes }: HtmlElement, depth: number): TableCell {
  return cellOf(tagName === "th", readFlow(childNodes, outside, depth + 1));
}

/** The inlines of one block, without the line ends of its HTML. */
function lineOf(nodes: readonly HtmlNode[]): readonly Inline[] {
  const inlines = joined(readLine(nodes, plainInline, 0));
  const last = inlines.length - 1;
  return joined(
    inlines.map((inline, at) => {
      if (inline.type === "image") return inline;
      let text = unwrapped(inline.text).replaceAll(/\n?\r\n?/g, hardBreak);
      if (at === 0) text = text.replace(/^\n/, "");
      if (at === last) text = text.replace(/\n$/, "");
      return { ...inline, text: text.replaceAll("\n", " ").replaceAll(hardBreak, "\n") };
    }),
  );
}

/** Line ends with the blanks around them as one line end. By index: a regular expression takes quadratic time over blanks without one. */
function unwrapped(text: string): string {
  const lines = text.split("\n");
  const last = lines.length - 1;
  const bare = lines.map((line, at) =>
    line.slice(at === 0 ? 0 : blanksBefore(line), at === last ? line.length : line.length - blanksBehind(line)),
  );
  return bare.filter((line, at) => at === 0 || at === last || line !== "").join("\n");
}

function blanksBefore(line: string): number {
  let count = 0;
  while (count < line.length && isBlank(line[count])) count++;
  return count;
}

function blanksBehind(line: string): number {
  let count = 0;
  while (count < line.length && isBlank(line[line.length - 1 - count])) count++;
  return count;
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t" || character === "\f";
}

function readLine(nodes: readonly HtmlNode[], style: Inline, depth: number): readonly Inline[] {
  if (depth > nestingMax) throw new TooDeep();
  return nodes.flatMap((node): readonly Inline[] => {
    if (!isElement(node)) return [{ ...style, text: "value" in node ? node.value : "" }];
    if (unseen.includes(node.tagName)) return [];
    if (node.tagName === "br") return [{ ...style, text: hardBreak }];
    if (node.tagName === "img")
      return [{ ...style, type: "image", text: attribute(node, "alt") ?? "", href: safeHref(attribute(node, "src")) }];
    return readLine(node.childNodes, { ...style, ...markOf(node) }, depth + 1);
  });
}

function markOf(element: HtmlElement): Partial<Inline> {
  switch (element.tagName) {
    case "strong":
    case "b":
      return { bold: true };
    case "em":
    case "i":
      return { italic: true };
    case "u":
    case "ins":
      return { underline: true };
    case "s":
    case "del":
    case "strike":
      return { strike: true };
    case "code":
    case "kbd":
    case "samp":
      return { code: true };
    case "a":
      return { href: safeHref(attribute(element, "href")) };
    default:
      return {};
  }
}

function textOf(nodes: readonly HtmlNode[], depth = 0): string {
  if (depth > nestingMax) throw new TooDeep();
  return nodes
    .map((node) =>
      isElement(node) ? (node.tagName === "br" ? "\n" : textOf(node.childNodes, depth + 1)) : "value" in node ? node.value : "",
    )
    .join("");
}

function attribute({ attrs }: HtmlElement, wanted: string): string | undefined {
  return attrs.find(({ name }) => name === wanted)?.value;
}

function isElement(node: HtmlNode): node is HtmlElement {
  return "tagName" in node;
}
