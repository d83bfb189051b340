/**
 * SimDocument: a text in a document of either kind, as a client of the simulation has it.
 */
import { Automerge, AutomergeHandle } from "@inkmesh/client/automerge";
import type { EngineName } from "@inkmesh/shared/engine/crdt-engine";
import * as Y from "yjs";
import { share, type SharedDocument } from "../../../client/provider/shared-document.ts";
import { YjsSharedDocument } from "../../../client/provider/yjs-shared-document.ts";

export interface SimDocument {
  readonly shared: SharedDocument;
  readonly text: string;
  insert(at: number, words: string): void;
}

export interface Note {
  text: string;
}

export function newDocument(engine: EngineName): SimDocument {
  return engine === "yjs" ? new YjsDocument() : new AutomergeNote();
}

/** The text of a document that consists of `updates`. */
export function textOf(engine: EngineName, updates: readonly Uint8Array[]): string {
  const document = newDocument(engine);
  document.shared.apply(updates.map((update) => ({ update, source: "device" })));
  return document.text;
}

/** The same bytes, whoever makes it: all begin with the one text. */
export function aBeginning(): Automerge.Doc<Note> {
  return Automerge.change(Automerge.init<Note>({ actor: "be" }), { time: 0 }, (draft) => void (draft.text = ""));
}

class YjsDocument implements SimDocument {
  readonly #doc = new Y.Doc();
  readonly shared = new YjsSharedDocument(this.#doc, this);

  get text(): string {
    return this.#doc.getText("t").toString();
  }

  insert(at: number, words: string): void {
    this.#doc.getText("t").insert(at, words);
  }
}

class AutomergeNote implements SimDocument {
  readonly #handle = new AutomergeHandle<Note>(aBeginning());
  readonly shared = this.#handle[share]();

  get text(): string {
    return this.#handle.doc().text;
  }

  insert(at: number, words: string): void {
    this.#handle.change((draft) => Automerge.splice(draft as Automerge.Doc<Note>, ["text"], at, 0, words));
  }
}
