/**
 * BlockAttributes: what a text block is (paragraph, heading, item of a list …), apart from its text.
 *
 * There is one node for all text blocks. In a CRDT a node cannot change its name: an editor with a node per kind
 * replaces the paragraph by a new heading that holds a copy of its text, and whatever somebody else types into the old
 * one at that moment is gone, although it was saved. Here a toggle changes an attribute, and the text stays what it is.
 *
 * A default is stored as nothing, so that a plain paragraph costs one attribute on the wire. Values that come from
 * others are read leniently: what is unknown reads as the default.
 */
/** The name of the node in a document; never changed. */
export const blockName = "block";

export type BlockKind = "paragraph" | "heading" | "quote" | "code";
export type ListKind = "none" | "bullet" | "ordered" | "task";

export interface BlockAttributes {
  readonly kind: BlockKind;
  /** 1 to 3; of headings only. */
  readonly level: number;
  readonly list: ListKind;
  /** Of tasks only. */
  readonly checked: boolean;
  /** 0 to `indentMax`; of list items only. */
  readonly indent: number;
}

export const indentMax = 8;
export const plainBlock: BlockAttributes = { kind: "paragraph", level: 1, list: "none", checked: false, indent: 0 };

const kinds: readonly unknown[] = ["paragraph", "heading", "quote", "code"] satisfies BlockKind[];
const lists: readonly unknown[] = ["none", "bullet", "ordered", "task"] satisfies ListKind[];

/** A node's attributes as they are to be understood. */
export function readBlock(attributes: Readonly<Record<string, unknown>>): BlockAttributes {
  const { kind, level, list, checked, indent } = attributes;
  return {
    kind: kinds.includes(kind) ? (kind as BlockKind) : "paragraph",
    level: within(level, 1, 3, 1),
    list: lists.includes(list) ? (list as ListKind) : "none",
    checked: checked === true || checked === "true",
    indent: within(indent, 0, indentMax, 0),
  };
}

/** Attributes as a node keeps them: what does not apply to the kind, and what is the default, is absent (null). */
export function writeBlock(block: BlockAttributes): Record<string, unknown> {
  return {
    kind: block.kind,
    level: block.kind === "heading" ? block.level : null,
    list: block.list === "none" ? null : block.list,
    checked: block.list === "task" && block.checked ? true : null,
    indent: block.list !== "none" && block.indent > 0 ? block.indent : null,
  };
}

function within(value: unknown, min: number, max: number, otherwise: number): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) ? Math.min(max, Math.max(min, number)) : otherwise;
}
