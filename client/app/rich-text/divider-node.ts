/**
 * The `horizontalRule` node: a line between parts. Typed as "---" and Enter or a space.
 */
import { InputRule, Node } from "@tiptap/core";
import { plainBlock, writeBlock } from "./block-attributes.ts";
import { isBlock } from "./block-node.ts";

export const Divider = Node.create({
  name: "horizontalRule",
  group: "flow",
  atom: true,

  parseHTML() {
    return [{ tag: "hr" }];
  },

  renderHTML() {
    return ["hr"];
  },

  addInputRules() {
    return [
      new InputRule({
        find: /^---\s?$/,
        handler: ({ state, range }) => {
          const $start = state.doc.resolve(range.from);
          const { block } = state.schema.nodes;
          if (block === undefined || !isBlock($start.parent) || $start.depth !== 1) return null;
          // The line that was typed into stays, below the divider: it may be somebody else's too.
          state.tr.delete(range.from, range.to).insert($start.before(), this.type.create());
          if (state.tr.selection.$from.depth === 0) state.tr.insert(state.tr.doc.content.size, block.create(writeBlock(plainBlock)));
          return undefined;
        },
      }),
    ];
  },
});
