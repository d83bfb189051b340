/**
 * Writing: what a person does to a document, drawn from a seeded stream. Every insertion carries a word of its own,
 * eight letters between angles, so that what a text holds can be counted: no word is there twice.
 */
import type * as Y from "yjs";
import { randomInteger, type Random } from "@inkmesh/shared/base/random";

const wordLetters = 8;

export class Writer {
  readonly #name: string;
  readonly #random: Random;
  #words = 0;

  constructor(options: { name: string; random: Random }) {
    this.#name = options.name;
    this.#random = options.random;
  }

  /** One edit: a word, a deletion, a paste, a setting. */
  edit(doc: Y.Doc): void {
    const text = doc.getText("text");
    const dice = this.#random.fraction();
    if (dice < 0.62 || text.length < 8) return this.type(doc);
    if (dice < 0.84)
      return text.delete(randomInteger(this.#random, text.length), 1 + randomInteger(this.#random, Math.min(3, text.length / 2)));
    if (dice < 0.88) return this.#replace(doc, text);
    if (dice < 0.96) return void doc.getMap("settings").set(`key${randomInteger(this.#random, 3)}`, `${this.#name}${(this.#words += 1)}`);
    doc.getArray("list").insert(randomInteger(this.#random, doc.getArray("list").length + 1), [`${this.#name}${(this.#words += 1)}`]);
  }

  /** A deletion only: state vectors do not show those. */
  remove(doc: Y.Doc): void {
    const text = doc.getText("text");
    if (text.length > 0) text.delete(randomInteger(this.#random, text.length), 1);
  }

  /** A word, somewhere. */
  type(doc: Y.Doc): void {
    const text = doc.getText("text");
    text.insert(randomInteger(this.#random, text.length + 1), this.#word());
  }

  #replace(doc: Y.Doc, text: Y.Text): void {
    doc.transact(() => {
      const at = randomInteger(this.#random, text.length - 2);
      text.delete(at, 2);
      text.insert(at, Array.from({ length: 1 + randomInteger(this.#random, 12) }, () => this.#word()).join(" "));
    });
  }

  #word(): string {
    return `<${this.#random.fraction().toString(36).slice(2).padEnd(wordLetters, "0").slice(0, wordLetters)}>`;
  }
}
