/**
 * EditorContent: what the editor's rich text consists of. What else is in a document is kept, and not changed by anything that only
 * knows this.
 */

/** What may stand in what, by the names of elements; the root is "". */
export const knownContent: Readonly<Record<string, readonly string[]>> = {
  "": ["block", "table", "horizontalRule"],
  block: ["#text"],
  horizontalRule: [],
  table: ["tableRow"],
  tableRow: ["tableCell", "tableHeader"],
  tableCell: ["block"],
  tableHeader: ["block"],
};
