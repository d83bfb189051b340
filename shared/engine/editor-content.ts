/**
 * EditorContent: what the editor's rich text consists of. What else is in a document is kept, and not changed by anything that only
 * knows this.
 */

import { isBlobName } from "../base/blob-name.ts";

/** The element of an image. Its attribute `blob` names its bytes; others of that name are other editors'. */
export const imageName = "image";

/** Whether an element of that name, with that attribute `blob`, is the editor's. */
export function isEditorsElement(name: string, blob: unknown): boolean {
  return name !== imageName || (typeof blob === "string" && isBlobName(blob));
}

/** What may stand in what, by the names of elements; the root is "". */
export const knownContent: Readonly<Record<string, readonly string[]>> = {
  "": ["block", "table", "horizontalRule", imageName],
  block: ["#text"],
  horizontalRule: [],
  [imageName]: [],
  table: ["tableRow"],
  tableRow: ["tableCell", "tableHeader"],
  tableCell: ["block"],
  tableHeader: ["block"],
};
