/**
 * TextTable: rows under their names, in columns, for people.
 */

/** `rows`: as many cells each as there are `names`. Ends with a line break. */
export function textTable(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = [names, ...rows];
  const widths = names.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lineOf = (row: readonly string[]): string => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ");
  return table.map((row) => `${lineOf(row).trimEnd()}\n`).join("");
}
