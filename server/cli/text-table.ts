/**
 * TextTable: rows under their names, in columns, for people.
 */

/** Names and titles are somebody's writing: what would move the cursor of a terminal or turn its lines around is not drawn. */
export function printable(words: string): string {
  return words.replaceAll(/\p{C}/gu, "\u{fffd}");
}

/** `rows`: as many cells each as there are `names`. Ends with a line break. */
export function textTable(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = [names, ...rows];
  const widths = names.map((_, column) => table.reduce((width, row) => Math.max(width, row[column]!.length), 0));
  const lineOf = (row: readonly string[]): string => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ");
  return table.map((row) => `${lineOf(row).trimEnd()}\n`).join("");
}
