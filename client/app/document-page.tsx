/**
 * DocumentPage: one document: its header, its editor, what is true about it.
 *
 *     opening ─▶ absent (nothing here, nothing from a relay yet) ─▶ ready ─▶ deleted
 *        └───────────────────────────────────────────────────────▲   └────▶ foreign (not ours to edit)
 *
 * The editor is bound only once this device's copy is in the document, and for a document that this device has never
 * seen only once the relay has answered: two people must not both put a first paragraph into it.
 */
import type { Inkmesh, InkmeshRoom } from "@inkmesh/client";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { DeletedNotice } from "./deleted-notice.tsx";
import { DetailsPanel } from "./details-panel.tsx";
import { DocumentMenu } from "./document-menu.tsx";
import { beginDocument, isBlank, metaOf, watchMeta } from "./document-meta.ts";
import { EditorFrame } from "./editor-frame.tsx";
import { EmptyState } from "./empty-state.tsx";
import type { Readiness } from "./installed-app.ts";
import type { KeptRooms } from "./kept-rooms.ts";
import { guardTab } from "./leaving.ts";
import { LostWordsNotice } from "./lost-words-notice.tsx";
import { useDeletion, useLoaded, useMeshStatus, useRoom, useRoomStatus } from "./mesh-hooks.ts";
import { Notice } from "./notice.tsx";
import { PageHeader } from "./page-header.tsx";
import { takeBeginning } from "./page-location.ts";
import { announce, usePeople, useUnseen } from "./people.ts";
import type { Person } from "./person.ts";
import { PresenceList } from "./presence-list.tsx";
import { rememberDocument } from "./recent-documents.ts";
import { ReturnNotice } from "./return-notice.tsx";
import { SetAsideNotice } from "./set-aside-notice.tsx";
import { StatusBar } from "./status-bar.tsx";
import { TitleField } from "./title-field.tsx";
import { mirrorTitle } from "./title-mirror.ts";
import { VersionNotice } from "./version-notice.tsx";

interface DocumentPageProps {
  readonly mesh: Inkmesh;
  readonly rooms: KeptRooms;
  readonly name: string;
  readonly person: Person;
  readonly onPerson: (person: Person) => void;
  readonly readiness: Readiness;
  readonly isSlow: boolean;
  readonly onTryIt: () => void;
  /** Brings the page up to date; answers in words why it is not done now, if so. */
  readonly onRenew: () => Promise<string | undefined>;
  /** News of the app and of the device, shown among the notices. */
  readonly news: ComponentChildren;
}

export function DocumentPage(props: DocumentPageProps) {
  const room = useRoom(props.rooms, props.name);
  const life = useLife(room);
  return room === undefined ? null : <OpenDocument key={life} room={room} {...props} />;
}

/** A number of its own for each room object: the same document opened anew is drawn anew. */
function useLife(room: InkmeshRoom | undefined): number {
  const life = useRef({ room, number: 0 });
  if (life.current.room !== room) life.current = { room, number: life.current.number + 1 };
  return life.current.number;
}

function OpenDocument({
  mesh,
  room,
  person,
  onPerson,
  readiness,
  isSlow,
  onTryIt,
  onRenew,
  news,
}: DocumentPageProps & { room: InkmeshRoom }) {
  const meshStatus = useMeshStatus(mesh);
  const status = useRoomStatus(room);
  const deletion = useDeletion(room);
  const people = usePeople(room.awareness);
  const unseen = useUnseen(room);
  const { ready, begun, begin } = useReadiness(room, status.synced);
  const [details, showDetails] = useState(false);
  const [said, say] = useState<string>();
  useEffect(() => guardTab(room), [room]);
  useEffect(() => announce(room.awareness, person), [room, person]);
  useEffect(() => (ready ? keepTitle(room) : undefined), [room, ready]);

  const deleted = deletion !== undefined || status.phase === "deleted";
  return (
    <div class="document-page">
      <PageHeader
        person={person}
        onPerson={onPerson}
        aside={<PresenceList people={people} unseen={unseen} />}
        menu={ready && <DocumentMenu mesh={mesh} room={room} online={meshStatus.connection === "online"} onSay={say} onTryIt={onTryIt} />}
      >
        {ready && <TitleField doc={room.doc} editable={!deleted} autofocus={begun} onLeave={focusText} />}
      </PageHeader>
      <main class="document">
        {deleted && <DeletedNotice mesh={mesh} room={room} deletion={deletion} onSay={say} />}
        {!deleted && status.setAsideEdits > 0 && <SetAsideNotice room={room} status={status} onSay={say} />}
        {meshStatus.outdated !== undefined && <VersionNotice outdated={meshStatus.outdated} onRenew={onRenew} onSay={say} />}
        {ready ? (
          <EditorFrame room={room} editable={!deleted} onSay={say} />
        ) : (
          <Awaited
            offline={meshStatus.connection === "offline"}
            onGoOnline={meshStatus.workingOffline ? () => mesh.workOffline(false) : undefined}
            loading={status.phase === "loading"}
            refused={status.phase === "refused"}
            onBegin={begin}
          />
        )}
      </main>
      {details && (
        <DetailsPanel
          name={room.name}
          mesh={meshStatus}
          room={status}
          readiness={readiness}
          isSlow={isSlow}
          onClose={() => {
            showDetails(false);
            document.querySelector<HTMLElement>("[aria-controls=details]")?.focus();
          }}
        />
      )}
      <div class="notices">
        {news}
        <LostWordsNotice doc={room.doc} />
        <ReturnNotice room={room} />
        {said !== undefined && (
          <Notice forMs={readMs(said)} onDismiss={() => say(undefined)}>
            {said}
          </Notice>
        )}
      </div>
      <StatusBar
        mesh={meshStatus}
        room={status}
        detailsOpen={details}
        isSlow={isSlow}
        onTryIt={onTryIt}
        onWorkOffline={(offline) => mesh.workOffline(offline)}
        onToggleDetails={() => showDetails(!details)}
      />
    </div>
  );
}

/** Whether the document can be bound; begins a new one if that is what the page was opened for. */
function useReadiness(room: InkmeshRoom, synced: boolean) {
  const loaded = useLoaded(room);
  const [begun, setBegun] = useState(false);
  useEffect(() => {
    if (!loaded) return;
    const kind = takeBeginning();
    if (kind === undefined || !isBlank(room.doc)) return;
    beginDocument(room.doc, kind);
    setBegun(true);
  }, [room, loaded]);
  const begin = () => {
    if (isBlank(room.doc)) beginDocument(room.doc, "text");
    setBegun(true);
  };
  return { ready: loaded && (begun || synced || !isBlank(room.doc)), begun, begin };
}

/** Remembers the title here, shows it in the browser's tab, and copies it to the relay's list. */
function keepTitle(room: InkmeshRoom): () => void {
  const keep = () => {
    const { title, kind } = metaOf(room.doc);
    document.title = title === "" ? "Untitled · Inkmesh" : `${title} · Inkmesh`;
    rememberDocument({ room: room.name, title, kind, openedMs: Date.now() });
  };
  keep();
  const stops = [watchMeta(room.doc, keep), mirrorTitle(room)];
  return () => {
    document.title = "Inkmesh";
    for (const stop of stops) stop();
  };
}

interface AwaitedProps {
  readonly offline: boolean;
  readonly loading: boolean;
  readonly refused: boolean;
  readonly onBegin: () => void;
  /** There, while a person works offline. */
  readonly onGoOnline: (() => void) | undefined;
}

function Awaited({ offline, loading, refused, onBegin, onGoOnline }: AwaitedProps) {
  if (refused)
    return <EmptyState title="This document cannot be opened">The relay refused it. What it said is at the foot of this page.</EmptyState>;
  if (onGoOnline !== undefined && !loading) {
    return (
      <EmptyState title="This document is not on this device yet" action={{ label: "Go online", onPress: onGoOnline }}>
        You are working offline. It appears when you go online and a relay can be reached.
      </EmptyState>
    );
  }
  if (offline && !loading) {
    return (
      <EmptyState title="This document is not on this device yet" action={{ label: "Start writing anyway", onPress: onBegin }}>
        It appears as soon as a relay can be reached. What you write before that is merged with what is there.
      </EmptyState>
    );
  }
  return (
    <div class="sheet skeleton" aria-busy="true">
      <p class="visually-hidden" role="status">
        Opening the document
      </p>
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}

/** How long something said stays: as long as it takes to read it. */
function readMs(sentence: string): number {
  return Math.max(4_000, 80 * sentence.length);
}

function focusText(): void {
  document.querySelector<HTMLElement>(".sheet [contenteditable=true]")?.focus();
}
