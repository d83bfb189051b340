/**
 * TextClient: somebody with a Yjs document of one text, whatever brings it to a relay.
 */
import * as Y from "yjs";
import { until } from "./until.ts";

export abstract class TextClient {
  readonly doc: Y.Doc;
  /** What it is, for people. */
  protected abstract readonly kind: string;

  constructor(doc = new Y.Doc()) {
    this.doc = doc;
  }

  get text(): Y.Text {
    return this.doc.getText("text");
  }

  read(): string {
    return this.text.toString();
  }

  /** Types at a place, in one transaction. */
  insert(index: number, text: string): void {
    this.text.insert(index, text);
  }

  async reads(expected: string, timeoutMs = 15_000): Promise<void> {
    await until(`${this.kind} reads the text`, () => this.read() === expected, { timeoutMs, seen: () => this.read() });
  }
}
