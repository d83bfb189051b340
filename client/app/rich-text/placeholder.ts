/**
 * Placeholder: a hint in the first line of an empty document. A class on the line; the words come from the style sheet.
 */
import { Extension } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";

export const Placeholder = Extension.create({
  name: "placeholder",
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey("placeholder"),
        props: {
          decorations: ({ doc }) => {
            const line = doc.firstChild;
            if (doc.childCount !== 1 || line === null || line.content.size > 0) return DecorationSet.empty;
            return DecorationSet.create(doc, [Decoration.node(0, line.nodeSize, { class: "is-empty" })]);
          },
        },
      }),
    ];
  },
});
