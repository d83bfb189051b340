/**
 * NotesEditor: Markdown notes in an Automerge document: CodeMirror bound to its text, and beside it (on a phone in its place) how they read.
 * Everything of CodeMirror, Automerge and Markdown is behind this file, so that the page can load it when it is needed.
 *
 * Undo takes back what was typed here and nothing else: what comes in is no part of CodeMirror's history. Tab leaves the editor; lines are
 * indented by Mod-].
 */
import { closeBrackets } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { markdown, markdownKeymap, markdownLanguage } from "@codemirror/lang-markdown";
import { search, searchKeymap } from "@codemirror/search";
import { type ChangeDesc, Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, placeholder } from "@codemirror/view";
import { Automerge } from "@inkmesh/client/automerge";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import type { AutomergeEditorProps, NotesDocument } from "../automerge-editor-props.ts";
import { codeTheme } from "../code/code-theme.ts";
import { lineInSight, topOf } from "../code/looked-at.ts";
import { remoteCarets } from "../code/remote-carets.ts";
import { Hands } from "../hands.ts";
import { steadied } from "../steady-view.ts";
import { ToolbarPlace } from "../toolbar.tsx";
import { around } from "./markdown-commands.ts";
import { NotesToolbar } from "./notes-toolbar.tsx";
import { PreviewPane } from "./preview-pane.tsx";
import { textBinding, textIn } from "./text-binding.ts";
import { textPlaces } from "./text-places.ts";

/** Where there is room for both beside each other: as in `styles/notes.css`. */
const isWide = "(min-width: 60rem)";

type NotesEditorProps = AutomergeEditorProps<NotesDocument>;

export default function NotesEditor({ handle, awareness, holdRemote, editable, autofocus }: NotesEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const editing = useRef(new Compartment());
  const [view, setView] = useState<EditorView>();
  const [isPreviewed, showPreview] = useState(() => matchMedia(isWide).matches);
  const wide = useWide();
  const [, draw] = useReducer((count: number, _: void) => count + 1, 0);

  useEffect(() => {
    if (place.current === null) return undefined;
    const hands = new Hands(holdRemote);
    const created = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: textIn(handle.doc(), "text"),
        extensions: extensionsFor({ handle, awareness, hands, editing: editing.current, drawn: () => draw() }),
      }),
    });
    setView(created);
    if (autofocus) created.focus();
    return () => {
      created.destroy();
      hands.free();
      setView(undefined);
    };
  }, [handle, awareness, holdRemote]);

  useEffect(() => {
    view?.dispatch({ effects: editing.current.reconfigure(editableIs(editable)) });
  }, [view, editable]);

  return (
    <>
      {view === undefined ? (
        <ToolbarPlace />
      ) : (
        <NotesToolbar view={view} editable={editable && (wide || !isPreviewed)} isPreviewed={isPreviewed} onPreview={showPreview} />
      )}
      <div class={`notes${isPreviewed ? " previewed" : ""}`}>
        <div class="sheet code notes-text" ref={place} />
        {isPreviewed && view !== undefined && <PreviewPane text={view.state.doc.toString()} />}
      </div>
    </>
  );
}

/** Whether the text can be seen beside the preview. */
function useWide(): boolean {
  const [wide, setWide] = useState(() => matchMedia(isWide).matches);
  useEffect(() => {
    const query = matchMedia(isWide);
    const look = () => setWide(query.matches);
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, []);
  return wide;
}

interface Bound extends Pick<NotesEditorProps, "handle" | "awareness"> {
  readonly hands: Hands;
  readonly editing: Compartment;
  readonly drawn: () => void;
}

function extensionsFor({ handle, awareness, hands, editing, drawn }: Bound): Extension[] {
  const sight = new Sight();
  return [
    markdown({ base: markdownLanguage, addKeymap: false }),
    history(),
    highlightActiveLine(),
    drawSelection(),
    closeBrackets(),
    search({ top: true }),
    placeholder("Write…"),
    EditorView.lineWrapping,
    keymap.of([
      { key: "Mod-b", run: around("**") },
      { key: "Mod-i", run: around("*") },
      ...markdownKeymap,
      ...historyKeymap,
      ...searchKeymap,
      ...defaultKeymap,
    ]),
    EditorView.contentAttributes.of({ "aria-label": "Notes", "aria-multiline": "true", spellcheck: "true", autocapitalize: "sentences" }),
    EditorView.domEventHandlers({
      compositionstart: () => hands.busy("composition"),
      compositionend: () => hands.freeSoon("composition"),
      blur: () => hands.free(),
    }),
    EditorView.updateListener.of((update) => {
      sight.follow(update.changes);
      if (update.docChanged) drawn();
    }),
    codeTheme,
    editing.of(editableIs(true)),
    textBinding({ handle, field: "text", splice: Automerge.splice }, (view, show) => sight.keep(view, show)),
    remoteCarets({ places: textPlaces(Automerge, () => handle.doc(), "text"), awareness, hands }),
  ];
}

/** The line that somebody looks at, followed through what others do. */
class Sight {
  #at = 0;

  follow(changes: ChangeDesc): void {
    this.#at = changes.mapPos(this.#at, 1);
  }

  keep(view: EditorView, show: () => void): void {
    this.#at = lineInSight(view);
    const drawn = steadied({ top: () => topOf(view, Math.min(this.#at, view.state.doc.length)) }, (again) =>
      view.requestMeasure({ read: again }),
    );
    show();
    drawn();
  }
}

function editableIs(editable: boolean): Extension {
  return [EditorState.readOnly.of(!editable), EditorView.editable.of(editable)];
}
