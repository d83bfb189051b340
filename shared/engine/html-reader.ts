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
import { imageAt, imagesApart } from "./content-image.ts";
import { ReadingBudget, withinBudget } from "./reading-budget.ts";

type HtmlNode = DefaultTreeAdapterTypes.ChildNode;
type HtmlElement = DefaultTreeAdapterTypes.Element;

/** Line breaks while a block is read; line ends are "\n" then. The parser lets no other "\r" through. */
const hardBreak = "\r";
const unseen = ["script", "style", "template", "head", "title", "noscript", "iframe", "object"];
const flowing =
  /^(?:p|div|h[1-6]|pre|blockquote|ul|ol|li|table|hr|section|article|main|header|footer|nav|aside|figure|dl|dt|dd|form|address|details|summary|center|fieldset|legend|caption|hgroup|menu|dir)$/;

/** Throws TooDeep and TooMany. */
export function htmlBlocks(html: string): readonly ContentBlock[] {
  const fragment = parseFragment(html.replaceAll("&#13;", ""), { treeAdapter: boundedTree(html) });
  return imagesApart(withinBudget(readFlow(fragment.childNodes, outside, outermost), html));
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

/** What elements that are no block say about what is in them. */
interface Within {
  readonly style: Inline;
  readonly depth: number;
}

const outermost: Within = { style: plainInline, depth: 0 };

function deeper({ style, depth }: Within): Within {
  return { style, depth: depth + 1 };
}

function readFlow(nodes: readonly HtmlNode[], around: Surroundings, within: Within): readonly ContentBlock[] {
  if (within.depth > nestingMax) throw new TooDeep();
  const blocks: ContentBlock[] = [];
  let loose: HtmlNode[] = [];
  const endLoose = (): void => {
    const inlines = lineOf(loose, within);
    if (!inlines.every(isBlankText)) blocks.push(blockOf(inlines, around));
    loose = [];
  };
  for (const node of nodes) {
    if (!isElement(node) || !flows(node)) {
      loose.push(node);
      continue;
    }
    endLoose();
    for (const block of readElement(node, around, deeper(within))) blocks.push(block);
  }
  endLoose();
  return blocks;
}

/** Of other elements those are blocks, too, that have one in them: a link around a heading, bold around paragraphs. */
function flows(element: HtmlElement, depth = 0): boolean {
  if (depth > nestingMax) throw new TooDeep();
  if (flowing.test(element.tagName)) return true;
  return !unseen.includes(element.tagName) && element.childNodes.some((node) => isElement(node) && flows(node, depth + 1));
}

function isBlankText({ type, text }: Inline): boolean {
  return type === "text" && !text.includes("\n") && text.trim() === "";
}

function readElement(element: HtmlElement, around: Surroundings, within: Within): readonly ContentBlock[] {
  const { tagName, childNodes } = element;
  switch (tagName) {
    case "hr":
      return [{ type: "rule" }];
    case "p":
      return [blockOf(lineOf(childNodes, within), around)];
    case "pre":
      return [blockOf([{ ...plainInline, text: textOf(childNodes) }], around, { kind: "code" })];
    case "blockquote":
      return readFlow(childNodes, { ...around, quoted: true }, within);
    case "ul":
    case "ol":
    case "menu":
    case "dir":
      return readList(element, around, within);
    case "table":
      return readTable(childNodes, around, within);
    default: {
      const level = /^h([1-6])$/.exec(tagName)?.[1];
      if (level !== undefined) return readHeading(childNodes, Number(level), around, within);
      return readFlow(childNodes, around, { ...within, style: { ...within.style, ...markOf(element) } });
    }
  }
}

/** What is in a list beside its items is a paragraph between them. */
function readList({ tagName, childNodes }: HtmlElement, around: Surroundings, within: Within): readonly ContentBlock[] {
  const blocks: ContentBlock[] = [];
  let loose: HtmlNode[] = [];
  const add = (more: readonly ContentBlock[]): void => {
    for (const block of more) blocks.push(block);
  };
  for (const node of childNodes) {
    if (!isElement(node) || node.tagName !== "li") {
      loose.push(node);
      continue;
    }
    add(readFlow(loose, around, deeper(within)));
    loose = [];
    add(readItem(node, around, { ordered: tagName === "ol", within }));
  }
  add(readFlow(loose, around, deeper(within)));
  return blocks;
}

function readTable(nodes: readonly HtmlNode[], around: Surroundings, within: Within): readonly ContentBlock[] {
  const caption = nodes.filter((node) => isElement(node) && node.tagName === "caption");
  return [...readFlow(caption, around, within), ...tableOf(readRows(nodes, within.depth))];
}

/** A heading has one line; of blocks in it each is one. */
function readHeading(nodes: readonly HtmlNode[], level: number, around: Surroundings, within: Within): readonly ContentBlock[] {
  if (!nodes.some((node) => isElement(node) && flows(node))) return [blockOf(lineOf(nodes, within), around, { kind: "heading", level })];
  return readFlow(nodes, around, within).map((block) =>
    block.type === "text" && block.kind === "paragraph" ? { ...block, kind: "heading", level } : block,
  );
}

function readItem(
  item: HtmlElement,
  around: Surroundings,
  { ordered, within }: { readonly ordered: boolean; readonly within: Within },
): readonly ContentBlock[] {
  const box = boxOf(item.childNodes);
  const list = ordered ? "ordered" : box === undefined ? "bullet" : "task";
  const reader = new ItemReader(around, { list, checked: box?.attrs.some(({ name }) => name === "checked") ?? false });
  const nodes = box === undefined ? item.childNodes : withoutBox(item.childNodes);
  const begin = nodes.findIndex((node) => isElement(node) && flows(node));
  const line = lineOf(begin < 0 ? nodes : nodes.slice(0, begin), within);
  const first = nodes[begin];
  const isListFirst = first !== undefined && isElement(first) && /^[uo]l$/.test(first.tagName);
  if (line.length > 0 || first === undefined) reader.blocks.push(blockOf(line, reader.around));
  else if (isListFirst) reader.sign();
  for (const node of begin < 0 ? [] : nodes.slice(begin))
    for (const block of readFlow([node], reader.around, deeper(within))) reader.blocks.push(block);
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
  return cellOf(tagName === "th", readFlow(childNodes, outside, { ...outermost, depth: depth + 1 }));
}

/** The inlines of one block, without the line ends of its HTML. */
function lineOf(nodes: readonly HtmlNode[], { style }: Within): readonly Inline[] {
  const inlines = joined(readLine(nodes, style, 0));
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
    if (node.tagName === "img") return [imageOf(node, style)];
    return readLine(node.childNodes, { ...style, ...markOf(node) }, depth + 1);
  });
}

function imageOf(element: HtmlElement, style: Inline): Inline {
  const [alt, source] = [attribute(element, "alt") ?? "", attribute(element, "src")];
  const image = imageAt(source, { alt, width: attribute(element, "width"), height: attribute(element, "height") });
  const inline: Inline = { ...style, type: "image", text: alt, href: safeHref(source) };
  return image === undefined ? inline : { ...inline, image };
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
