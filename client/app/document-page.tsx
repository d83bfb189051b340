/**
 * DocumentPage: one document: its header, its editor, what is true about it.
 *
 *     opening ─▶ absent (nothing here, nothing from a relay yet) ─▶ ready ─▶ deleted
 *        └───────────────────────────────────────────────────────▲   └────▶ foreign (not ours to edit)
 *
 * The editor is bound only once this device's copy is in the document, and for a document that this device has never
 * seen only once the relay has answered: two people must not both put a first paragraph into it.
 */
import type { Inkmesh } from "@inkmesh/client";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type AnyRoom, isYjs, isYjsRoom } from "./any-room.ts";
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
import { useDeletion, useEngine, useLoaded, useMeshStatus, useRoom, useRoomStatus } from "./mesh-hooks.ts";
import { Notice } from "./notice.tsx";
import { PageHeader } from "./page-header.tsx";
import { type DocumentKind, takeBeginning } from "./page-location.ts";
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
  const engine = useEngine(props.name);
  return engine === "here" ? <HeldDocument {...props} /> : <EngineAwaited isFailed={engine === "failed"} {...props} />;
}

function HeldDocument(props: DocumentPageProps) {
  const room = useRoom(props.rooms, props.name);
  const life = useLife(room);
  return room === undefined ? null : <OpenDocument key={life} room={room} {...props} />;
}

/** Before there is anything that could hold the document. */
function EngineAwaited({ isFailed, person, onPerson, news }: DocumentPageProps & { isFailed: boolean }) {
  return (
    <div class="document-page">
      <PageHeader person={person} onPerson={onPerson} />
      <main class="document">
        {isFailed ? (
          <EmptyState
            title="What this document needs is not on this device"
            action={{ label: "Try again", onPress: () => location.reload() }}
          >
            Notes and boards need a part of this page that could not be fetched. Your documents on this device are untouched.
          </EmptyState>
        ) : (
          <Opening />
        )}
      </main>
      <div class="notices">{news}</div>
    </div>
  );
}

/** A number of its own for each room object: the same document opened anew is drawn anew. */
function useLife(room: AnyRoom | undefined): number {
  const life = useRef({ room, number: 0 });
  if (life.current.room !== room) life.current = { room, number: life.current.number + 1 };
  return life.current.number;
}

function OpenDocument({ mesh, room, person, onPerson, readiness, isSlow, onTryIt, onRenew, news }: DocumentPageProps & { room: AnyRoom }) {
  const meshStatus = useMeshStatus(mesh);
  const status = useRoomStatus(room);
  const deletion = useDeletion(room);
  const people = usePeople(room.awareness);
  const unseen = useUnseen(room);
  const { ready, unbegun, begun, begin } = useReadiness(room, status.synced);
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
        ) : unbegun ? (
          <Unbegun onBegin={begin} />
        ) : (
          <Awaited
            offline={meshStatus.connection === "offline"}
            onGoOnline={meshStatus.workingOffline ? () => mesh.workOffline(false) : undefined}
            loading={status.phase === "loading"}
            refused={status.phase === "refused"}
            onBegin={isYjsRoom(room) ? () => begin("text") : undefined}
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
        {isYjsRoom(room) && <LostWordsNotice doc={room.doc} />}
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
function useReadiness(room: AnyRoom, synced: boolean) {
  const loaded = useLoaded(room);
  const [begun, setBegun] = useState(false);
  useEffect(() => {
    if (!loaded) return;
    const kind = takeBeginning();
    if (kind === undefined || !isBlank(room.doc)) return;
    beginDocument(room.doc, kind);
    setBegun(true);
  }, [room, loaded]);
  const isEmpty = useBlank(room);
  const begin = (kind: DocumentKind) => {
    if (isBlank(room.doc)) beginDocument(room.doc, kind);
    setBegun(true);
  };
  // Of what engine a blank document is its name says; not whether it is to be notes or a board.
  const unbegun = loaded && synced && isEmpty && !isYjsRoom(room);
  return { ready: loaded && !unbegun && (begun || synced || !isEmpty), unbegun, begun, begin };
}

/** Whether nothing was ever put into the document; kept up to date until something is. */
function useBlank(room: AnyRoom): boolean {
  const [blank, setBlank] = useState(() => isBlank(room.doc));
  useEffect(() => {
    const look = () => setBlank(isBlank(room.doc));
    look();
    return isYjs(room.doc) ? undefined : watchMeta(room.doc, look);
  }, [room]);
  return blank && isBlank(room.doc);
}

/** Remembers the title here, shows it in the browser's tab, and copies it to the relay's list. */
function keepTitle(room: AnyRoom): () => void {
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
  /** There, where it is known what the document would be. */
  readonly onBegin: (() => void) | undefined;
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
      <EmptyState
        title="This document is not on this device yet"
        {...(onBegin === undefined ? {} : { action: { label: "Start writing anyway", onPress: onBegin } })}
      >
        It appears as soon as a relay can be reached.{onBegin !== undefined && " What you write before that is merged with what is there."}
      </EmptyState>
    );
  }
  return <Opening />;
}

/** A relay has answered that there is nothing; a document of notes and one of cards have the same sort of name. */
function Unbegun({ onBegin }: { onBegin: (kind: DocumentKind) => void }) {
  return (
    <EmptyState
      title="Nothing was written here yet"
      action={{ label: "Begin notes", onPress: () => onBegin("notes") }}
      otherAction={{ label: "Begin a board", onPress: () => onBegin("board") }}
    >
      The link leads to a document that nobody has begun, or that was not saved.
    </EmptyState>
  );
}

function Opening() {
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
