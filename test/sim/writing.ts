/**
 * Writing: what a person does to a document, drawn from a seeded stream. Every insertion carries a word of its own,
 * eight letters between angles, so that what a text holds can be counted: no word is there twice.
 */
import * as Y from "yjs";
import { randomInteger, type Random } from "@inkmesh/shared/base/random";

const wordLetters = 8;

/** What a person writes in: a text, settings, a list. */
export interface Sheet {
  readonly text: { readonly length: number; insert(at: number, words: string): unknown; delete(at: number, length: number): unknown };
  readonly listLength: number;
  /** Runs `work` as one edit. */
  together(work: () => void): void;
  set(key: string, value: string): void;
  insertInList(at: number, value: string): void;
}

function sheetOf(doc: Y.Doc | Sheet): Sheet {
  if (!(doc instanceof Y.Doc)) return doc;
  return {
    text: doc.getText("text"),
    get listLength() {
      return doc.getArray("list").length;
    },
    together: (work) => doc.transact(work),
    set: (key, value) => void doc.getMap("settings").set(key, value),
    insertInList: (at, value) => doc.getArray("list").insert(at, [value]),
  };
}

export class Writer {
  readonly #name: string;
  readonly #random: Random;
  #words = 0;

  constructor(options: { name: string; random: Random }) {
    this.#name = options.name;
    this.#random = options.random;
  }

  /** One edit: a word, a deletion, a paste, a setting. */
  edit(doc: Y.Doc | Sheet): void {
    const sheet = sheetOf(doc);
    const { text } = sheet;
    const dice = this.#random.fraction();
    if (dice < 0.62 || text.length < 8) return this.type(sheet);
    if (dice < 0.84)
      return void text.delete(randomInteger(this.#random, text.length), 1 + randomInteger(this.#random, Math.min(3, text.length / 2)));
    if (dice < 0.88) return this.#replace(sheet);
    if (dice < 0.96) return sheet.set(`key${randomInteger(this.#random, 3)}`, `${this.#name}${(this.#words += 1)}`);
    sheet.insertInList(randomInteger(this.#random, sheet.listLength + 1), `${this.#name}${(this.#words += 1)}`);
  }

  /** A deletion only: state vectors do not show those. */
  remove(doc: Y.Doc | Sheet): void {
    const { text } = sheetOf(doc);
    if (text.length > 0) text.delete(randomInteger(this.#random, text.length), 1);
  }

  /** A word, somewhere. */
  type(doc: Y.Doc | Sheet): void {
    const { text } = sheetOf(doc);
    text.insert(randomInteger(this.#random, text.length + 1), this.#word());
  }

  #replace({ text, together }: Sheet): void {
    together(() => {
      const at = randomInteger(this.#random, text.length - 2);
      text.delete(at, 2);
      text.insert(at, Array.from({ length: 1 + randomInteger(this.#random, 12) }, () => this.#word()).join(" "));
    });
  }

  #word(): string {
    return `<${this.#random.fraction().toString(36).slice(2).padEnd(wordLetters, "0").slice(0, wordLetters)}>`;
  }
}
