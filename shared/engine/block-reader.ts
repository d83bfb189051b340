/**
 * BlockReader: what the readers of Markdown and HTML have in common: blocks are gathered in order, under what surrounds them, and the
 * inlines of one are joined where they look alike.
 *
 * Invariant: equal content reads as equal values, however it was written: no empty inlines, no two alike side by side.
 */
import {
  indentMax,
  joined,
  outside,
  type BlockKind,
  type ContentBlock,
  type Inline,
  type ListKind,
  type Surroundings,
  type TableBlock,
  type TableCell,
  type TextBlock,
} from "./content-block.ts";
import { imagesAsWords } from "./content-image.ts";

/** A written text nests deeper than a document may. */
export class TooDeep extends Error {}

/** How deep quotes, lists, items, tables and whatever else HTML has may stand in each other; a list in a list is two deeper. */
export const nestingMax = 200;

/** The block that inlines make, under what surrounds it. */
export function blockOf(
  inlines: readonly Inline[],
  { quoted, list, checked, indent }: Surroundings,
  own: { readonly kind: BlockKind; readonly level?: number } = { kind: "paragraph" },
): TextBlock {
  const kind = quoted && own.kind === "paragraph" ? "quote" : own.kind;
  return { type: "text", kind, level: own.level ?? 1, list, checked, indent, inlines: joined(inlines) };
}

/** A cell as the editor has it: texts only, one at least. Of a table inside there are its cells' texts, of an image what describes it. */
export function cellOf(header: boolean, blocks: readonly ContentBlock[]): TableCell {
  const texts = blocks.flatMap(textsIn);
  return { header, blocks: texts.length > 0 ? texts : [blockOf([], outside)] };
}

function textsIn(block: ContentBlock): readonly ContentBlock[] {
  if (block.type === "text") return [{ ...block, inlines: imagesAsWords(block.inlines) }];
  return block.type === "table" ? block.rows.flat().flatMap(({ blocks }) => blocks.flatMap(textsIn)) : [];
}

/** A table, if it has a row with a cell. */
export function tableOf(rows: TableBlock["rows"]): readonly TableBlock[] {
  const filled = rows.filter((cells) => cells.length > 0);
  return filled.length === 0 ? [] : [{ type: "table", rows: filled }];
}

/** The first block of an item carries the list's sign; what follows in it stands under it. */
export class ItemReader {
  readonly blocks: ContentBlock[] = [];
  readonly #around: Surroundings;
  readonly #sign: { readonly list: ListKind; readonly checked: boolean };

  constructor(around: Surroundings, sign: { readonly list: ListKind; readonly checked: boolean }) {
    this.#around = { ...around, indent: Math.min(around.indent, indentMax) };
    this.#sign = sign;
  }

  /** What surrounds the next block of the item. */
  get around(): Surroundings {
    if (this.blocks.length === 0) return { ...this.#around, ...this.#sign };
    return { ...this.#around, list: "none", checked: false, indent: Math.min(this.#around.indent + 1, indentMax) };
  }

  /** What no block has carried yet is carried by an empty one: an item of which there is nothing, or that begins with a list. */
  sign(): void {
    if (this.blocks.length === 0) this.blocks.push(blockOf([], this.around));
  }
}
