/**
 * BlockKeymap: Enter, Backspace, Delete and Tab, for blocks whose kind is an attribute.
 *
 * The rule behind the cases: text stays in the block where it was typed whenever there is a choice. Enter at the start
 * or end of a block inserts an empty one beside it instead of splitting it; Backspace removes an empty neighbour
 * instead of joining. Only a true split, and a true join, move text, which in a CRDT means writing it anew.
 */
import { Extension } from "@tiptap/core";
import { exitCode, joinBackward, joinForward } from "@tiptap/pm/commands";
import { type Command, type EditorState, TextSelection, type Transaction } from "@tiptap/pm/state";
import { type BlockAttributes, plainBlock, writeBlock } from "./block-attributes.ts";
import { blockAtCaret, type PlacedBlock, shedLayer, shiftIndent, toggleKind, toggleList } from "./block-commands.ts";
import { isBlock } from "./block-node.ts";

export const BlockKeymap = Extension.create({
  name: "blockKeymap",
  // Before Tiptap's own keymap and the tables' (100): what is not ours here is answered with false.
  priority: 150,
  addKeyboardShortcuts() {
    const run = (command: Command) => () => command(this.editor.state, (tr) => this.editor.view.dispatch(tr));
    return {
      Enter: run(enter),
      "Shift-Enter": run(insertText("\n")),
      "Mod-Enter": run(leaveBlock),
      Backspace: () => this.editor.commands.undoInputRule() || run(backspace)(),
      Delete: run(deleteForward),
      Tab: run(tab),
      "Shift-Tab": run(shiftIndent(-1)),
      "Mod-Alt-0": run(toggleKind("paragraph")),
      "Mod-Alt-1": run(toggleKind("heading", 1)),
      "Mod-Alt-2": run(toggleKind("heading", 2)),
      "Mod-Alt-3": run(toggleKind("heading", 3)),
      "Mod-Alt-c": run(toggleKind("code")),
      "Mod-Shift-b": run(toggleKind("quote")),
      "Mod-Shift-7": run(toggleList("ordered")),
      "Mod-Shift-8": run(toggleList("bullet")),
      "Mod-Shift-9": run(toggleList("task")),
    };
  },
});

/** A new line: what follows depends on the block, and on where in it the caret stands. */
export const enter: Command = (state, dispatch) => {
  const { selection } = state;
  if (!selection.empty) return splitSelection(state, dispatch);
  const placed = blockAtCaret(state);
  if (placed === undefined) return false;
  const { block, node } = placed;
  if (block.kind === "code") return enterInCode(placed)(state, dispatch);
  if (node.content.size === 0 && shedLayer(state, dispatch)) return true;
  if (selection.$from.parentOffset === node.content.size)
    return insertBlock(state, dispatch, placed.position + node.nodeSize, following(block), true);
  if (selection.$from.parentOffset === 0) return insertBlock(state, dispatch, placed.position, before(block), false);
  return splitAtCaret(state, dispatch, block);
};

/** Backspace at the start of a block: sheds a layer, or removes an empty block, or joins. */
export const backspace: Command = (state, dispatch) => {
  const placed = blockAtCaret(state);
  if (placed === undefined || state.selection.$from.parentOffset > 0) return false;
  if (shedLayer(state, dispatch)) return true;
  const previous = state.doc.resolve(placed.position).nodeBefore;
  if (previous === null || !isBlock(previous)) return joinBackward(state, dispatch);
  if (placed.node.content.size === 0) return removeBlock(state, dispatch, placed.position, placed.position - 1);
  if (previous.content.size === 0) return removeBlock(state, dispatch, placed.position - previous.nodeSize, undefined);
  return joinBackward(state, dispatch);
};

/** Delete at the end of a block: removes an empty neighbour rather than moving text. */
export const deleteForward: Command = (state, dispatch) => {
  const placed = blockAtCaret(state);
  if (placed === undefined || state.selection.$from.parentOffset < placed.node.content.size) return false;
  const end = placed.position + placed.node.nodeSize;
  const next = state.doc.resolve(end).nodeAfter;
  if (next === null || !isBlock(next)) return joinForward(state, dispatch);
  if (next.content.size === 0) return removeBlock(state, dispatch, end, undefined);
  if (placed.node.content.size === 0) return removeBlock(state, dispatch, placed.position, placed.position + 1);
  return joinForward(state, dispatch);
};

const tab: Command = (state, dispatch) =>
  blockAtCaret(state)?.block.kind === "code" ? insertText("  ")(state, dispatch) : shiftIndent(1)(state, dispatch);

const leaveBlock: Command = (state, dispatch) => {
  const placed = blockAtCaret(state);
  if (placed === undefined) return exitCode(state, dispatch);
  return insertBlock(state, dispatch, placed.position + placed.node.nodeSize, following(placed.block), true);
};

function enterInCode(placed: PlacedBlock): Command {
  return (state, dispatch) => {
    const text = placed.node.textContent;
    const atEnd = state.selection.$from.parentOffset === placed.node.content.size;
    if (!atEnd || !text.endsWith("\n")) return insertText("\n")(state, dispatch);
    // A second Enter on the last, empty line leaves the code.
    const caret = state.selection.from;
    const transaction = state.tr.delete(caret - 1, caret);
    return insertBlock(state, dispatch, placed.position + placed.node.nodeSize - 1, plainBlock, true, transaction);
  };
}

function insertText(text: string): Command {
  return (state, dispatch) => {
    dispatch?.(state.tr.insertText(text).scrollIntoView());
    return true;
  };
}

function insertBlock(
  state: EditorState,
  dispatch: ((tr: Transaction) => void) | undefined,
  position: number,
  block: BlockAttributes,
  moveCaret: boolean,
  transaction: Transaction = state.tr,
): boolean {
  const node = state.schema.nodes["block"]?.create(writeBlock(block));
  if (node === undefined) return false;
  transaction.insert(position, node);
  if (moveCaret) transaction.setSelection(TextSelection.create(transaction.doc, position + 1));
  dispatch?.(transaction.scrollIntoView());
  return true;
}

function removeBlock(
  state: EditorState,
  dispatch: ((tr: Transaction) => void) | undefined,
  position: number,
  caret: number | undefined,
): boolean {
  const node = state.doc.nodeAt(position);
  if (node === null) return false;
  const transaction = state.tr;
  if (caret !== undefined) transaction.setSelection(TextSelection.create(transaction.doc, caret));
  transaction.delete(position, position + node.nodeSize);
  dispatch?.(transaction.scrollIntoView());
  return true;
}

function splitSelection(state: EditorState, dispatch: ((tr: Transaction) => void) | undefined): boolean {
  if (!isBlock(state.selection.$from.parent)) return false;
  const transaction = state.tr.deleteSelection();
  if (!isBlock(transaction.selection.$from.parent)) return false;
  const after = state.apply(transaction);
  return enter(after, dispatch && ((tr) => dispatch(replay(state.tr.deleteSelection(), tr))));
}

/** The steps of `later`, which was made on what `first` leads to, appended to `first`. */
function replay(first: Transaction, later: Transaction): Transaction {
  for (const step of later.steps) first.step(step);
  return first.setSelection(TextSelection.create(first.doc, later.selection.from)).scrollIntoView();
}

function splitAtCaret(state: EditorState, dispatch: ((tr: Transaction) => void) | undefined, block: BlockAttributes): boolean {
  const type = state.schema.nodes["block"];
  if (type === undefined) return false;
  const rest = block.kind === "heading" ? block : following(block);
  dispatch?.(state.tr.split(state.selection.from, 1, [{ type, attrs: writeBlock(rest) }]).scrollIntoView());
  return true;
}

/** What a new block after this one is: lists and quotes go on, a heading is followed by text. */
function following(block: BlockAttributes): BlockAttributes {
  return block.kind === "quote" || block.list !== "none"
    ? { ...block, kind: block.kind === "quote" ? "quote" : "paragraph", checked: false }
    : plainBlock;
}

function before(block: BlockAttributes): BlockAttributes {
  return block.list === "none" ? plainBlock : { ...block, kind: "paragraph", checked: false };
}
