/**
 * BlockCommands: what one can do to the blocks under the selection. Each is a ProseMirror command; each changes
 * attributes in place and leaves the text alone, so nothing that somebody else types into a block is lost by it.
 */
import type { Node as ProseMirrorNode } from "@tiptap/pm/model";
import type { Command, EditorState, Transaction } from "@tiptap/pm/state";
import { type BlockAttributes, type BlockKind, indentMax, type ListKind, plainBlock, readBlock, writeBlock } from "./block-attributes.ts";
import { isBlock } from "./block-node.ts";

/** Makes the selected blocks of a kind, or paragraphs again if they all are of it already. */
export function toggleKind(kind: BlockKind, level = 1): Command {
  return (state, dispatch) => {
    const already = selectedBlocks(state).every(({ block }) => block.kind === kind && (kind !== "heading" || block.level === level));
    const wanted = already ? plainBlock : { ...plainBlock, kind, level };
    return changeSelected(state, dispatch, (block) => ({ ...block, kind: wanted.kind, level: wanted.level, list: "none" }));
  };
}

/** Makes the selected blocks items of a list, or takes them out of it if they all are such items already. */
export function toggleList(list: Exclude<ListKind, "none">): Command {
  return (state, dispatch) => {
    const already = selectedBlocks(state).every(({ block }) => block.list === list);
    return changeSelected(state, dispatch, (block) => ({
      ...block,
      kind: block.kind === "heading" || block.kind === "code" ? "paragraph" : block.kind,
      list: already ? "none" : list,
      checked: false,
    }));
  };
}

/** Moves the selected list items in (`by` 1) or out (−1). Does nothing outside lists, so that Tab still leaves the editor there. */
export function shiftIndent(by: 1 | -1): Command {
  return (state, dispatch) => {
    if (!selectedBlocks(state).some(({ block }) => block.list !== "none")) return false;
    return changeSelected(state, dispatch, (block) => ({ ...block, indent: Math.min(indentMax, Math.max(0, block.indent + by)) }));
  };
}

/** Takes one layer off the block at the caret: first its indent, then its list, then its kind. False for a plain paragraph. */
export const shedLayer: Command = (state, dispatch) => {
  const block = blockAtCaret(state);
  if (block === undefined) return false;
  const { list, indent, kind } = block.block;
  if (list !== "none" && indent > 0) return changeSelected(state, dispatch, (shed) => ({ ...shed, indent: indent - 1 }));
  if (list !== "none") return changeSelected(state, dispatch, (shed) => ({ ...shed, list: "none" }));
  if (kind !== "paragraph") return changeSelected(state, dispatch, () => plainBlock);
  return false;
};

export interface PlacedBlock {
  readonly position: number;
  readonly node: ProseMirrorNode;
  readonly block: BlockAttributes;
}

/** The block that an empty selection stands in. */
export function blockAtCaret(state: EditorState): PlacedBlock | undefined {
  const { $from, empty } = state.selection;
  if (!empty || !isBlock($from.parent)) return undefined;
  return { position: $from.before(), node: $from.parent, block: readBlock($from.parent.attrs) };
}

/** Every block that the selection touches. */
export function selectedBlocks(state: EditorState): readonly PlacedBlock[] {
  const found: PlacedBlock[] = [];
  for (const { $from, $to } of state.selection.ranges) {
    state.doc.nodesBetween($from.pos, $to.pos, (node, position) => {
      if (isBlock(node)) found.push({ position, node, block: readBlock(node.attrs) });
      return !isBlock(node);
    });
  }
  return found;
}

/** Gives one block other attributes. */
export function setBlock(transaction: Transaction, position: number, block: BlockAttributes): Transaction {
  const wanted = writeBlock(block);
  const present = transaction.doc.nodeAt(position)?.attrs ?? {};
  for (const [name, value] of Object.entries(wanted)) {
    // One step per attribute that changes: an attribute that somebody else changes at this moment is left to them.
    if (present[name] !== value) transaction.setNodeAttribute(position, name, value);
  }
  return transaction;
}

function changeSelected(
  state: EditorState,
  dispatch: ((tr: Transaction) => void) | undefined,
  change: (block: BlockAttributes) => BlockAttributes,
): boolean {
  const blocks = selectedBlocks(state);
  if (blocks.length === 0) return false;
  if (dispatch === undefined) return true;
  const transaction = state.tr;
  for (const { position, block } of blocks) setBlock(transaction, position, change(block));
  dispatch(transaction.scrollIntoView());
  return true;
}
