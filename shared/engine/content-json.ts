/**
 * A document as JSON: an object of its top-level types by name. A text without marks is a string, a list an array, a
 * map an object; rich text is in ProseMirror's form, `{type: "doc", content: [{type, attrs, content}, {type: "text",
 * text, marks}]}`, which other tools read.
 *
 * Keys come from whoever wrote the document. Objects here have no prototype, and `__proto__` is left out, so that what
 * is parsed from this JSON inherits nothing.
 */
import { isUnmarked, textOf, type ContentNode, type ContentTree, type ContentValue } from "./content-tree.ts";

/** Plain values of a document may nest as deep as admission lets them; what is deeper than this is null. */
const depthMax = 200;

export function jsonContent(tree: ContentTree): string {
  return JSON.stringify(object(tree.map(([name, value]) => [name, jsonOf(value)])));
}

function jsonOf(value: ContentValue): unknown {
  switch (value.type) {
    case "rich":
      return { type: "doc", content: value.nodes.flatMap(nodeJson) };
    case "text":
      return isUnmarked(value.nodes) ? textOf(value.nodes) : { type: "doc", content: value.nodes.flatMap(nodeJson) };
    case "list":
      return value.items.map(jsonOf);
    case "map":
      return object([...value.entries].map(([key, entry]) => [key, jsonOf(entry)]));
    default:
      return plainJson(value.value, 0);
  }
}

function nodeJson(node: ContentNode): readonly unknown[] {
  if (node.type === "embedded") return [{ type: "embed", value: plainJson(node.value, 0) }];
  if (node.type === "run") {
    const marks = [...node.marks].map(([type, value]) => ({ type, ...attrs(value) }));
    return [{ type: "text", text: node.text, ...(marks.length > 0 ? { marks } : {}) }];
  }
  const content = node.children.flatMap(nodeJson);
  return [
    {
      type: node.name,
      ...(node.attributes.size > 0 ? { attrs: object([...node.attributes].map(([key, value]) => [key, plainJson(value, 0)])) } : {}),
      ...(content.length > 0 ? { content } : {}),
    },
  ];
}

/** A mark's value is its attributes; `true` and `{}` say no more than that it is there. */
function attrs(value: unknown): { readonly attrs?: unknown } {
  const none = value === true || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
  return none ? {} : { attrs: plainJson(value, 0) };
}

/** Any value that Yjs can hold, as what JSON can say: bytes as numbers, a bigint as text. */
function plainJson(value: unknown, depth: number): unknown {
  if (depth > depthMax) return null;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return value ?? null;
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map((element) => plainJson(element, depth + 1));
  return object(Object.entries(value).map(([key, entry]) => [key, plainJson(entry, depth + 1)]));
}

function object(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const made = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) {
    if (key !== "__proto__") made[key] = value;
  }
  return made;
}
