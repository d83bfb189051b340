/**
 * Rewriting rich text in a Yjs document: the smallest change that makes present blocks what drafts want.
 *
 * What a draft keeps keeps its Yjs ids: of its attributes those that differ are set, of its text the words that differ are written. So what
 * somebody types elsewhere at the same moment, also in the same paragraph, stays what it is.
 *
 * Invariants: the fragment holds nothing but what `editor-content` knows, before and after; a block always has a text to type into.
 */
import * as Y from "yjs";
import type { AlignmentEffort } from "./alignment-effort.ts";
import {
  markNames,
  type ContentBlock,
  type ImageBlock,
  type Inline,
  type TableBlock,
  type TableCell,
  type TextBlock,
} from "./content-block.ts";
import { drafts, keyOf, plainCell, type BlockDraft } from "./block-draft.ts";
import { imageName, isEditorsElement, knownContent } from "./editor-content.ts";
import { alignment, type Likenesses } from "./sequence-alignment.ts";
import { textChange } from "./text-change.ts";

type Parent = Y.XmlFragment | Y.XmlElement;
export type MarkName = (typeof markNames)[number];

/** Whether all of it is of the kind that the editor writes. */
export function isEditorsOwn(parent: Parent): boolean {
  const known = knownContent[parent instanceof Y.XmlElement ? parent.nodeName : ""] ?? [];
  return parent.toArray().every((child: unknown) => {
    if (child instanceof Y.XmlText) return known.includes("#text") && isPlainText(child);
    if (!(child instanceof Y.XmlElement) || !isEditorsElement(child.nodeName, child.getAttribute("blob"))) return false;
    return known.includes(child.nodeName) && isEditorsOwn(child);
  });
}

function isPlainText(text: Y.XmlText): boolean {
  for (let item = text._start; item !== null; item = item.right) {
    if (!item.deleted && (item.content instanceof Y.ContentEmbed || item.content instanceof Y.ContentType)) return false;
  }
  return true;
}

/** How a document is rewritten. */
export interface Rewriting {
  /** The marks that the drafts' format can say; others stay as they are. */
  readonly sayable: readonly MarkName[];
  readonly effort: AlignmentEffort;
}

export function rewriteBlocks(parent: Parent, wanted: readonly BlockDraft[], rewriting: Rewriting): void {
  const present = parent.toArray();
  const kept = new Set(wanted.map(({ from }) => from?.at));
  for (let at = present.length - 1; at >= 0; at--) if (!kept.has(at)) parent.delete(at, 1);
  let fresh: Y.XmlElement[] = [];
  // Those that follow each other are inserted together: finding the place takes as long as the document is.
  const insertBefore = (index: number): void => {
    if (fresh.length > 0) parent.insert(index - fresh.length, fresh);
    fresh = [];
  };
  for (const [index, { from, wanted: block }] of wanted.entries()) {
    const element = from === undefined ? undefined : present[from.at];
    if (from === undefined || !(element instanceof Y.XmlElement)) {
      fresh.push(newElement(block));
      continue;
    }
    insertBefore(index);
    rewriteBlock(element, from.said, block, rewriting);
  }
  insertBefore(wanted.length);
}

function rewriteBlock(element: Y.XmlElement, said: ContentBlock, wanted: ContentBlock, rewriting: Rewriting): void {
  if (said.type === "text" && wanted.type === "text") {
    rewriteAttributes(element, said, wanted);
    if (JSON.stringify(said.inlines) !== JSON.stringify(wanted.inlines)) rewriteText(element, wanted.inlines, rewriting);
  }
  if (said.type === "image" && wanted.type === "image") rewriteImage(element, said, wanted);
  if (said.type === "table" && wanted.type === "table" && keyOf(said) !== keyOf(wanted)) rewriteTable(element, said, wanted, rewriting);
}

function rewriteAttributes(element: Y.XmlElement, said: TextBlock, wanted: TextBlock): void {
  if (said.kind !== wanted.kind) element.setAttribute("kind", wanted.kind);
  if (said.kind !== wanted.kind || said.level !== wanted.level)
    setOrRemove(element, "level", wanted.kind === "heading" ? wanted.level : undefined);
  if (said.list !== wanted.list) setOrRemove(element, "list", wanted.list === "none" ? undefined : wanted.list);
  if (said.checked !== wanted.checked) setOrRemove(element, "checked", wanted.checked || undefined);
  if (said.indent !== wanted.indent) setOrRemove(element, "indent", wanted.indent || undefined);
}

function rewriteImage(element: Y.XmlElement, said: ImageBlock, wanted: ImageBlock): void {
  if (said.alt !== wanted.alt) setOrRemove(element, "alt", wanted.alt || undefined);
  if (said.width !== wanted.width) setOrRemove(element, "width", wanted.width);
  if (said.height !== wanted.height) setOrRemove(element, "height", wanted.height);
}

/** Values are kept as what they are, as the editor's binding does; Yjs' own types know text only. */
function setOrRemove(element: Y.XmlElement, name: string, value: string | number | boolean | undefined): void {
  if (value !== undefined) element.setAttribute(name, value as string);
  else if (element.hasAttribute(name)) element.removeAttribute(name);
}

function newElement(block: ContentBlock): Y.XmlElement {
  if (block.type === "rule") return new Y.XmlElement("horizontalRule");
  if (block.type === "table") return filled("table", block.rows.map(newRow));
  if (block.type === "image") return newImage(block);
  const element = new Y.XmlElement("block");
  const text = new Y.XmlText();
  text.applyDelta(block.inlines.map((inline) => ({ insert: shownText(inline), attributes: attributesOf(inline, markNames) })));
  element.setAttribute("kind", block.kind);
  element.insert(0, [text]);
  const blank: TextBlock = { ...block, level: 1, list: "none", checked: false, indent: 0 };
  if (block.kind === "heading") element.setAttribute("level", block.level as unknown as string);
  rewriteAttributes(element, { ...blank, level: block.level }, block);
  return element;
}

function newImage(image: ImageBlock): Y.XmlElement {
  const element = new Y.XmlElement(imageName);
  element.setAttribute("blob", image.blob);
  rewriteImage(element, { ...image, alt: "", width: undefined, height: undefined }, image);
  return element;
}

function newRow(cells: readonly TableCell[]): Y.XmlElement {
  return filled("tableRow", cells.map(newCell));
}

function newCell({ header, blocks }: TableCell): Y.XmlElement {
  return filled(header ? "tableHeader" : "tableCell", blocks.map(newElement));
}

function filled(name: string, children: readonly Y.XmlElement[]): Y.XmlElement {
  const element = new Y.XmlElement(name);
  element.insert(0, [...children]);
  return element;
}

function rewriteTable(table: Y.XmlElement, said: TableBlock, wanted: TableBlock, rewriting: Rewriting): void {
  const plain = (cells: readonly TableCell[] | undefined): string => (cells ?? []).map(plainCell).join("\t");
  const like: Likenesses = {
    before: (index) => plain(said.rows[index]),
    after: (index) => plain(wanted.rows[index]),
    mayBe: () => true,
  };
  const key = (cells: readonly TableCell[]): string => JSON.stringify(cells);
  const rows = alignment(said.rows.map(key), wanted.rows.map(key), like, rewriting.effort);
  rewriteParts(table, rows, {
    make: (index) => newRow(wanted.rows[index] ?? []),
    change: (row, at, index) => rewriteRow(row, said.rows[at] ?? [], wanted.rows[index] ?? [], rewriting),
  });
}

function rewriteRow(row: Y.XmlElement, said: readonly TableCell[], wanted: readonly TableCell[], rewriting: Rewriting): void {
  const like: Likenesses = {
    before: (index) => plainCell(said[index]!),
    after: (index) => plainCell(wanted[index]!),
    mayBe: (before, after) => said[before]?.header === wanted[after]?.header,
  };
  const cells = alignment(said.map(keyOf), wanted.map(keyOf), like, rewriting.effort).map((at, index) =>
    at !== undefined && said[at]?.header === wanted[index]?.header ? at : undefined,
  );
  rewriteParts(row, cells, {
    make: (index) => newCell(wanted[index]!),
    change: (cell, at, index) => {
      if (keyOf(said[at]!) !== keyOf(wanted[index]!))
        rewriteBlocks(cell, drafts(said[at]!.blocks, wanted[index]!.blocks, rewriting.effort), rewriting);
    },
  });
}

function rewriteParts(
  parent: Y.XmlElement,
  from: readonly (number | undefined)[],
  { make, change }: { make: (index: number) => Y.XmlElement; change: (element: Y.XmlElement, at: number, index: number) => void },
): void {
  const present = parent.toArray();
  const kept = new Set(from);
  for (let at = present.length - 1; at >= 0; at--) if (!kept.has(at)) parent.delete(at, 1);
  for (const [index, at] of from.entries()) {
    const element = at === undefined ? undefined : present[at];
    if (at !== undefined && element instanceof Y.XmlElement) change(element, at, index);
    else parent.insert(index, [make(index)]);
  }
}

// -- the text of one block ---------------------------------------------------------------------------------------------

type Attributes = Record<string, unknown>;

/** One step over a text, as Yjs takes it. */
interface DeltaStep {
  retain?: number;
  delete?: number;
  insert?: string;
  attributes?: Attributes;
}

interface Run {
  readonly length: number;
  readonly attributes: Attributes;
}

function rewriteText(block: Y.XmlElement, wanted: readonly Inline[], rewriting: Rewriting): void {
  if (block.length === 0) block.insert(0, [new Y.XmlText()]);
  rewriteTexts(
    block.toArray().filter((child) => child instanceof Y.XmlText),
    wanted,
    rewriting,
  );
}

/** What is written in several texts one behind the other becomes what is wanted. */
export function rewriteTexts(texts: readonly Y.Text[], wanted: readonly Inline[], { sayable, effort }: Rewriting): void {
  const runs = texts.map((text) =>
    (text.toDelta() as { insert: string; attributes?: Attributes }[]).map((run) => ({
      text: run.insert,
      length: run.insert.length,
      attributes: run.attributes ?? {},
    })),
  );
  const before = runs
    .flat()
    .map(({ text }) => text)
    .join("");
  const after = wanted.map(shownText).join("");
  const steps = deltaOf(textChange(before, after, effort), runs.flat(), wanted, sayable);
  const lengths = runs.map((each) => each.reduce((sum, { length }) => sum + length, 0));
  for (const [index, own] of shared(steps, lengths).entries())
    if (own.some((step) => step.retain === undefined || step.attributes !== undefined)) texts[index]?.applyDelta(own);
}

function deltaOf(
  change: ReturnType<typeof textChange>,
  present: readonly Run[],
  wanted: readonly Inline[],
  sayable: readonly MarkName[],
): readonly DeltaStep[] {
  const [old, fresh] = [new RunCursor(present), new RunCursor(wanted.map((inline) => ({ length: shownText(inline).length, inline })))];
  const steps: DeltaStep[] = [];
  for (const step of change) {
    if (step.type === "delete") {
      steps.push({ delete: step.length });
      old.skip(step.length);
    } else if (step.type === "keep") {
      for (let left = step.length; left > 0;) {
        const length = Math.min(left, old.left, fresh.left);
        const attributes = differenceOf(old.run.attributes, fresh.run.inline, sayable);
        steps.push(Object.keys(attributes).length === 0 ? { retain: length } : { retain: length, attributes });
        old.skip(length);
        fresh.skip(length);
        left -= length;
      }
    } else {
      // What the format cannot say is as it is before it, as if somebody had typed it there; a link does not go on.
      const inherited = Object.entries(old.before?.attributes ?? present[0]?.attributes ?? {}).filter(
        ([name]) => name !== "link" && !sayable.some((mark) => isMark(name, mark)),
      );
      for (let from = 0; from < step.text.length;) {
        const length = Math.min(step.text.length - from, fresh.left);
        steps.push({
          insert: step.text.slice(from, from + length),
          attributes: { ...Object.fromEntries(inherited), ...attributesOf(fresh.run.inline, sayable) },
        });
        fresh.skip(length);
        from += length;
      }
    }
  }
  return steps;
}

/** Where one is in a sequence of runs. */
class RunCursor<Of extends { readonly length: number }> {
  readonly #runs: readonly Of[];
  #at = 0;
  #within = 0;

  constructor(runs: readonly Of[]) {
    this.#runs = runs.filter(({ length }) => length > 0);
  }

  get run(): Of {
    return this.#runs[this.#at]!;
  }

  /** The run of what is right before. */
  get before(): Of | undefined {
    return this.#within > 0 ? this.#runs[this.#at] : this.#runs[this.#at - 1];
  }

  /** What of the run is ahead. */
  get left(): number {
    return this.run.length - this.#within;
  }

  skip(length: number): void {
    this.#within += length;
    for (let run = this.#runs[this.#at]; run !== undefined && this.#within >= run.length; run = this.#runs[this.#at]) {
      this.#within -= run.length;
      this.#at++;
    }
  }
}

/** The steps over several texts as each one's own. */
function shared(steps: readonly DeltaStep[], lengths: readonly number[]): readonly DeltaStep[][] {
  const own: DeltaStep[][] = lengths.map(() => []);
  let at = 0;
  let left = lengths[0] ?? 0;
  for (const step of steps) {
    let length = step.retain ?? step.delete ?? 0;
    if (step.insert !== undefined) own[at]?.push(step);
    while (length > 0) {
      while (left === 0) left = lengths[++at] ?? Infinity;
      const part = Math.min(left, length);
      own[at]?.push(step.retain === undefined ? { delete: part } : { ...step, retain: part });
      left -= part;
      length -= part;
    }
  }
  return own;
}

/** A picture of another place is nothing that the editor has: what describes it is a link to it. */
function shownText(inline: Inline): string {
  return inline.type === "image" && inline.text === "" ? (inline.href ?? "") : inline.text;
}

/** As the editor's binding keeps marks. */
function attributesOf(inline: Inline, sayable: readonly MarkName[]): Attributes {
  const attributes: Attributes = {};
  for (const mark of sayable) {
    if (mark === "href" && inline.href !== undefined) attributes["link"] = { href: inline.href };
    else if (mark !== "href" && inline[mark]) attributes[mark] = {};
  }
  return attributes;
}

function isMark(name: string, mark: MarkName): boolean {
  return name.replace(/--[a-zA-Z0-9+/=]{8}$/, "") === (mark === "href" ? "link" : mark);
}

function differenceOf(present: Attributes, wanted: Inline, sayable: readonly MarkName[]): Attributes {
  const difference: Attributes = {};
  const target = attributesOf(wanted, sayable);
  for (const mark of sayable) {
    const names = Object.keys(present).filter((name) => isMark(name, mark));
    const name = mark === "href" ? "link" : mark;
    const value = target[name];
    if (value === undefined) for (const each of names) difference[each] = null;
    else if (names.length === 0 || (mark === "href" && JSON.stringify(present[names[0]!]) !== JSON.stringify(value)))
      difference[names[0] ?? name] = value;
  }
  return difference;
}
