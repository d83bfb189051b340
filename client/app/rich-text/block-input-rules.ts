/**
 * BlockInputRules: what one types at the start of a line to say what the line is: "# ", "- ", "1. ", "[ ] ", "> ", "```".
 * The typed sign goes away and the block's attributes change; the block stays the same.
 */
import { Extension, InputRule } from "@tiptap/core";
import { type BlockAttributes, readBlock } from "./block-attributes.ts";
import { setBlock } from "./block-commands.ts";
import { isBlock } from "./block-node.ts";

interface Sign {
  readonly find: RegExp;
  readonly change: (match: RegExpMatchArray) => Partial<BlockAttributes>;
}

export const signs: readonly Sign[] = [
  { find: /^(#{1,3})\s$/, change: (match) => ({ kind: "heading", level: match[1]?.length ?? 1, list: "none" }) },
  { find: /^[-*+]\s$/, change: () => ({ kind: "paragraph", list: "bullet" }) },
  { find: /^\d{1,3}[.)]\s$/, change: () => ({ kind: "paragraph", list: "ordered" }) },
  { find: /^\[([ xX]?)\]\s$/, change: (match) => ({ kind: "paragraph", list: "task", checked: /x/i.test(match[1] ?? "") }) },
  { find: /^>\s$/, change: () => ({ kind: "quote", list: "none" }) },
  { find: /^```\s?$/, change: () => ({ kind: "code", list: "none" }) },
];

export const BlockInputRules = Extension.create({
  name: "blockInputRules",
  addInputRules() {
    return signs.map(
      ({ find, change }) =>
        new InputRule({
          find,
          handler: ({ state, range, match }) => {
            const $start = state.doc.resolve(range.from);
            if (!isBlock($start.parent) || $start.parentOffset !== 0) return null;
            const block = readBlock($start.parent.attrs);
            if (block.kind === "code") return null;
            state.tr.delete(range.from, range.to);
            setBlock(state.tr, $start.before(), { ...block, ...change(match) });
            return undefined;
          },
        }),
    );
  },
});
