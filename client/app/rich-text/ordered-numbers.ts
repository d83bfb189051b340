/**
 * OrderedNumbers: the numbers of ordered list items. They are not content: each page counts what it shows, so that
 * inserting an item changes nobody's text. A count goes on over deeper items and ends at anything that is no item.
 */
import { Extension } from "@tiptap/core";
import type { Node as ProseMirrorNode } from "@tiptap/pm/model";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";
import { readBlock } from "./block-attributes.ts";
import { isBlock } from "./block-node.ts";

export interface NumberedBlock {
  readonly position: number;
  readonly size: number;
  readonly label: string;
}

/** The number of every ordered item in the document, as it is shown. */
export function numberedBlocks(doc: ProseMirrorNode): readonly NumberedBlock[] {
  const numbered: NumberedBlock[] = [];
  // Per container (the document, or a table's cell) and depth of indent, how far the count is.
  let container: ProseMirrorNode | null = null;
  let counts: number[] = [];
  doc.descendants((node, position, parent) => {
    if (parent !== container) {
      container = parent;
      counts = [];
    }
    if (!isBlock(node)) {
      counts = [];
      return true;
    }
    const { list, indent } = readBlock(node.attrs);
    if (list === "none") counts = [];
    else counts.length = Math.min(counts.length, indent + 1);
    if (list === "ordered") {
      const count = (counts[indent] ?? 0) + 1;
      counts[indent] = count;
      numbered.push({ position, size: node.nodeSize, label: labelOf(count, indent) });
    } else if (list !== "none") {
      counts.length = Math.min(counts.length, indent);
    }
    return false;
  });
  return numbered;
}

export const OrderedNumbers = Extension.create({
  name: "orderedNumbers",
  addProseMirrorPlugins() {
    const key = new PluginKey<DecorationSet>("orderedNumbers");
    return [
      new Plugin<DecorationSet>({
        key,
        state: {
          init: (_, { doc }) => decorate(doc),
          apply: (tr, decorations) => (tr.docChanged ? decorate(tr.doc) : decorations),
        },
        props: { decorations: (state) => key.getState(state) },
      }),
    ];
  },
});

function decorate(doc: ProseMirrorNode): DecorationSet {
  return DecorationSet.create(
    doc,
    numberedBlocks(doc).map(({ position, size, label }) => Decoration.node(position, position + size, { "data-number": label })),
  );
}

/** 1. at the first depth, a. at the second, i. at the third, and so again. */
function labelOf(count: number, indent: number): string {
  if (indent % 3 === 1) return `${lettersOf(count)}.`;
  if (indent % 3 === 2) return `${romanOf(count)}.`;
  return `${count}.`;
}

function lettersOf(count: number): string {
  let letters = "";
  for (let rest = count; rest > 0; rest = Math.floor((rest - 1) / 26)) letters = String.fromCodePoint(97 + ((rest - 1) % 26)) + letters;
  return letters;
}

const romans: readonly (readonly [number, string])[] = [
  [1000, "m"],
  [900, "cm"],
  [500, "d"],
  [400, "cd"],
  [100, "c"],
  [90, "xc"],
  [50, "l"],
  [40, "xl"],
  [10, "x"],
  [9, "ix"],
  [5, "v"],
  [4, "iv"],
  [1, "i"],
];

function romanOf(count: number): string {
  let rest = count;
  let text = "";
  for (const [value, letters] of romans) {
    while (rest >= value) {
      text += letters;
      rest -= value;
    }
  }
  return text;
}
