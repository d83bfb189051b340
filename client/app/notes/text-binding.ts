/**
 * TextBinding: keeps a CodeMirror editor and a text of an Automerge document the same.
 *
 *     typed ─▶ transaction ─▶ one change of the document, a splice for each place
 *     others ─▶ patches ─▶ one transaction, which is nobody's to undo here
 *
 * Invariants: whenever neither is just being changed, the editor's text is the document's, letter by letter, whatever the patches said: it is
 * compared after each, and what differs is mended in the editor. The document is the truth.
 *
 * `@automerge/automerge-codemirror` does the same, and brings an Automerge under its own name, whose documents ours would not be.
 */
import { Annotation, EditorState, type Extension, Transaction, type TransactionSpec } from "@codemirror/state";
import { EditorView, ViewPlugin } from "@codemirror/view";
import type { ChangeFn } from "automerge/slim";
import type { EditedHandle, HandleChange } from "../automerge-editor-props.ts";
import { changesOf, differenceOf } from "./text-patches.ts";

type Texts<Field extends string> = Record<Field, string>;

export interface TextBindingOptions<Field extends string> {
  readonly handle: EditedHandle<Texts<Field>>;
  readonly field: Field;
  /** Automerge's own, given since it is loaded late. */
  readonly splice: (document: Texts<Field>, path: string[], index: number, deleted: number, inserted: string) => void;
  /** Calls the function that it is given, which draws what others did. */
  readonly drawRemote?: (draw: () => void) => void;
}

/** What of an editor's view is needed here. */
export interface BoundView {
  readonly state: EditorState;
  dispatch(spec: TransactionSpec): void;
}

const fromDocument = Annotation.define<true>();

/** The document's text. Somebody else's program may have put anything there. */
export function textIn<Field extends string>(document: Readonly<Partial<Record<Field, unknown>>>, field: Field): string {
  const text = document[field];
  return typeof text === "string" ? text : "";
}

/** For an editor that begins with `textIn(handle.doc(), field)`. `drawRemote` calls `draw`, and keeps what somebody looks at where it is. */
export function textBinding<Field extends string>(
  options: Omit<TextBindingOptions<Field>, "drawRemote">,
  drawRemote: (view: EditorView, draw: () => void) => void,
): Extension {
  return [
    unchangedLines,
    EditorView.clipboardInputFilter.of((pasted) => pasted.replaceAll(/\r\n?/g, "\n")),
    ViewPlugin.define((view) => {
      const binding = new TextBinding(view, { ...options, drawRemote: (draw) => drawRemote(view, draw) });
      return {
        update: ({ transactions }) => binding.changed(transactions),
        destroy: () => binding.close(),
      };
    }),
  ];
}

/** Lines end with \n alone: a \r that another program wrote is a letter here, too, or all places behind it would be wrong. */
export const unchangedLines = EditorState.lineSeparator.of("\n");

export class TextBinding<Field extends string> {
  readonly #view: BoundView;
  readonly #options: TextBindingOptions<Field>;
  #isWriting = false;
  #isClosed = false;

  constructor(view: BoundView, options: TextBindingOptions<Field>) {
    this.#view = view;
    this.#options = options;
    options.handle.on("change", this.#told);
  }

  close(): void {
    this.#isClosed = true;
    this.#options.handle.off("change", this.#told);
  }

  /** To be called after each update of the editor, with what it consisted of. */
  changed(transactions: readonly Transaction[]): void {
    const typed = transactions.filter((transaction) => transaction.docChanged && transaction.annotation(fromDocument) !== true);
    if (typed.length === 0) return;
    this.#isWriting = true;
    try {
      this.#options.handle.change(((document: Texts<Field>) => {
        for (const transaction of typed) this.#write(document, transaction);
      }) as ChangeFn<Texts<Field>>);
    } finally {
      this.#isWriting = false;
      // An editor that is just being updated takes no transaction; mostly there is none to make.
      if (this.#difference() !== undefined) queueMicrotask(() => this.#mend());
    }
  }

  #write(document: Texts<Field>, { changes }: Transaction): void {
    const { field, splice } = this.#options;
    if (typeof document[field] !== "string") document[field] = "" as Texts<Field>[Field];
    // Ascending, at the places of the new text: all that is before one is as it will be.
    changes.iterChanges((from, to, at, _end, inserted) =>
      splice(document, [field], at, to - from, inserted.sliceString(0, undefined, "\n")),
    );
  }

  readonly #told = ({ patches }: HandleChange<Texts<Field>>): void => {
    if (this.#isWriting) return;
    const { field, drawRemote = (draw) => draw() } = this.#options;
    const changes = changesOf(patches, field, this.#view.state.doc);
    drawRemote(() => {
      if (!changes.empty) this.#show({ changes });
      this.#mend();
    });
  };

  #difference() {
    const { handle, field } = this.#options;
    return differenceOf(this.#view.state.doc.toString(), textIn(handle.doc(), field));
  }

  #mend(): void {
    const changes = this.#isClosed ? undefined : this.#difference();
    if (changes !== undefined) this.#show({ changes });
  }

  #show(spec: TransactionSpec): void {
    this.#view.dispatch({
      ...spec,
      annotations: [fromDocument.of(true), Transaction.addToHistory.of(false), Transaction.remote.of(true)],
      // Filters are for what is typed: what the document says is shown, also where nothing may be typed.
      filter: false,
    });
  }
}
