/**
 * RichTextEditor: a document's text, bound to an editor. Everything of ProseMirror and Tiptap is behind this file, so
 * that the page can load it when it is needed.
 */
import { Editor } from "@tiptap/core";
import { Collaboration } from "@tiptap/extension-collaboration";
import { useEffect, useRef, useState } from "preact/hooks";
import { textField } from "../document-meta.ts";
import type { EditorProps } from "../editor-props.ts";
import { keepSteady } from "../steady-view.ts";
import { ToolbarPlace } from "../toolbar.tsx";
import { BlockInputRules } from "./block-input-rules.ts";
import { BlockKeymap } from "./block-keymap.ts";
import { busyHands } from "./busy-hands.ts";
import { carets } from "./carets.ts";
import { foreignContent, watchForeignContent } from "./foreign-content.ts";
import { imageInsertion, insertFiles } from "./image-insertion.ts";
import { ImageSources } from "./image-sources.ts";
import { lookedAt } from "./looked-at.ts";
import { OrderedNumbers } from "./ordered-numbers.ts";
import { Placeholder } from "./placeholder.ts";
import { RichTextToolbar } from "./rich-text-toolbar.tsx";
import { schemaExtensions } from "./schema.ts";
import { blockName } from "./block-attributes.ts";

export default function RichTextEditor({ room, editable, autofocus, onForeign, onSay }: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor>();

  useEffect(() => {
    const fragment = room.doc.getXmlFragment(textField);
    const foreign = foreignContent(fragment);
    if (place.current === null || foreign !== undefined) {
      if (foreign !== undefined) onForeign(foreign);
      return undefined;
    }
    const sources = new ImageSources(room);
    const created = createEditor(place.current, { room, fragment, autofocus, sources, onSay });
    const unwatch = watchForeignContent(fragment, (name) => {
      unbind();
      onForeign(name);
    });
    const unsteady = keepSteady(room, () => lookedAt(created, fragment));
    const unbind = () => {
      unwatch();
      unsteady();
      setEditor(undefined);
      created.destroy();
      sources.close();
    };
    setEditor(created);
    return unbind;
  }, [room]);

  useEffect(() => {
    editor?.setEditable(editable);
  }, [editor, editable]);

  return (
    <>
      {editor === undefined ? (
        <ToolbarPlace />
      ) : (
        <RichTextToolbar editor={editor} editable={editable} onFiles={(files) => void insertFiles(editor, files, { room, say: onSay })} />
      )}
      <div class="sheet rich-text" ref={place} onClick={(event) => focusBelowText(event, editor)} />
    </>
  );
}

function createEditor(
  element: HTMLElement,
  {
    room,
    fragment,
    autofocus,
    sources,
    onSay,
  }: Pick<EditorProps, "room" | "autofocus" | "onSay"> & {
    fragment: ReturnType<EditorProps["room"]["doc"]["getXmlFragment"]>;
    sources: ImageSources;
  },
): Editor {
  return new Editor({
    element,
    injectCSS: false,
    autofocus: autofocus ? "end" : false,
    extensions: [
      ...schemaExtensions({ awareness: room.awareness, room: room.name, sources }),
      imageInsertion({ room, say: onSay }),
      BlockKeymap,
      BlockInputRules,
      OrderedNumbers,
      Placeholder,
      Collaboration.configure({
        fragment,
        // Undoing that one made a block must not take away what others typed into it since.
        yUndoOptions: { protectedNodes: new Set([blockName]), trackedOrigins: [] },
      }),
      carets(room.awareness),
      busyHands((busy) => room.holdRemote(busy)),
    ],
    editorProps: {
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": "Document text", class: "page" },
      handleKeyDown: (_view, event) => {
        if (event.key !== "Escape") return false;
        document.querySelector<HTMLElement>(".toolbar button:not(:disabled), .toolbar select")?.focus();
        return true;
      },
    },
  });
}

/** A click below the last line means the last line. */
function focusBelowText(event: MouseEvent, editor: Editor | undefined): void {
  if (event.target === event.currentTarget) editor?.commands.focus("end");
}
