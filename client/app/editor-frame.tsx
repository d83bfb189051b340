/**
 * EditorFrame: loads the editor that a document needs, when it needs it, and stands in for it meanwhile; or says why
 * there is none.
 */
import type { InkmeshRoom } from "@inkmesh/client";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { plainText } from "./document-copy.ts";
import { metaOf, watchMeta } from "./document-meta.ts";
import type { EditorProps } from "./editor-props.ts";
import { EmptyState } from "./empty-state.tsx";
import type { DocumentKind } from "./page-location.ts";
import { ToolbarPlace } from "./toolbar.tsx";

const editors: Record<DocumentKind, () => Promise<{ default: ComponentType<EditorProps> }>> = {
  text: () => import("./rich-text/rich-text-editor.tsx"),
  code: () => import("./code/code-editor.tsx"),
};

/** Fetches both editors while nothing else is to do, so that a document can be begun after the relay has gone. */
export async function fetchEditors(): Promise<void> {
  await new Promise<void>((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: 3_000 });
    else setTimeout(resolve, 1_000);
  });
  await Promise.allSettled(Object.values(editors).map((load) => load()));
}

export function EditorFrame({ room, editable, onSay }: Pick<EditorProps, "room" | "editable" | "onSay">) {
  const kind = useKind(room);
  const [foreign, setForeign] = useState<string>();
  const editor = useEditor(kind);

  if (foreign !== undefined) return <ForeignDocument room={room} found={foreign} />;
  if (editor === "failed") {
    return (
      // Some browsers do not fetch a module again that failed once, for as long as the page lives.
      <EmptyState title="The editor could not be loaded" action={{ label: "Load the page again", onPress: () => location.reload() }}>
        The relay that serves this page did not answer. Your documents on this device are untouched.
      </EmptyState>
    );
  }
  if (editor === undefined) return <ToolbarPlace />;
  const { default: LoadedEditor } = editor;
  return <LoadedEditor key={kind} room={room} editable={editable} autofocus={false} onSay={onSay} onForeign={setForeign} />;
}

function useKind(room: InkmeshRoom): DocumentKind {
  const [kind, setKind] = useState(() => metaOf(room.doc).kind);
  useEffect(() => {
    const look = () => setKind(metaOf(room.doc).kind);
    look();
    return watchMeta(room.doc, look);
  }, [room]);
  return kind;
}

function useEditor(kind: DocumentKind) {
  const [editor, setEditor] = useState<{
    readonly kind: DocumentKind;
    readonly loaded: { default: ComponentType<EditorProps> } | "failed";
  }>();
  useEffect(() => {
    let current = true;
    const show = (loaded: { default: ComponentType<EditorProps> } | "failed") => current && setEditor({ kind, loaded });
    editors[kind]().then(show, () => show("failed"));
    return () => {
      current = false;
    };
  }, [kind]);
  return editor?.kind === kind ? editor.loaded : undefined;
}

/** A document of another editor: shown as text, so that nothing in it is lost by being shown. */
function ForeignDocument({ room, found }: { room: InkmeshRoom; found: string }) {
  return (
    <div class="sheet foreign">
      <p class="banner care" role="status">
        This document was written with another editor (it has “{found}”, which this one does not know). It is shown here as plain text, and
        cannot be changed here, so that nothing in it is lost.
      </p>
      <pre>{plainText(room.doc)}</pre>
    </div>
  );
}
