/**
 * BoundEditor: the editor's schema, commands and CRDT binding without a page: a ProseMirror state kept by hand, and as
 * much of a view as the binding asks for. Two of them, whose documents exchange updates when a test says so, are two
 * people in one document.
 */
import type { Node as ProseMirrorNode, Schema } from "@tiptap/pm/model";
import { type Command, EditorState, type Plugin, TextSelection, type Transaction } from "@tiptap/pm/state";
import type { EditorView } from "@tiptap/pm/view";
import { undo, ySyncPlugin, yUndoPlugin } from "@tiptap/y-tiptap";
import * as Y from "yjs";
import { richTextSchema } from "../../../../client/app/rich-text/schema.ts";
import { readBlock } from "../../../../client/app/rich-text/block-attributes.ts";

const ours = richTextSchema();

export class BoundEditor {
  readonly doc: Y.Doc;
  state: EditorState;
  readonly #views: ReturnType<NonNullable<Plugin["spec"]["view"]>>[] = [];

  constructor(doc: Y.Doc, schema: Schema = ours) {
    this.doc = doc;
    const bound: Plugin[] = [ySyncPlugin(doc.getXmlFragment("default")), yUndoPlugin({ protectedNodes: new Set(["block"]) })];
    this.state = EditorState.create({ schema, plugins: bound });
    const view = this.#asView();
    for (const plugin of bound) this.#views.push(plugin.spec.view?.(view) ?? {});
  }

  /** The lines as a reader sees them: "h2 Title", "- item", "[x] done", indented by two spaces a level. */
  get lines(): readonly string[] {
    const lines: string[] = [];
    this.state.doc.descendants((node) => {
      if (node.type.name === "block") lines.push(lineOf(node));
      return node.type.name !== "block";
    });
    return lines;
  }

  /** Puts the caret into the line `index` (of the outermost ones), `offset` characters from its start, or at its end. */
  caret(index: number, offset?: number): this {
    let position = 0;
    for (let at = 0; at < index; at += 1) position += this.state.doc.child(at).nodeSize;
    const size = this.state.doc.child(index).content.size;
    this.#dispatch(this.state.tr.setSelection(TextSelection.create(this.state.doc, position + 1 + (offset ?? size))));
    return this;
  }

  /** Selects from the start of one line to the end of another. */
  select(from: number, to: number): this {
    const start = this.caret(from, 0).state.selection.from;
    const end = this.caret(to).state.selection.to;
    this.#dispatch(this.state.tr.setSelection(TextSelection.create(this.state.doc, start, end)));
    return this;
  }

  type(text: string): this {
    this.#dispatch(this.state.tr.insertText(text));
    return this;
  }

  /** Runs a command; answers whether it applied. */
  run(command: Command): boolean {
    return command(this.state, (transaction) => this.#dispatch(transaction));
  }

  undo(): boolean {
    return undo(this.state);
  }

  #dispatch(transaction: Transaction): void {
    const before = this.state;
    this.state = this.state.apply(transaction);
    for (const view of this.#views) view.update?.(this.#asView(), before);
  }

  /** What the binding uses of a view. */
  #asView(): EditorView {
    const view = { dispatch: (transaction: Transaction) => this.#dispatch(transaction), hasFocus: () => false, composing: false, dom: {} };
    return Object.defineProperty(view, "state", { get: () => this.state }) as unknown as EditorView;
  }
}

/** Two editors of one document that has these lines, each with its own copy. */
export function twoEditors(...lines: readonly string[]): readonly [BoundEditor, BoundEditor] {
  const [left, right] = [new Y.Doc(), new Y.Doc()];
  left.clientID = 1;
  right.clientID = 2;
  const fragment = left.getXmlFragment("default");
  fragment.insert(0, lines.map(blockOf));
  Y.applyUpdate(right, Y.encodeStateAsUpdate(left));
  return [new BoundEditor(left), new BoundEditor(right)];
}

/** Lets two editors hear of all that the other did, as if both had done it at the same moment. */
export function exchange(left: BoundEditor, right: BoundEditor): void {
  const toRight = Y.encodeStateAsUpdate(left.doc, Y.encodeStateVector(right.doc));
  const toLeft = Y.encodeStateAsUpdate(right.doc, Y.encodeStateVector(left.doc));
  Y.applyUpdate(right.doc, toRight, "remote");
  Y.applyUpdate(left.doc, toLeft, "remote");
}

function blockOf(text: string): Y.XmlElement {
  const block = new Y.XmlElement("block");
  block.setAttribute("kind", "paragraph");
  if (text !== "") block.insert(0, [new Y.XmlText(text)]);
  return block;
}

function lineOf(node: ProseMirrorNode): string {
  const { kind, level, list, checked, indent } = readBlock(node.attrs);
  const margin = "  ".repeat(indent);
  const item = { none: "", bullet: "- ", ordered: "# ", task: checked ? "[x] " : "[ ] " }[list];
  const sign = { paragraph: "", heading: `h${level} `, quote: "> ", code: "` " }[kind];
  return margin + item + sign + node.textContent;
}
