/**
 * EditorFrame: loads the editor that a document needs, when it needs it, and stands in for it meanwhile; or says why
 * there is none.
 */
import type { AutomergeHandle } from "@inkmesh/client/automerge";
import type { ComponentType } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { type AnyRoom, type AutomergeRoom, isYjsRoom, type YjsRoom } from "./any-room.ts";
import { foreignIn } from "./automerge-content.ts";
import type { AutomergeEditorProps, BoardDocument, NotesDocument } from "./automerge-editor-props.ts";
import { plainText } from "./document-copy.ts";
import { metaOf, watchMeta } from "./document-meta.ts";
import type { EditorProps } from "./editor-props.ts";
import { EmptyState } from "./empty-state.tsx";
import type { DocumentKind } from "./page-location.ts";
import { ToolbarPlace } from "./toolbar.tsx";

interface Loaded<Props> {
  readonly default: ComponentType<Props>;
}

const yjsEditors = {
  text: () => import("./rich-text/rich-text-editor.tsx"),
  code: () => import("./code/code-editor.tsx"),
} as const satisfies Partial<Record<DocumentKind, () => Promise<Loaded<EditorProps>>>>;

const automergeEditors: {
  readonly notes: () => Promise<Loaded<AutomergeEditorProps<NotesDocument>>>;
  readonly board: () => Promise<Loaded<AutomergeEditorProps<BoardDocument>>>;
} = {
  notes: () => import("./notes/notes-editor.tsx"),
  board: () => import("./board/board-editor.tsx"),
};

/**
 * Fetches the editors of texts and code while nothing else is to do, so that such a document can be begun after the relay has gone. The others need
 * Automerge first, and are asked for with it.
 */
export async function fetchEditors(): Promise<void> {
  await new Promise<void>((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: 3_000 });
    else setTimeout(resolve, 1_000);
  });
  await Promise.allSettled(Object.values(yjsEditors).map((load) => load()));
}

interface EditorFrameProps<Room> extends Pick<EditorProps, "editable" | "onSay"> {
  readonly room: Room;
}

export function EditorFrame({ room, ...others }: EditorFrameProps<AnyRoom>) {
  return isYjsRoom(room) ? <YjsFrame room={room} {...others} /> : <AutomergeFrame room={room} {...others} />;
}

function YjsFrame({ room, editable, onSay }: EditorFrameProps<YjsRoom>) {
  const kind = useKind(room) === "code" ? "code" : "text";
  const [foreign, setForeign] = useState<string>();
  const editor = useEditor<EditorProps>(yjsEditors[kind]);

  if (foreign !== undefined) return <ForeignDocument room={room} found={foreign} />;
  if (editor === "failed") return <NoEditor />;
  if (editor === undefined) return <ToolbarPlace />;
  const { default: LoadedEditor } = editor;
  return <LoadedEditor key={kind} room={room} editable={editable} autofocus={false} onSay={onSay} onForeign={setForeign} />;
}

function AutomergeFrame({ room, ...others }: EditorFrameProps<AutomergeRoom>) {
  const kind = useKind(room);
  const foreign = useForeign(room);
  useUntaken(room, others.onSay);
  if (foreign !== undefined) return <ForeignDocument room={room} found={foreign} />;
  // What the handle holds was looked at: it is what the editor of its kind takes.
  return kind === "board" ? (
    <LoadedFrame<BoardDocument> key={kind} load={automergeEditors.board} room={room} {...others} />
  ) : (
    <LoadedFrame<NotesDocument> key={kind} load={automergeEditors.notes} room={room} {...others} />
  );
}

interface LoadedFrameProps<T> extends EditorFrameProps<AutomergeRoom> {
  readonly load: () => Promise<Loaded<AutomergeEditorProps<T>>>;
}

function LoadedFrame<T>({ load, room, editable, onSay }: LoadedFrameProps<T>) {
  const editor = useEditor(load);
  const holdRemote = useCallback((hold: boolean) => room.holdRemote(hold), [room]);
  if (editor === "failed") return <NoEditor />;
  if (editor === undefined) return <ToolbarPlace />;
  const { default: LoadedEditor } = editor;
  const handle = room.doc as unknown as AutomergeHandle<T>;
  return (
    <LoadedEditor handle={handle} awareness={room.awareness} holdRemote={holdRemote} editable={editable} autofocus={false} onSay={onSay} />
  );
}

function NoEditor() {
  return (
    // Some browsers do not fetch a module again that failed once, for as long as the page lives.
    <EmptyState title="The editor could not be loaded" action={{ label: "Load the page again", onPress: () => location.reload() }}>
      The relay that serves this page did not answer. Your documents on this device are untouched.
    </EmptyState>
  );
}

function useKind(room: AnyRoom): DocumentKind {
  const [kind, setKind] = useState(() => metaOf(room.doc).kind);
  useEffect(() => {
    const look = () => setKind(metaOf(room.doc).kind);
    look();
    return watchMeta(room.doc, look);
  }, [room]);
  return kind;
}

function useForeign(room: AutomergeRoom): string | undefined {
  const [foreign, setForeign] = useState(() => foreignIn(room.doc));
  useEffect(() => {
    const look = () => setForeign(foreignIn(room.doc));
    look();
    return watchMeta(room.doc, look);
  }, [room]);
  return foreign;
}

/** Says so when Automerge could not take something: nobody else would. */
function useUntaken(room: AutomergeRoom, onSay: (sentence: string) => void): void {
  useEffect(() => {
    const say = () =>
      onSay("Something could not be taken into this document, and is not shown. It is kept on this device; load the page again.");
    room.doc.on("error", say);
    return () => void room.doc.off("error", say);
  }, [room, onSay]);
}

function useEditor<Props>(load: () => Promise<Loaded<Props>>) {
  const [editor, setEditor] = useState<{ readonly load: typeof load; readonly loaded: Loaded<Props> | "failed" }>();
  useEffect(() => {
    let current = true;
    const show = (loaded: Loaded<Props> | "failed") => current && setEditor({ load, loaded });
    load().then(show, () => show("failed"));
    return () => {
      current = false;
    };
  }, [load]);
  return editor?.load === load ? editor.loaded : undefined;
}

/** A document of another editor: shown as text, so that nothing in it is lost by being shown. */
function ForeignDocument({ room, found }: { room: AnyRoom; found: string }) {
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
