/**
 * OfferedWords: words typed here lately that somebody else's edit takes away are offered back.
 *
 * A CRDT merges every edit, yet a join, a move or a split by somebody else writes a text anew, and what was typed into
 * the old text meanwhile goes with it; and people delete lines that others are just typing in. The relay has it all
 * saved, nobody sees it. So for a minute this remembers which characters were typed here (by their ids: clock ranges
 * of this client), and looks at each remote transaction for deletions among them. Words that the same transaction
 * writes again somewhere else were moved, not lost.
 *
 * Knows nothing of editors; told the time.
 */
import * as Y from "yjs";

export interface LostWords {
  readonly text: string;
  /** Where they stood, as well as it can still be told. */
  readonly place: Y.RelativePosition;
}

interface TypedRange {
  readonly from: number;
  readonly to: number;
  readonly atMs: number;
}

const rememberedMs = 60_000;
const rangesMax = 2_000;
/** Less than a short word is not worth a notice. */
const lettersMin = 3;

export class OfferedWords {
  readonly #doc: Y.Doc;
  readonly #now: () => number;
  readonly #offer: (lost: LostWords) => void;
  #typed: TypedRange[] = [];

  constructor(doc: Y.Doc, options: { now: () => number; offer: (lost: LostWords) => void }) {
    this.#doc = doc;
    this.#now = options.now;
    this.#offer = options.offer;
    // After the observers, before the text of what was deleted is collected.
    doc.on("afterTransaction", this.#look);
  }

  /** Forgets and stops. */
  close(): void {
    this.#doc.off("afterTransaction", this.#look);
    this.#typed = [];
  }

  readonly #look = (transaction: Y.Transaction): void => {
    if (transaction.local) this.#remember(transaction);
    else if (transaction.deleteSet.clients.has(this.#doc.clientID)) this.#compare(transaction);
  };

  #remember(transaction: Y.Transaction): void {
    const client = this.#doc.clientID;
    const from = transaction.beforeState.get(client) ?? 0;
    const to = transaction.afterState.get(client) ?? 0;
    if (to <= from) return;
    const now = this.#now();
    const last = this.#typed.at(-1);
    // One range per burst of typing keeps the list short.
    if (last !== undefined && last.to === from && now - last.atMs < 1_000)
      this.#typed[this.#typed.length - 1] = { from: last.from, to, atMs: last.atMs };
    else this.#typed.push({ from, to, atMs: now });
    this.#typed = this.#typed.filter((range) => now - range.atMs <= rememberedMs).slice(-rangesMax);
  }

  #compare(transaction: Y.Transaction): void {
    const now = this.#now();
    const fresh = this.#typed.filter((range) => now - range.atMs <= rememberedMs);
    const written = insertedText(transaction);
    for (const run of lostRuns(transaction, this.#doc.clientID, fresh)) {
      if (lettersIn(run.text) >= lettersMin && !written.includes(run.text)) this.#offer(run);
    }
  }
}

/** Puts lost words back where they stood, or as near as the document still allows. */
export function putBack(doc: Y.Doc, lost: LostWords): void {
  const place = Y.createAbsolutePositionFromRelativePosition(lost.place, doc);
  doc.transact(() => {
    if (place === null) return append(doc, lost.text);
    const { type, index } = place;
    if (type instanceof Y.Text) type.insert(Math.min(index, type.length), lost.text);
    else if (type instanceof Y.XmlElement && type.nodeName === "block") insertIntoBlock(type, lost.text);
    else if (type instanceof Y.XmlFragment && takesBlocks(type)) type.insert(Math.min(index, type.length), [blockOf(lost.text)]);
    else append(doc, lost.text);
  }, putBack);
}

/** The deleted characters of `client` within `ranges`, joined where they stood side by side. */
function lostRuns(transaction: Y.Transaction, client: number, ranges: readonly TypedRange[]): readonly LostWords[] {
  const pieces: { item: Y.Item; text: string }[] = [];
  for (const deleted of transaction.deleteSet.clients.get(client) ?? []) {
    for (const range of ranges) {
      const from = Math.max(range.from, deleted.clock);
      const to = Math.min(range.to, deleted.clock + deleted.len);
      if (from < to) pieces.push(...stringsBetween(transaction.doc, client, from, to));
    }
  }
  return joinNeighbours(pieces);
}

function stringsBetween(doc: Y.Doc, client: number, from: number, to: number): { item: Y.Item; text: string }[] {
  const found: { item: Y.Item; text: string }[] = [];
  const structs = doc.store.clients.get(client) ?? [];
  for (let at = Y.findIndexSS(structs, from); at < structs.length; at += 1) {
    const struct = structs[at];
    if (struct === undefined || struct.id.clock >= to) break;
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) continue;
    const start = Math.max(0, from - struct.id.clock);
    found.push({ item: struct, text: struct.content.str.slice(start, to - struct.id.clock) });
  }
  return found;
}

function joinNeighbours(pieces: readonly { item: Y.Item; text: string }[]): readonly LostWords[] {
  const runs: { parent: Y.Item["parent"]; text: string; item: Y.Item }[] = [];
  for (const { item, text } of pieces) {
    const last = runs.at(-1);
    if (last !== undefined && last.parent === item.parent) last.text += text;
    else runs.push({ parent: item.parent, text, item });
  }
  return runs.map(({ text, item }) => ({ text, place: placeOf(item) }));
}

/** Where a deleted item stood: an index in the nearest type around it that still lives. */
function placeOf(item: Y.Item): Y.RelativePosition {
  let child = item;
  while (child.parent instanceof Y.AbstractType && child.parent._item?.deleted === true) child = child.parent._item;
  const parent = child.parent as Y.AbstractType<unknown>;
  let index = 0;
  for (let left = child.left; left !== null; left = left.left) if (!left.deleted && left.countable) index += left.length;
  return Y.createRelativePositionFromTypeIndex(parent, index);
}

function insertedText(transaction: Y.Transaction): string {
  let text = "";
  for (const [client, after] of transaction.afterState) {
    const before = transaction.beforeState.get(client) ?? 0;
    if (after === before) continue;
    const structs = transaction.doc.store.clients.get(client) ?? [];
    for (let at = Y.findIndexSS(structs, before); at < structs.length; at += 1) {
      const struct = structs[at];
      if (struct instanceof Y.Item && !struct.deleted && struct.content instanceof Y.ContentString) text += struct.content.str;
    }
    text += "\n";
  }
  return text;
}

function insertIntoBlock(block: Y.XmlElement, text: string): void {
  const present = block.toArray().findLast((child) => child instanceof Y.XmlText);
  if (present instanceof Y.XmlText) present.insert(present.length, text);
  else block.insert(0, [new Y.XmlText(text)]);
}

function append(doc: Y.Doc, text: string): void {
  const fragment = doc.getXmlFragment("default");
  if (fragment.length > 0) return fragment.insert(fragment.length, [blockOf(text)]);
  const code = doc.getText("text");
  code.insert(code.length, text);
}

function blockOf(text: string): Y.XmlElement {
  const block = new Y.XmlElement("block");
  block.setAttribute("kind", "paragraph");
  block.insert(0, [new Y.XmlText(text)]);
  return block;
}

function takesBlocks(type: Y.XmlFragment): boolean {
  return !(type instanceof Y.XmlElement) || type.nodeName === "tableCell" || type.nodeName === "tableHeader";
}

function lettersIn(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
}
