/**
 * ContentBlock: rich text as a person sees it, a flat sequence of text blocks, images, tables and rules, whatever schema wrote
 * it. HTML and Markdown are written from this.
 *
 * Our editor keeps kind, list and indent as attributes of one `block` element. Stock Tiptap and ProseMirror nest lists
 * and quotes instead; here nesting becomes the same attributes: a list inside a list is a larger indent, a paragraph
 * inside a quote is a quote. What no schema of these knows is entered and its text kept.
 */
import { type BlobName, isBlobName } from "../base/blob-name.ts";
import { isBreak, plainName, textOf, type ContentElement, type ContentNode, type TextRun } from "./content-tree.ts";

export type BlockKind = "paragraph" | "heading" | "quote" | "code";
export type ListKind = "none" | "bullet" | "ordered" | "task";

export interface Inline {
  readonly type: "text" | "image";
  /** An image's is its description. */
  readonly text: string;
  readonly bold: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly strike: boolean;
  readonly code: boolean;
  /** A link's target or an image's source, allowed schemes only. */
  readonly href: string | undefined;
  /** What a reader found among words and is a block of its own in a document (`content-image.ts`). */
  readonly image?: ImageBlock;
}

export interface TextBlock {
  readonly type: "text";
  readonly kind: BlockKind;
  /** 1 to 6, of a heading. */
  readonly level: number;
  readonly list: ListKind;
  readonly checked: boolean;
  readonly indent: number;
  readonly inlines: readonly Inline[];
}

/** An image whose bytes the relays keep with the document. */
export interface ImageBlock {
  readonly type: "image";
  readonly blob: BlobName;
  /** What it shows, in words; empty: nobody has said. */
  readonly alt: string;
  /** Its own size in pixels, where that is known. */
  readonly width: number | undefined;
  readonly height: number | undefined;
}

export interface TableBlock {
  readonly type: "table";
  readonly rows: readonly (readonly TableCell[])[];
}

export interface TableCell {
  readonly header: boolean;
  readonly blocks: readonly ContentBlock[];
}

export type ContentBlock = TextBlock | ImageBlock | TableBlock | { readonly type: "rule" };

/** How far blocks are indented at most; a document may claim anything. */
export const indentMax = 16;

/** What the surrounding elements say about a block. */
export interface Surroundings {
  readonly quoted: boolean;
  readonly list: ListKind;
  readonly checked: boolean;
  readonly indent: number;
}

export const outside: Surroundings = { quoted: false, list: "none", checked: false, indent: 0 };

/** The blocks of a rich text. */
export function blocksOf(nodes: readonly ContentNode[]): readonly ContentBlock[] {
  return readBlocks(nodes, outside);
}

/** A text without elements (a code document, a Quill text): each line is a paragraph. */
export function linesOf(nodes: readonly ContentNode[]): readonly TextBlock[] {
  const lines: Inline[][] = [[]];
  for (const inline of inlinesOf(nodes)) {
    for (const [index, text] of inline.text.split("\n").entries()) {
      if (index > 0) lines.push([]);
      if (text !== "") lines.at(-1)?.push({ ...inline, text });
    }
  }
  return lines.map((inlines) => ({
    type: "text",
    kind: "paragraph",
    level: 1,
    list: "none",
    checked: false,
    indent: 0,
    inlines: joined(inlines),
  }));
}

function readBlocks(nodes: readonly ContentNode[], around: Surroundings): readonly ContentBlock[] {
  const blocks: ContentBlock[] = [];
  let loose: ContentNode[] = [];
  const endLoose = (): void => {
    if (loose.length > 0) blocks.push(textBlock(loose, around, { kind: "paragraph" }));
    loose = [];
  };
  for (const node of nodes) {
    const image = node.type === "element" ? imageBlock(node) : undefined;
    if (image === undefined && (node.type !== "element" || isInline(node))) {
      loose.push(node);
      continue;
    }
    endLoose();
    if (image !== undefined) blocks.push(image);
    else if (node.type === "element") blocks.push(...readElement(node, around));
  }
  endLoose();
  return blocks;
}

function readElement(element: ContentElement, around: Surroundings): readonly ContentBlock[] {
  const { attributes, children } = element;
  switch (plainName(element.name)) {
    case "block":
      return [editorBlock(element, around)];
    case "paragraph":
      return [textBlock(children, around, { kind: "paragraph" })];
    case "heading":
      return [textBlock(children, around, { kind: "heading", level: numberOf(attributes.get("level"), 1) })];
    case "codeblock":
      return [textBlock(children, around, { kind: "code" })];
    case "horizontalrule":
      return [{ type: "rule" }];
    case "blockquote":
      return readBlocks(children, { ...around, quoted: true });
    case "bulletlist":
      return readList(children, around, "bullet");
    case "orderedlist":
      return readList(children, around, "ordered");
    case "tasklist":
      return readList(children, around, "task");
    case "table":
      return [{ type: "table", rows: readRows(children) }];
    default:
      return readBlocks(children, around);
  }
}

/** The first block of an item carries the list's sign; what follows in the item stands under it. */
function readList(items: readonly ContentNode[], around: Surroundings, list: ListKind): readonly ContentBlock[] {
  const indent = Math.min(around.indent, indentMax);
  return items.flatMap((item) => {
    if (item.type !== "element") return readBlocks([item], around);
    const checked = isTrue(item.attributes.get("checked"));
    const [first, ...rest] = item.children;
    return [
      ...readBlocks(first === undefined ? [] : [first], { ...around, list, checked, indent }),
      ...readBlocks(rest, { ...around, list: "none", indent: indent + 1 }),
    ];
  });
}

function readRows(nodes: readonly ContentNode[]): readonly (readonly TableCell[])[] {
  return nodes.flatMap((row) => {
    if (row.type !== "element") return [];
    if (plainName(row.name) !== "tablerow") return readRows(row.children);
    return [row.children.flatMap((cell) => (cell.type === "element" ? [readCell(cell)] : []))];
  });
}

function readCell({ name, children }: ContentElement): TableCell {
  return { header: plainName(name) === "tableheader", blocks: readBlocks(children, outside) };
}

function editorBlock({ attributes, children }: ContentElement, around: Surroundings): TextBlock {
  const kind = oneOf(attributes.get("kind"), ["paragraph", "heading", "quote", "code"]) ?? "paragraph";
  const block = textBlock(children, around, { kind, level: numberOf(attributes.get("level"), 1) });
  return {
    ...block,
    list: oneOf(attributes.get("list"), ["none", "bullet", "ordered", "task"]) ?? around.list,
    checked: isTrue(attributes.get("checked")) || around.checked,
    indent: Math.min(around.indent + numberOf(attributes.get("indent"), 0), indentMax),
  };
}

function textBlock(
  nodes: readonly ContentNode[],
  around: Surroundings,
  own: { readonly kind: BlockKind; readonly level?: number },
): TextBlock {
  const kind = around.quoted && own.kind === "paragraph" ? "quote" : own.kind;
  const level = Math.min(Math.max(own.level ?? 1, 1), 6);
  return {
    type: "text",
    kind,
    level,
    list: around.list,
    checked: around.checked,
    indent: around.indent,
    inlines: joined(inlinesOf(nodes)),
  };
}

function inlinesOf(nodes: readonly ContentNode[]): readonly Inline[] {
  return nodes.flatMap((node): readonly Inline[] => {
    if (node.type === "run") return [runInline(node)];
    if (node.type === "embedded") return [];
    if (isBreak(node)) return [{ ...plainInline, text: "\n" }];
    if (plainName(node.name) === "image") return [imageInline(node)];
    return node.children.length > 0 ? inlinesOf(node.children) : [{ ...plainInline, text: textOf([node]) }];
  });
}

/** Text without marks, to be filled in. */
export const plainInline: Inline = {
  type: "text",
  text: "",
  bold: false,
  italic: false,
  underline: false,
  strike: false,
  code: false,
  href: undefined,
};

/** y-prosemirror appends `--` and eight characters to the name of a mark that may overlap with its like. */
const markSuffix = /--[a-zA-Z0-9+/=]{8}$/;

function runInline({ text, marks }: TextRun): Inline {
  const named = new Map([...marks].map(([name, value]) => [name.replace(markSuffix, ""), value]));
  const has = (...names: string[]): boolean => names.some((name) => named.has(name) && named.get(name) !== false);
  const link = named.get("link");
  return {
    type: "text",
    text,
    bold: has("bold", "strong"),
    italic: has("italic", "em"),
    underline: has("underline"),
    strike: has("strike", "strikethrough"),
    code: has("code"),
    href: safeHref(typeof link === "object" && link !== null && "href" in link ? link.href : link),
  };
}

function imageInline({ attributes }: ContentElement): Inline {
  const described = attributes.get("alt");
  return { ...plainInline, type: "image", text: typeof described === "string" ? described : "", href: safeHref(attributes.get("src")) };
}

/** A target that a click may follow: http, https or mailto, and nothing that a browser would read as another scheme. */
export function safeHref(target: unknown): string | undefined {
  return typeof target === "string" && /^(?:https?:\/\/|mailto:)[^\s<>"\p{Cc}]+$/iu.test(target) ? target : undefined;
}

/** An image of the editor; other editors' have an address instead of a name. */
function imageBlock({ name, attributes }: ContentElement): ImageBlock | undefined {
  const [blob, alt] = [attributes.get("blob"), attributes.get("alt")];
  if (plainName(name) !== "image" || typeof blob !== "string" || !isBlobName(blob)) return undefined;
  const [width, height] = [pixels(attributes.get("width")), pixels(attributes.get("height"))];
  return { type: "image", blob, alt: typeof alt === "string" ? alt : "", width, height };
}

/** One side of an image, if the value can be that. */
export function pixels(value: unknown): number | undefined {
  const number = numberOf(value, 0);
  return number >= 1 && number <= 100_000 ? number : undefined;
}

function isInline(element: ContentElement): boolean {
  return ["hardbreak", "image", "mention", "emoji", "inlinemath"].includes(plainName(element.name));
}

function oneOf<Word extends string>(value: unknown, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === value);
}

function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}

/** A whole number ≥ 0; y-prosemirror keeps numbers as numbers, others as text. */
function numberOf(value: unknown, otherwise: number): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : otherwise;
}

/** Inlines as a reader sees them: none is empty, and no two that look alike are side by side. */
export function joined(inlines: readonly Inline[]): readonly Inline[] {
  const result: Inline[] = [];
  for (const inline of inlines) {
    const last = result.at(-1);
    if (inline.type === "text" && inline.text === "") continue;
    if (last?.type === "text" && inline.type === "text" && looksLike(last, inline))
      result[result.length - 1] = { ...last, text: last.text + inline.text };
    else result.push(inline);
  }
  return result;
}

/** Whether two inlines differ in nothing but their text. */
function looksLike(left: Inline, right: Inline): boolean {
  return markNames.every((name) => left[name] === right[name]);
}

export const markNames = ["bold", "italic", "underline", "strike", "code", "href"] as const satisfies readonly (keyof Inline)[];
