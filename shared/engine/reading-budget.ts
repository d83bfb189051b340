/**
 * ReadingBudget: how much may come of one written text. A small body can stand for a large document: a target that many links name, marks
 * that are never closed and go on in each paragraph, four million empty lines. So what is read is counted while it is read, before anything
 * of it is kept twice, and past the limit the text is refused.
 *
 * Invariant: what a worker holds of a text is bounded by these limits and the text's own length.
 */
import type { ContentBlock } from "./content-block.ts";

/** A written text comes to more than a document may take at once. */
export class TooMany extends Error {}

/** Lines, tokens, elements, blocks and pieces of text; some hundred bytes of memory each. An edit may have fewer yet. */
const partsMax = 400_000;
/** UTF-16 units of link targets and other attributes beyond the length of the text itself: each may be said once for what is written once. */
const targetsBeyondText = 1024 * 1024;

export class ReadingBudget {
  #parts = partsMax;
  #targets: number;

  constructor(text: string) {
    this.#targets = targetsBeyondText + text.length;
  }

  /** `targets`: the length of what these parts lead to. Throws TooMany. */
  spend(parts: number, targets = 0): void {
    this.#parts -= parts;
    this.#targets -= targets;
    if (this.#parts < 0) throw new TooMany(`a written text has more than ${partsMax} parts`);
    if (this.#targets < 0) throw new TooMany("the links of a written text are too long together");
  }
}

/** The blocks that were read from a text, if they are within a budget of their own. Throws TooMany. */
export function withinBudget(blocks: readonly ContentBlock[], text: string): readonly ContentBlock[] {
  const budget = new ReadingBudget(text);
  const count = (block: ContentBlock): void => {
    budget.spend(1);
    if (block.type === "text") for (const { href, image } of block.inlines) budget.spend(1, image?.blob.length ?? href?.length);
    if (block.type === "table") for (const cells of block.rows) for (const cell of cells) cell.blocks.forEach(count);
  };
  blocks.forEach(count);
  return blocks;
}
