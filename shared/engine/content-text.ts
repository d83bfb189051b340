/**
 * A document as plain text: blocks are lines, an image is what describes it, cells are separated by tabs, marks are dropped. A document that is one
 * text is that text, to the character.
 */
import { blocksOf, type ContentBlock } from "./content-block.ts";
import { altLine } from "./content-image.ts";
import { sectionsOf, textOf, type ContentTree } from "./content-tree.ts";

export function textContent(tree: ContentTree): string {
  const sections = sectionsOf(tree);
  return sections.map(({ type, nodes }) => (type === "text" ? textOf(nodes) : blocksOf(nodes).map(blockText).join("\n"))).join("\n");
}

function blockText(block: ContentBlock): string {
  if (block.type === "rule") return "";
  if (block.type === "image") return altLine(block);
  if (block.type === "text") return block.inlines.map(({ text }) => text).join("");
  return block.rows.map((cells) => cells.map((cell) => cell.blocks.map(blockText).join(" ")).join("\t")).join("\n");
}
