/**
 * The schema of rich text: which nodes and marks a document of ours has. Their names and attributes are stored in
 * documents and must not change; a document with anything else in it is not bound to this editor (`foreign-content.ts`).
 */
import { type AnyExtension, getSchema, Node } from "@tiptap/core";
import type { Schema } from "@tiptap/pm/model";
import { StarterKit } from "@tiptap/starter-kit";
import type { Awareness } from "y-protocols/awareness";
import { Block } from "./block-node.ts";
import { Divider } from "./divider-node.ts";
import { LinkMark } from "./link-mark.ts";
import { tableNodes } from "./tables.ts";

const Doc = Node.create({ name: "doc", topNode: true, content: "flow+" });

/** Marks and editing aids of the starter kit; all of its nodes but text are replaced by ours. */
const Kit = StarterKit.configure({
  document: false,
  paragraph: false,
  heading: false,
  blockquote: false,
  bulletList: false,
  orderedList: false,
  listItem: false,
  listKeymap: false,
  codeBlock: false,
  hardBreak: false,
  horizontalRule: false,
  link: false,
  trailingNode: false,
  undoRedo: false,
});

/** The extensions that make up the schema. `awareness` tells tables who is present. */
export function schemaExtensions(awareness?: Awareness): AnyExtension[] {
  return [Doc, Block, Divider, LinkMark, ...tableNodes(awareness), Kit];
}

/** The schema alone, without an editor. */
export function richTextSchema(): Schema {
  return getSchema(schemaExtensions());
}
