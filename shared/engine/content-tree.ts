/**
 * The content of a document as plain values, free of any CRDT: what the content formats are written from.
 *
 * Invariant: a tree is never deeper than its reader allows, so whoever walks it may recurse.
 */

import { unreachable } from "../base/assert.ts";

/** A stretch of text under one set of marks (bold, link, …): name → value. */
export interface TextRun {
  readonly type: "run";
  readonly text: string;
  readonly marks: ReadonlyMap<string, unknown>;
}

/** An element of rich text: `block`, `heading`, `table`, `hardBreak`, … */
export interface ContentElement {
  readonly type: "element";
  readonly name: string;
  readonly attributes: ReadonlyMap<string, unknown>;
  readonly children: readonly ContentNode[];
}

/** A picture or other foreign thing inside text. */
export interface ContentEmbedded {
  readonly type: "embedded";
  readonly value: unknown;
}

export type ContentNode = TextRun | ContentElement | ContentEmbedded;

/** A shared type. What stands under an element or inside a text is already part of its nodes. */
export type ContentValue =
  | { readonly type: "rich"; readonly nodes: readonly ContentNode[] }
  | { readonly type: "text"; readonly nodes: readonly ContentNode[] }
  | { readonly type: "list"; readonly items: readonly ContentValue[] }
  | { readonly type: "map"; readonly entries: ReadonlyMap<string, ContentValue> }
  | { readonly type: "plain"; readonly value: unknown };

/** A document: its top-level types by name, ordered by name. */
export type ContentTree = readonly (readonly [name: string, value: ContentValue])[];

/** The text of nodes, without marks; elements that are blocks do not break it. */
export function textOf(nodes: readonly ContentNode[]): string {
  let text = "";
  for (const node of nodes) {
    if (node.type === "run") text += node.text;
    else if (node.type === "element") text += isBreak(node) ? "\n" : textOf(node.children);
  }
  return text;
}

/** Whether the element is a line break inside a block. */
export function isBreak(element: ContentElement): boolean {
  return plainName(element.name) === "hardbreak";
}

/** `bullet_list`, `bulletList` and `BulletList` are one name to us. */
export function plainName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** A text or rich text somewhere in a document. */
export interface Section {
  readonly type: "rich" | "text";
  readonly nodes: readonly ContentNode[];
}

/** By convention a map about the document (its title, its language), which is no part of its text. */
const aboutName = "meta";

/** All that can be read in a document, in order; what is empty is left out. A string in a list or map is a text. */
export function sectionsOf(tree: ContentTree): readonly Section[] {
  const read = tree.filter(([name, { type }]) => name !== aboutName || type !== "map");
  return read.flatMap(([, value]) => sections(value)).filter(({ nodes }) => nodes.length > 0);
}

function sections(value: ContentValue): readonly Section[] {
  switch (value.type) {
    case "rich":
    case "text":
      return [{ type: value.type, nodes: value.nodes }];
    case "list":
      return value.items.flatMap(sections);
    case "map":
      return [...value.entries.values()].flatMap(sections);
    case "plain":
      return typeof value.value === "string" ? [{ type: "text", nodes: [{ type: "run", text: value.value, marks: new Map() }] }] : [];
    default:
      return unreachable(value);
  }
}

/** Whether nodes are text without any marks, as in a code document. */
export function isUnmarked(nodes: readonly ContentNode[]): boolean {
  return nodes.every((node) => node.type === "run" && node.marks.size === 0);
}
