/**
 * BlockView: the DOM of a block. A task has a real checkbox in front of its text; everything else is its element.
 * A change of attributes that keeps the element's shape only repaints it, so that a caret or a composition in it stays.
 */
import type { NodeViewRenderer } from "@tiptap/core";
import type { Node as ProseMirrorNode } from "@tiptap/pm/model";
import type { EditorView, NodeView } from "@tiptap/pm/view";
import { type BlockAttributes, blockName, readBlock } from "./block-attributes.ts";
import { markedAttributes, tagOf } from "./block-element.ts";

const marks = ["data-list", "data-indent", "data-checked"];

/** The node view of blocks, for Tiptap. */
export const createBlockView: NodeViewRenderer = ({ node, view, getPos }) => {
  const block = readBlock(node.attrs);
  return block.list === "task" ? taskView(block, view, getPos) : plainView(block);
};

function plainView(block: BlockAttributes): NodeView {
  const dom = document.createElement(tagOf(block));
  const contentDOM = block.kind === "code" ? dom.appendChild(document.createElement("code")) : dom;
  if (block.kind === "code") dom.spellcheck = false;
  paint(dom, block);
  return { dom, contentDOM, update: (node) => repaint(node, block, (changed) => paint(dom, changed)) };
}

function taskView(block: BlockAttributes, view: EditorView, getPos: () => number | undefined): NodeView {
  const dom = document.createElement("div");
  const checkbox = dom.appendChild(document.createElement("span"));
  const box = checkbox.appendChild(document.createElement("input"));
  const contentDOM = dom.appendChild(document.createElement(tagOf(block)));
  checkbox.contentEditable = "false";
  checkbox.className = "task-box";
  box.type = "checkbox";
  box.ariaLabel = "Done";
  box.addEventListener("change", () => {
    const position = getPos();
    if (position === undefined || !view.editable) return;
    view.dispatch(view.state.tr.setNodeAttribute(position, "checked", box.checked ? true : null));
  });
  const show = (changed: BlockAttributes) => {
    paint(dom, changed);
    box.checked = changed.checked;
  };
  show(block);
  return {
    dom,
    contentDOM,
    update: (node) => repaint(node, block, show),
    stopEvent: (event) => event.target === box,
    ignoreMutation: (mutation) => mutation.type !== "selection" && !contentDOM.contains(mutation.target),
  };
}

function repaint(node: ProseMirrorNode, shown: BlockAttributes, show: (block: BlockAttributes) => void): boolean {
  if (node.type.name !== blockName) return false;
  const block = readBlock(node.attrs);
  if (tagOf(block) !== tagOf(shown) || (block.list === "task") !== (shown.list === "task")) return false;
  show(block);
  return true;
}

function paint(dom: HTMLElement, block: BlockAttributes): void {
  const marked = markedAttributes(block);
  for (const mark of marks) {
    const value = marked[mark];
    if (value === undefined) dom.removeAttribute(mark);
    else dom.setAttribute(mark, value);
  }
}
