/**
 * The `block` node: one line of text of any kind, and how it reads from and shows as HTML. See `block-attributes.ts`
 * for why there is only one. Line breaks are "\n" in the text, not a node, so that a block always has one text.
 */
import { Node } from "@tiptap/core";
import type { Node as ProseMirrorNode } from "@tiptap/pm/model";
import { type BlockAttributes, blockName, type ListKind, plainBlock, readBlock, writeBlock } from "./block-attributes.ts";
import { markedAttributes, tagOf } from "./block-element.ts";
import { createBlockView } from "./block-view.ts";

/** Whether a node is a text block of ours. */
export function isBlock(node: ProseMirrorNode): boolean {
  return node.type.name === blockName;
}

export const Block = Node.create({
  name: blockName,
  group: "flow",
  content: "inline*",
  whitespace: "pre",
  defining: true,
  priority: 1000,

  addAttributes() {
    const stored = { default: null, rendered: false };
    return { kind: { default: "paragraph", rendered: false }, level: stored, list: stored, checked: stored, indent: stored };
  },

  parseHTML() {
    return [
      ...[1, 2, 3, 4, 5, 6].map((level) => ({
        tag: `h${level}`,
        getAttrs: () => writeBlock({ ...plainBlock, kind: "heading", level: Math.min(level, 3) }),
      })),
      { tag: "pre", preserveWhitespace: "full" as const, getAttrs: () => writeBlock({ ...plainBlock, kind: "code" }) },
      { tag: "li", getAttrs: (element: HTMLElement) => (holdsBlocks(element) ? false : writeBlock(itemOf(element))) },
      {
        tag: "blockquote",
        getAttrs: (element: HTMLElement) => (holdsBlocks(element) ? false : writeBlock({ ...plainBlock, kind: "quote" })),
      },
      { tag: "p", getAttrs: (element: HTMLElement) => writeBlock(paragraphOf(element)) },
    ];
  },

  renderHTML({ node }) {
    const block = readBlock(node.attrs);
    const marked = markedAttributes(block);
    if (block.kind === "code") return ["pre", marked, ["code", 0]];
    return [tagOf(block), marked, 0];
  },

  addNodeView() {
    return createBlockView;
  },
});

function paragraphOf(element: HTMLElement): BlockAttributes {
  const { list, indent, checked } = element.dataset;
  if (list !== undefined) return { ...readBlock({ list, indent, checked }), kind: "paragraph" };
  const item = element.closest("li");
  if (item !== null) return itemOf(item);
  return element.closest("blockquote") === null ? plainBlock : { ...plainBlock, kind: "quote" };
}

function itemOf(item: HTMLElement): BlockAttributes {
  const parent = item.parentElement;
  const checkbox = item.querySelector<HTMLInputElement>(":scope > input[type=checkbox], :scope > label > input[type=checkbox]");
  const list: ListKind = checkbox !== null ? "task" : parent?.tagName === "OL" ? "ordered" : "bullet";
  let indent = -1;
  for (let above = parent; above !== null; above = above.parentElement) if (above.tagName === "UL" || above.tagName === "OL") indent += 1;
  return readBlock({ list, indent: Math.max(0, indent), checked: checkbox?.checked ?? false });
}

function holdsBlocks(element: HTMLElement): boolean {
  return element.querySelector(":scope > p, :scope > div, :scope > h1, :scope > h2, :scope > h3, :scope > pre") !== null;
}
