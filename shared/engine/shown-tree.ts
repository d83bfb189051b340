/**
 * A content tree in one of the formats that are text.
 */
import { unreachable } from "../base/assert.ts";
import { htmlContent } from "./content-html.ts";
import { jsonContent } from "./content-json.ts";
import { markdownContent } from "./content-markdown.ts";
import { textContent } from "./content-text.ts";
import type { ContentTree } from "./content-tree.ts";
import type { ContentFormat } from "./crdt-engine.ts";

export function shownTree(tree: ContentTree, format: Exclude<ContentFormat, "update">): string {
  switch (format) {
    case "text":
      return textContent(tree);
    case "markdown":
      return markdownContent(tree);
    case "html":
      return htmlContent(tree);
    case "json":
      return jsonContent(tree);
    default:
      return unreachable(format);
  }
}
