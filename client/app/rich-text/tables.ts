/**
 * Tables of blocks, and who mends them.
 *
 * Two people who add a row and a column at the same moment leave a table with rows of unequal length. The table editor
 * mends that by adding cells. If every page did so at once, each mending would be one cell too many, and the next round
 * would mend that. So only one page mends: the one with the smallest client id of those present. Whoever is offline is
 * the smallest of their own view, and has nothing to mend.
 */
import { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";
import { Fragment } from "@tiptap/pm/model";
import { Plugin, TextSelection, type Transaction } from "@tiptap/pm/state";
import type { Command } from "@tiptap/pm/state";
import type { Awareness } from "y-protocols/awareness";
import { writeBlock, plainBlock } from "./block-attributes.ts";
import { isBlock } from "./block-node.ts";

/** The nodes of tables. `awareness` says who is present. */
export function tableNodes(awareness: Awareness | undefined) {
  const mends = () => awareness === undefined || isMender(awareness.clientID, [...awareness.getStates().keys()]);
  return [
    Table.extend({
      group: "flow",
      renderHTML: () => ["table", ["tbody", 0]],
      addProseMirrorPlugins() {
        return (this.parent?.() ?? []).map((plugin) => mendingOnlyIf(mends, plugin));
      },
    }).configure({ resizable: false }),
    TableRow,
    TableHeader.extend({ content: "block+" }),
    TableCell.extend({ content: "block+" }),
  ];
}

/** Whether the client `self` is the one that mends tables, among those present. */
export function isMender(self: number, present: readonly number[]): boolean {
  return present.every((client) => self <= client);
}

/** Puts a table below the block at the caret, and a paragraph below the table if nothing follows. */
export function insertTable(rows: number, columns: number): Command {
  return (state, dispatch) => {
    const { block, table, tableRow, tableCell, tableHeader } = state.schema.nodes;
    const { $from } = state.selection;
    if (!block || !table || !tableRow || !tableCell || !tableHeader || $from.depth !== 1 || !isBlock($from.parent)) return false;
    if (dispatch === undefined) return true;
    const line = (cell: typeof tableCell) =>
      tableRow.create(
        null,
        Array.from({ length: columns }, () => cell.create(null, block.create())),
      );
    const node = table.create(
      null,
      Array.from({ length: rows }, (_, row) => line(row === 0 ? tableHeader : tableCell)),
    );
    const after = $from.after();
    const rest = after === state.doc.content.size ? [node, block.create(writeBlock(plainBlock))] : [node];
    const transaction: Transaction = state.tr.insert(after, Fragment.from(rest));
    dispatch(transaction.setSelection(TextSelection.near(transaction.doc.resolve(after + 1))).scrollIntoView());
    return true;
  };
}

function mendingOnlyIf(allowed: () => boolean, plugin: Plugin): Plugin {
  const mend = plugin.spec.appendTransaction;
  if (mend === undefined) return plugin;
  return new Plugin({
    ...plugin.spec,
    appendTransaction(...args) {
      return allowed() ? mend.apply(plugin, args) : null;
    },
  });
}
