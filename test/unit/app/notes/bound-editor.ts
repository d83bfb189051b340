/**
 * BoundEditor: a CodeMirror editor without a page: its state, its history and the binding, with the commands of one.
 */
import { history, redo, undo } from "@codemirror/commands";
import { EditorState, type Transaction, type TransactionSpec } from "@codemirror/state";
import * as A from "automerge";
import { TextBinding, textIn, unchangedLines } from "../../../../client/app/notes/text-binding.ts";
import type { MemoryHandle } from "./memory-handle.ts";

export interface TextDocument {
  text: string;
}

export class BoundEditor {
  state: EditorState;
  readonly handle: MemoryHandle<TextDocument>;
  readonly #binding: TextBinding<"text">;

  constructor(handle: MemoryHandle<TextDocument>) {
    this.handle = handle;
    this.state = EditorState.create({ doc: textIn(handle.doc(), "text"), extensions: [unchangedLines, history({ newGroupDelay: 0 })] });
    this.#binding = new TextBinding(this, { handle, field: "text", splice: A.splice });
  }

  get text(): string {
    return this.state.doc.toString();
  }

  readonly dispatch = (spec: TransactionSpec | Transaction): void => {
    const transaction = "startState" in spec ? spec : this.state.update(spec);
    this.state = transaction.state;
    this.#binding.changed([transaction]);
  };

  undo(): boolean {
    return undo(this);
  }

  redo(): boolean {
    return redo(this);
  }

  close(): void {
    this.#binding.close();
  }
}
