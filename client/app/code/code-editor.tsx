/**
 * CodeEditor: a document of code, bound to CodeMirror. Everything of CodeMirror is behind this file, so that the page can
 * load it when it is needed. Remote edits wait while a character is being composed, as in rich text.
 *
 * Tab indents; after Escape, Tab leaves the editor, so that the keyboard is not caught in it.
 */
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, indentOnInput } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef, useState } from "preact/hooks";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import { UndoManager, type Text } from "yjs";
import { codeField, metaOf, setLanguage, watchMeta } from "../document-meta.ts";
import type { EditorProps } from "../editor-props.ts";
import { Hands } from "../hands.ts";
import { keepSteady } from "../steady-view.ts";
import { ToolbarPlace } from "../toolbar.tsx";
import { codeTheme } from "./code-theme.ts";
import { CodeToolbar } from "./code-toolbar.tsx";
import { languageOf } from "./languages.ts";
import { lookedAt } from "./looked-at.ts";
import { remoteCarets } from "./remote-carets.ts";
import { textPlaces } from "./text-places.ts";

export default function CodeEditor({ room, editable, autofocus }: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const parts = useRef({ language: new Compartment(), editable: new Compartment() });
  const [bound, setBound] = useState<{ view: EditorView; undoManager: UndoManager }>();
  const [language, showLanguage] = useState(() => languageOf(metaOf(room.doc).language));

  useEffect(() => {
    if (place.current === null) return undefined;
    const text = room.doc.getText(codeField);
    const undoManager = new UndoManager(text);
    const hands = new Hands((busy) => room.holdRemote(busy));
    const view = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: text.toString(),
        extensions: extensionsFor({ text, undoManager, room, hands, parts: parts.current }),
      }),
    });
    const unwatch = keepSteady(
      room,
      () => lookedAt(view, text),
      (again) => view.requestMeasure({ read: again }),
    );
    setBound({ view, undoManager });
    if (autofocus) view.focus();
    return () => {
      unwatch();
      view.destroy();
      undoManager.destroy();
      hands.free();
    };
  }, [room]);

  useEffect(() => watchMeta(room.doc, () => showLanguage(languageOf(metaOf(room.doc).language))), [room]);

  useEffect(() => {
    let current = true;
    const show = (extension: Extension) => current && bound?.view.dispatch({ effects: parts.current.language.reconfigure(extension) });
    // Without a relay a language may be out of reach: then the code has no colours, and is code all the same.
    language.load().then(show, () => show([]));
    return () => {
      current = false;
    };
  }, [bound, language]);

  useEffect(() => {
    bound?.view.dispatch({ effects: parts.current.editable.reconfigure(editableIs(editable)) });
  }, [bound, editable]);

  return (
    <>
      {bound === undefined ? (
        <ToolbarPlace />
      ) : (
        <CodeToolbar
          undoManager={bound.undoManager}
          language={language}
          editable={editable}
          onLanguage={(id) => setLanguage(room.doc, id)}
        />
      )}
      <div class="sheet code" ref={place} />
    </>
  );
}

interface Bound {
  readonly text: Text;
  readonly undoManager: UndoManager;
  readonly room: EditorProps["room"];
  readonly hands: Hands;
  readonly parts: { readonly language: Compartment; readonly editable: Compartment };
}

function extensionsFor({ text, undoManager, room, hands, parts }: Bound): Extension[] {
  return [
    lineNumbers(),
    foldGutter(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    search({ top: true }),
    highlightSelectionMatches(),
    EditorView.lineWrapping,
    keymap.of([...closeBracketsKeymap, ...yUndoManagerKeymap, ...searchKeymap, ...defaultKeymap, indentWithTab]),
    EditorView.contentAttributes.of({ "aria-label": "Code" }),
    EditorView.domEventHandlers({
      compositionstart: () => hands.busy("composition"),
      compositionend: () => hands.freeSoon("composition"),
      blur: () => hands.free(),
    }),
    codeTheme,
    parts.language.of([]),
    parts.editable.of(editableIs(true)),
    yCollab(text, null, { undoManager }),
    remoteCarets({ places: textPlaces(text), awareness: room.awareness, hands }),
  ];
}

function editableIs(editable: boolean): Extension {
  return [EditorState.readOnly.of(!editable), EditorView.editable.of(editable)];
}
