/**
 * Writing a document as text, Markdown or HTML: the Yjs update that makes it what is written, as one edit.
 *
 * Rich text is compared block by block with what is there (`block-draft`, `yjs-rewrite`); a code document, which is one text, by its lines
 * and words. A document in which nobody has written anything is begun as the editor would begin it.
 *
 * What neither the editor nor this file knows (several texts, other editors' elements, marks in a code document) is refused rather than
 * rebuilt, unless it is written back as it was.
 *
 * Invariants: the document then shows what was written, as far as the format and the document can say it; what it shows already makes an
 * empty update; the same parts and body make the same bytes.
 */
import { getState, type Doc, type Text, type XmlFragment } from "yjs";
import { ok, refused, type Result } from "../base/result.ts";
import { AlignmentEffort } from "./alignment-effort.ts";
import { drafts, plainDrafts } from "./block-draft.ts";
import { blockOf, TooDeep } from "./block-reader.ts";
import { blocksOf, markNames, outside, plainInline, type ContentBlock } from "./content-block.ts";
import { blocksHtml } from "./content-html.ts";
import { blocksMarkdown } from "./content-markdown.ts";
import { isUnmarked, sectionsOf, type ContentTree, type ContentValue } from "./content-tree.ts";
import { authorOfEdit } from "./drawn-author.ts";
import type { EngineCall, WrittenFormat } from "./crdt-engine.ts";
import { htmlBlocks } from "./html-reader.ts";
import { markdownBlocks } from "./markdown-reader.ts";
import { TooMany } from "./reading-budget.ts";
import { shownTree } from "./shown-tree.ts";
import { readContentTree } from "./yjs-content.ts";
import { documentOf } from "./yjs-document.ts";
import { isEditorsOwn, rewriteBlocks, rewriteTexts, type MarkName } from "./yjs-rewrite.ts";

type WriteCall = Extract<EngineCall, { type: "write" }>;

/** Stands for an author that is drawn once the edit is known. */
const undrawn = 0;

const emptyUpdate = Uint8Array.of(0, 0);
const unsayable = refused("UNSAYABLE");

/** What a format can say of a text's marks. */
const sayable: Readonly<Record<WrittenFormat, readonly MarkName[]>> = {
  text: [],
  markdown: markNames.filter((mark) => mark !== "underline"),
  html: markNames,
};

export function writtenUpdate(call: WriteCall): Result<Uint8Array> {
  const { author } = call;
  if (author.type === "given") return edit(call, author.client, author.clock) ?? refused("GAP", "its author has come further");
  const anybodys = edit(call, undrawn);
  if (anybodys?.ok !== true || anybodys.value === emptyUpdate) return anybodys ?? unsayable;
  return edit(call, authorOfEdit(anybodys.value, author.key)) ?? unsayable;
}

/** Undefined: the author's clock there is not `clock`. */
function edit(call: WriteCall, client: number, clock?: number): Result<Uint8Array> | undefined {
  const document = documentOf(call.parts);
  if (clock !== undefined && getState(document.store, client) !== clock) return undefined;
  document.clientID = client;
  const updates: Uint8Array[] = [];
  document.on("update", (update: Uint8Array) => updates.push(update));
  try {
    const written = document.transact(() => write(document, call));
    return written.ok ? ok(updates[0] ?? emptyUpdate) : written;
  } catch (error) {
    if (error instanceof TooDeep) return refused("TOO_DEEP");
    if (error instanceof TooMany) return refused("TOO_MANY_PARTS", error.message);
    throw error;
  } finally {
    document.destroy();
  }
}

function write(document: Doc, { format, body, kind }: WriteCall): Result<undefined> {
  const tree = readContentTree(document);
  if (tree.length === 0) return begin(document, { format, body, kind });
  if (shownTree(tree, format) === body) return ok(undefined);
  const place = placeOf(tree);
  if (place === undefined) return unsayable;
  return place.type === "rich"
    ? writeRich(document.getXmlFragment(place.name), format, body)
    : writeText(document.getText(place.name), place.isUnmarked, format, body);
}

/** As `beginDocument` of the editor does. */
function begin(document: Doc, { format, body, kind }: Pick<WriteCall, "format" | "body" | "kind">): Result<undefined> {
  document.getMap("meta").set("kind", kind);
  return kind === "code"
    ? writeText(document.getText("text"), true, format, body)
    : writeRich(document.getXmlFragment("default"), format, body);
}

/** Where the document has its text, if that is one place. */
function placeOf(tree: ContentTree): { readonly type: "rich" | "text"; readonly name: string; readonly isUnmarked: boolean } | undefined {
  const filled = tree.filter(([name, value]) => name !== "meta" && !isEmpty(value));
  const [only] = filled.length === 0 ? [[isCode(tree) ? "text" : "default", undefined] as const] : filled;
  if (only === undefined || filled.length > 1) return undefined;
  const [name, value] = only;
  if (value === undefined) return { type: name === "text" ? "text" : "rich", name, isUnmarked: true };
  if (value.type !== "rich" && value.type !== "text") return undefined;
  if (value.type === "text" && value.nodes.some(({ type }) => type !== "run")) return undefined;
  return { type: value.type, name, isUnmarked: isUnmarked(value.nodes) };
}

function isEmpty(value: ContentValue): boolean {
  return sectionsOf([["", value]]).length === 0;
}

function isCode(tree: ContentTree): boolean {
  const about = tree.find(([name]) => name === "meta")?.[1];
  const kind = about?.type === "map" ? about.entries.get("kind") : undefined;
  if (kind?.type === "plain" && (kind.value === "code" || kind.value === "text")) return kind.value === "code";
  return tree.some(([name]) => name === "text") && !tree.some(([name]) => name === "default");
}

function writeRich(fragment: XmlFragment, format: WrittenFormat, body: string): Result<undefined> {
  if (!isEditorsOwn(fragment)) return unsayable;
  const present = presentBlocks(fragment);
  const effort = new AlignmentEffort();
  const wanted =
    format === "text" ? plainDrafts(present, body, effort) : drafts(saidOf(present, format), atLeastOne(readBlocks(format, body)), effort);
  rewriteBlocks(fragment, wanted, { sayable: sayable[format], effort });
  return ok(undefined);
}

function presentBlocks(fragment: XmlFragment): readonly ContentBlock[] {
  const value = readContentTree(fragment.doc!).find(([name]) => fragment.doc?.share.get(name) === (fragment as unknown))?.[1];
  return value?.type === "rich" ? blocksOf(value.nodes) : [];
}

/** A page without a line is none that somebody could type into. */
function atLeastOne(blocks: readonly ContentBlock[]): readonly ContentBlock[] {
  return blocks.length > 0 ? blocks : [blockOf([], outside)];
}

function readBlocks(format: Exclude<WrittenFormat, "text">, body: string): readonly ContentBlock[] {
  return format === "markdown" ? markdownBlocks(body) : htmlBlocks(body);
}

/** What the blocks say in the format: one for each. Where all of them together read as more or fewer, each is read alone. */
function saidOf(present: readonly ContentBlock[], format: Exclude<WrittenFormat, "text">): readonly ContentBlock[] {
  const together = saidTogether(present, format);
  if (together.length === present.length) return together;
  return present.map((block) => {
    const [alone, ...more] = saidTogether([block.type === "text" ? { ...block, indent: 0 } : block], format);
    if (alone === undefined || more.length > 0) return block;
    return alone.type === "text" && block.type === "text" ? { ...alone, indent: block.indent } : alone;
  });
}

function saidTogether(blocks: readonly ContentBlock[], format: Exclude<WrittenFormat, "text">): readonly ContentBlock[] {
  if (blocks.length === 0) return [];
  return readBlocks(format, format === "markdown" ? `${blocksMarkdown(blocks)}\n` : blocksHtml(blocks));
}

function writeText(text: Text, isPlain: boolean, format: WrittenFormat, body: string): Result<undefined> {
  const wanted = format === "text" ? body : codeIn(readBlocks(format, body));
  if (wanted === undefined || (format !== "text" && !isPlain)) return unsayable;
  rewriteTexts([text], [{ ...plainInline, text: wanted }], { sayable: sayable.text, effort: new AlignmentEffort() });
  return ok(undefined);
}

/** The code that blocks say and nothing else. */
function codeIn(blocks: readonly ContentBlock[]): string | undefined {
  const [block, ...more] = blocks;
  if (block === undefined) return "";
  if (block.type !== "text" || block.kind !== "code" || block.list !== "none" || more.length > 0) return undefined;
  return block.inlines.map(({ text }) => text).join("");
}
