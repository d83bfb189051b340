/**
 * MeshPage: the relays of a mesh and how they stand, through the eyes of one of them: who is there, the ring, the links, a document's
 * copies, the clocks, what is still to be handed over.
 */
import { useState } from "preact/hooks";
import { EmptyState } from "../empty-state.tsx";
import { ThemeButton } from "../theme-button.tsx";
import { ClockList } from "./clock-list.tsx";
import { ExperimentPanel } from "./experiment-panel.tsx";
import { HandOverList } from "./hand-over-list.tsx";
import { HappeningList } from "./happening-list.tsx";
import { LinkList } from "./link-list.tsx";
import { subjectsOf } from "./mesh-experiments.ts";
import type { MeshSight } from "./mesh-sight.ts";
import type { Poll } from "./mesh-watch.ts";
import { durationWords, summaryWords } from "./mesh-words.ts";
import { RelayCards } from "./relay-cards.tsx";
import { RingPanel } from "./ring-panel.tsx";
import { RoomPanel } from "./room-panel.tsx";
import { useMeshWatch, type Watched } from "./use-mesh-watch.ts";

export function MeshPage({ origins }: { origins: readonly string[] }) {
  const [chosen, choose] = useState<string>();
  const [room, setRoom] = useState(roomOfAddress);
  const watched = useMeshWatch(origins, chosen, room);
  const look = (name: string | undefined) => {
    setRoom(name);
    history.replaceState(null, "", name === undefined ? location.pathname : `?${new URLSearchParams({ room: name })}`);
  };
  return (
    <div class="mesh-view">
      <header class="page-header">
        <a class="home" href="/" aria-label="Inkmesh: all documents">
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span class="home-name">Inkmesh</span>
        </a>
        <div class="header-middle" />
        <ThemeButton />
      </header>
      <main>
        <div class="mesh-head">
          <h1>Relays</h1>
          {watched.sight !== undefined && <Eyes watched={watched} chosen={chosen} onChoose={choose} />}
        </div>
        <Body watched={watched} own={origins[0]!} room={room} onRoom={look} />
      </main>
    </div>
  );
}

function Body({
  watched,
  own,
  room,
  onRoom,
}: {
  watched: Watched;
  own: string;
  room: string | undefined;
  onRoom: (room?: string) => void;
}) {
  const { sight, polls, copies } = watched;
  if (sight === undefined && watched.isNew) return <Skeleton />;
  if (sight === undefined) return <Unreachable polls={polls} own={own} />;
  const subjects = subjectsOf(polls);
  return (
    <>
      {sight.insteadOf !== undefined && <StandIn sight={sight} polls={polls} />}
      <p class="mesh-summary" role="status">
        {summaryWords(sight)}
      </p>
      <RelayCards sight={sight} polls={polls} />
      <div class="mesh-columns">
        <RingPanel sight={sight} polls={polls} room={room} subjects={subjects} />
        <div class="mesh-column">
          <RoomPanel sight={sight} polls={polls} copies={copies} room={room} onRoom={onRoom} />
          <HappeningList happenings={watched.happenings} />
        </div>
      </div>
      {subjects.length > 0 && <ExperimentPanel subjects={subjects} sight={sight} onOrder={watched.order} />}
      <div class="mesh-columns even">
        <LinkList sight={sight} polls={polls} subjects={subjects} />
        <ClockList sight={sight} polls={polls} subjects={subjects} />
      </div>
      <HandOverList polls={polls} />
    </>
  );
}

function Eyes({ watched, chosen, onChoose }: { watched: Watched; chosen: string | undefined; onChoose: (relay: string) => void }) {
  const { polls, sight } = watched;
  const names = polls.flatMap((poll) => (poll.mesh === undefined ? [] : [poll.mesh.self]));
  return (
    <label class="mesh-eyes">
      <span>Through the eyes of relay</span>
      <select value={chosen ?? sight?.mesh.self} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
        {[...new Set(names)].toSorted().map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The relay that was to be asked does not answer. */
function StandIn({ sight, polls }: { sight: MeshSight; polls: readonly Poll[] }) {
  const away = polls.find((poll) => poll.mesh?.self === sight.insteadOf || poll.origin === sight.insteadOf);
  const since = away?.failingSinceMs === undefined ? "" : ` for ${durationWords(Date.now() - away.failingSinceMs)}`;
  return (
    <div class="banner care" role="status">
      <p>
        {away?.mesh === undefined ? `The relay at ${sight.insteadOf}` : `Relay ${away.mesh.self}`} has not answered{since}. This is what
        relay {sight.mesh.self} sees instead.
      </p>
    </div>
  );
}

function Unreachable({ polls, own }: { polls: readonly Poll[]; own: string }) {
  const others = polls.length - 1;
  const rest = others === 0 ? "" : `, nor ${others === 1 ? "the other one" : `the ${others} others`} that this device knows`;
  const lastMs = Math.max(...polls.map(({ answeredMs }) => answeredMs ?? 0));
  return (
    <EmptyState title="No relay answers">
      The relay at {own} cannot be reached{rest}. {lastMs > 0 && `One answered last ${durationWords(Date.now() - lastMs)} ago. `}
      {others === 0 ? "It is" : "They are"} asked again every second; this page goes on by itself.
    </EmptyState>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-busy="true">
      <p class="visually-hidden" role="status">
        Asking the relay
      </p>
      <span />
      <span />
      <span />
    </div>
  );
}

function roomOfAddress(): string | undefined {
  return new URLSearchParams(location.search).get("room") ?? undefined;
}
