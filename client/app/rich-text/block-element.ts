/**
 * BlockElement: the HTML element of a block: on the page, on the clipboard, in a paste.
 */
import type { BlockAttributes } from "./block-attributes.ts";

/** The element that shows a block. */
export function tagOf(block: BlockAttributes): string {
  if (block.kind === "heading") return `h${block.level}`;
  if (block.kind === "code") return "pre";
  return block.kind === "quote" ? "blockquote" : "p";
}

/** What the style sheet, and our own paste, read from the element. */
export function markedAttributes(block: BlockAttributes): Record<string, string> {
  if (block.list === "none") return {};
  const item: Record<string, string> = { "data-list": block.list, "data-indent": String(block.indent) };
  if (block.list === "task") item["data-checked"] = String(block.checked);
  return item;
}
