/**
 * Reading a Yjs document into a ContentTree.
 *
 * A document that was only loaded does not know what its top-level types are: that is said by whoever asks for them
 * (`getText`, `getMap`). Here nobody asks, so it is told from what lies inside: elements make rich text, characters
 * or formatting make a text, other list items a list, keys a map. The conventions of the editor (`default` is rich
 * text, `text` is text) decide for what is empty. Below the top every type says what it is.
 *
 * Invariants: recursion ends at `depthMax`; what lies deeper is left out. Values are handed over as they are; whoever
 * writes JSON of them guards against `__proto__`.
 */
import * as Y from "yjs";
import type { ContentNode, ContentTree, ContentValue } from "./content-tree.ts";

/** What every shared type has, typed or not. */
type SharedType = Pick<Y.AbstractType<never>, "_start" | "_map">;

/** Deeper than any document a person wrote, and harmless to any stack. */
const depthMax = 200;

/** The document's top-level types, ordered by name. */
export function readContentTree(document: Y.Doc): ContentTree {
  const names = [...document.share.keys()].sort((left, right) => (left < right ? -1 : 1));
  return names.map((name) => [name, rootValue(name, document.share.get(name))]);
}

function rootValue(name: string, type: SharedType | undefined): ContentValue {
  if (type === undefined) return { type: "plain", value: null };
  const items = liveItems(type);
  if (items.length === 0) return type._map.size > 0 ? mapValue(type, 0) : emptyRoot(name);
  if (items.some(({ content }) => content instanceof Y.ContentType && isXml(content.type)))
    return { type: "rich", nodes: listNodes(items, 0) };
  if (items.some(({ content }) => isTextual(content))) return { type: "text", nodes: listNodes(items, 0) };
  return listValue(items, 0);
}

function emptyRoot(name: string): ContentValue {
  if (name === "default") return { type: "rich", nodes: [] };
  return name === "text" ? { type: "text", nodes: [] } : { type: "plain", value: null };
}

/** What of a type's list is not deleted, in order. */
function liveItems(type: SharedType): Y.Item[] {
  const items: Y.Item[] = [];
  for (let item = type._start; item !== null; item = item.right) {
    if (!item.deleted) items.push(item);
  }
  return items;
}

function typeValue(type: SharedType, depth: number): ContentValue {
  if (depth > depthMax) return { type: "plain", value: null };
  if (isXml(type) && !(type instanceof Y.XmlText)) return { type: "rich", nodes: typeNodes(type, depth) };
  if (type instanceof Y.Text) return { type: "text", nodes: typeNodes(type, depth) };
  if (type instanceof Y.Map) return mapValue(type, depth);
  return listValue(liveItems(type), depth);
}

function mapValue(type: SharedType, depth: number): ContentValue {
  const entries = new Map<string, ContentValue>();
  for (const [key, item] of [...type._map].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const value = item.deleted ? undefined : itemValues(item, depth).at(-1);
    if (value !== undefined) entries.set(key, value);
  }
  return { type: "map", entries };
}

function listValue(items: readonly Y.Item[], depth: number): ContentValue {
  return { type: "list", items: items.flatMap((item) => itemValues(item, depth)) };
}

function itemValues({ content }: Y.Item, depth: number): readonly ContentValue[] {
  if (content instanceof Y.ContentType) return [typeValue(content.type, depth + 1)];
  if (content instanceof Y.ContentString) return [{ type: "plain", value: content.str }];
  if (content instanceof Y.ContentDoc) return [{ type: "plain", value: null }];
  return content.isCountable() ? content.getContent().map((value: unknown) => ({ type: "plain", value })) : [];
}

/** A type inside rich text: an element becomes a node, a text its runs, a fragment its children. */
function typeNodes(type: SharedType, depth: number): readonly ContentNode[] {
  if (depth > depthMax) return [];
  if (!(type instanceof Y.XmlElement || type instanceof Y.XmlHook)) return listNodes(liveItems(type), depth);
  const name = type instanceof Y.XmlElement ? type.nodeName : type.hookName;
  return [{ type: "element", name, attributes: attributesOf(type), children: listNodes(liveItems(type), depth) }];
}

function attributesOf(type: SharedType): ReadonlyMap<string, unknown> {
  const attributes = new Map<string, unknown>();
  for (const [key, item] of [...type._map].sort(([left], [right]) => (left < right ? -1 : 1))) {
    if (item.deleted || item.content instanceof Y.ContentType || item.content instanceof Y.ContentDoc) continue;
    const value: unknown = item.content.getContent()[item.length - 1];
    if (value !== undefined) attributes.set(key, value);
  }
  return attributes;
}

/** The items of a text or element as nodes. Formatting holds from its item on until it is taken back. */
function listNodes(items: readonly Y.Item[], depth: number): readonly ContentNode[] {
  const nodes: ContentNode[] = [];
  let marks: ReadonlyMap<string, unknown> = new Map();
  for (const { content } of items) {
    if (content instanceof Y.ContentFormat) marks = withMark(marks, content);
    else if (content instanceof Y.ContentString) pushText(nodes, content.str, marks);
    else if (content instanceof Y.ContentType) nodes.push(...typeNodes(content.type, depth + 1));
    else if (content instanceof Y.ContentEmbed) nodes.push({ type: "embedded", value: content.embed });
  }
  return nodes;
}

function withMark(marks: ReadonlyMap<string, unknown>, { key, value }: Y.ContentFormat): ReadonlyMap<string, unknown> {
  const changed = new Map(marks);
  if (value === null) changed.delete(key);
  else changed.set(key, value);
  return changed;
}

/** Items that one person typed with pauses are one run to a reader. */
function pushText(nodes: ContentNode[], text: string, marks: ReadonlyMap<string, unknown>): void {
  const last = nodes.at(-1);
  if (last?.type === "run" && last.marks === marks) nodes[nodes.length - 1] = { ...last, text: last.text + text };
  else nodes.push({ type: "run", text, marks });
}

function isXml(type: SharedType): boolean {
  return type instanceof Y.XmlFragment || type instanceof Y.XmlText || type instanceof Y.XmlHook;
}

function isTextual(content: unknown): boolean {
  return content instanceof Y.ContentString || content instanceof Y.ContentFormat || content instanceof Y.ContentEmbed;
}
