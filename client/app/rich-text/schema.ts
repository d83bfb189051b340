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
import { Image } from "./image-node.ts";
import { LinkMark } from "./link-mark.ts";
import type { ImageSources } from "./image-sources.ts";
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

/** What a page knows beside the schema: who is present, for tables; the document's name and where its images are, for images. */
export interface SchemaPlace {
  readonly awareness: Awareness;
  readonly room: string;
  readonly sources: ImageSources;
}

/** The extensions that make up the schema. */
export function schemaExtensions(place?: SchemaPlace): AnyExtension[] {
  const { awareness, ...ofImages } = place ?? { awareness: undefined };
  return [Doc, Block, Divider, Image.configure(ofImages), LinkMark, ...tableNodes(awareness), Kit];
}

/** The schema alone, without an editor. */
export function richTextSchema(): Schema {
  return getSchema(schemaExtensions());
}
