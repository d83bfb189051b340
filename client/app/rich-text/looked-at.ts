/**
 * LookedAt: what somebody looks at in a rich text: the block of the caret, if it is on the screen, else the first block
 * that is. The editor draws another block into an element when blocks come in above it, so a block is known by its place
 * in the shared document, not by its element. A block that is deleted meanwhile is stood for by the next one.
 */
import type { Editor } from "@tiptap/core";
import type * as Y from "yjs";
import { endOfSight, type Landmark, topOfSight } from "../steady-view.ts";

export function lookedAt({ view }: Editor, fragment: Y.XmlFragment): Landmark | undefined {
  const elements = elementsOf(view, fragment);
  if (elements === undefined) return undefined;
  const [top, end] = [topOfSight(), endOfSight()];
  const first = firstBelow(elements, top);
  const caret = view.hasFocus() ? view.state.selection.$head.index(0) : first;
  const boxOf = (index: number) => elements[index]?.getBoundingClientRect();
  const box = boxOf(caret);
  const index = box !== undefined && box.bottom > top && box.top < end ? caret : first;
  const start = boxOf(index)?.top;
  if (start === undefined) return undefined;
  const candidates = fragment.toArray().slice(index, index + candidatesMax);
  const offsets = candidates.map((_, behind) => (boxOf(index + behind)?.top ?? start) - start);
  return { top: () => topOfFirstLeft(elementsOf(view, fragment), fragment, candidates, offsets) };
}

const candidatesMax = 50;

type Block = ReturnType<Y.XmlFragment["toArray"]>[number];

/** Where the first of `blocks` is, by the first of them that is still there. */
function topOfFirstLeft(
  elements: readonly Element[] | undefined,
  fragment: Y.XmlFragment,
  blocks: readonly Block[],
  offsets: readonly number[],
): number | undefined {
  const places = new Map(fragment.toArray().map((block, index) => [block, index]));
  const left = blocks.findIndex((block) => places.has(block));
  const element = left < 0 ? undefined : elements?.[places.get(blocks[left]!) ?? -1];
  return element && element.getBoundingClientRect().top - (offsets[left] ?? 0);
}

/** One element for each block; undefined while the page shows something else than the document has. */
function elementsOf({ dom }: Editor["view"], fragment: Y.XmlFragment): readonly Element[] | undefined {
  return dom.children.length === fragment.length ? [...dom.children] : undefined;
}

/** Blocks stand one below the other: the first whose end is below `top`. */
function firstBelow(elements: readonly Element[], top: number): number {
  let [low, high] = [0, elements.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((elements[middle]?.getBoundingClientRect().bottom ?? 0) > top) high = middle;
    else low = middle + 1;
  }
  return low;
}
