/**
 * RingPanel: the ring with its virtual nodes, the relays and their links inside it, and one document's place.
 *
 * Where hundreds of virtual nodes stand, a document's next ones lie within a hair's breadth: they are drawn large in a row below.
 */
import type { HashRing } from "@inkmesh/shared/ring/hash-ring";
import { useMemo } from "preact/hooks";
import { isCut, type Subject } from "./mesh-experiments.ts";
import type { SeenRelay } from "./mesh-reading.ts";
import { linksOf, type LinkSight, type MeshSight } from "./mesh-sight.ts";
import type { Poll } from "./mesh-watch.ts";
import { counted, joinedWords, linkState, roundTripWords } from "./mesh-words.ts";
import { RelayName } from "./relay-name.tsx";
import { arcsOf, colourOf, type Point, pointAt, ringOf, seatsOf, turnOfRoom, walkOf } from "./ring-drawing.ts";

interface RingPanelProps {
  readonly sight: MeshSight;
  readonly polls: readonly Poll[];
  readonly room: string | undefined;
  readonly subjects: readonly Subject[];
}

const radius = { ring: 150, seats: 88, marker: 166, node: 25 };
const walkMax = 14;

export function RingPanel({ sight, polls, room, subjects }: RingPanelProps) {
  const { mesh, poll } = sight;
  const ring = useMemo(() => ringOf(mesh.records), [mesh.ringId]);
  const arcs = useMemo(() => arcsOf(ring, radius.ring), [ring]);
  const relays = mesh.relays.filter(({ state }) => state !== "left").toSorted((left, right) => (left.relay < right.relay ? -1 : 1));
  const names = mesh.relays.map(({ relay }) => relay);
  const seats = seatsOf(
    relays.map(({ relay }) => relay),
    radius.seats,
  );
  const links = linksOf(polls, sight);
  const replicas = poll.room?.replicas ?? [];
  const nodes = ring.virtualNodes.length;
  return (
    <section class="panel ring-panel" aria-labelledby="ring-title">
      <h2 id="ring-title">Ring</h2>
      <p class="hint">{ringWords(ring, mesh.replicas)}</p>
      <svg viewBox="-184 -184 368 368" role="img" aria-label={figureWords(sight, links, room, replicas)}>
        <circle class="ring-ground" r={radius.ring} />
        {[...arcs].map(([relay, path]) =>
          arcs.size === 1 ? (
            <circle key={relay} class={`ring-arcs colour-${colourOf(relay, names)}`} r={radius.ring} />
          ) : (
            <path key={relay} class={`ring-arcs colour-${colourOf(relay, names)}`} d={path} />
          ),
        )}
        {links.map((link) => (
          <LinkLine key={link.ends.join(" ")} link={link} seats={seats} isCutOff={isCut(subjects, ...link.ends)} />
        ))}
        {relays.map((relay) => (
          <RelayNode
            key={relay.relay}
            relay={relay}
            at={seats.get(relay.relay)!}
            colour={colourOf(relay.relay, names)}
            rank={replicas.indexOf(relay.relay) + 1}
          />
        ))}
        {room !== undefined && nodes > 0 && <RoomMarker room={room} />}
      </svg>
      {room !== undefined && nodes > 0 && replicas.length > 0 && (
        <ol class="ring-walk" aria-label={`Clockwise of ${room}`}>
          <li class="walk-start">●</li>
          {walkOf(ring, room, replicas, walkMax).map(({ relay, rank }, index) => (
            <li key={index} class={`colour-${colourOf(relay, names)}${rank === undefined ? "" : " chosen"}`}>
              <span>{relay}</span>
              {rank !== undefined && <b>{rank}</b>}
            </li>
          ))}
        </ol>
      )}
      <ul class="ring-legend" aria-label="Colours">
        {relays.map(({ relay }) => (
          <li key={relay}>
            <RelayName relay={relay} sight={sight} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function LinkLine({ link, seats, isCutOff }: { link: LinkSight; seats: ReadonlyMap<string, Point>; isCutOff: boolean }) {
  const [from, to] = link.ends.map((relay) => seats.get(relay));
  if (from === undefined || to === undefined) return null;
  const state = linkState(link.seen);
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const words = isCutOff ? "cut" : lineWords(link, seats.size);
  return (
    <g class={`link-line link-${isCutOff ? "cut" : state}`}>
      <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
      {words !== "" && (
        <text x={middle.x} y={middle.y}>
          {words}
        </text>
      )}
    </g>
  );
}

/** Of many lines only what is wrong is said: their words would lie on one another. */
function lineWords({ seen }: LinkSight, relays: number): string {
  const state = linkState(seen);
  if (state !== "up") return state === "unknown" ? "" : state;
  const roundTrip = seen.find((end) => end?.roundTripMs !== undefined)?.roundTripMs;
  return roundTrip === undefined || relays > roundTripsUpTo ? "" : roundTripWords(roundTrip);
}

const roundTripsUpTo = 3;

function RelayNode({ relay, at, colour, rank }: { relay: SeenRelay; at: Point; colour: number; rank: number }) {
  const { relay: name, state } = relay;
  return (
    <g class={`relay-node colour-${colour} state-${state.replaceAll(" ", "-")}`} transform={`translate(${at.x} ${at.y})`}>
      <circle r={radius.node} />
      <text class="node-name" y="-1">
        {name.length > 7 ? `${name.slice(0, 6)}…` : name}
      </text>
      <text class="node-state" y="12">
        {state}
      </text>
      {rank > 0 && (
        <g class="node-rank" transform="translate(19 -19)">
          <circle r="9" />
          <text y="4">{rank}</text>
        </g>
      )}
    </g>
  );
}

function RoomMarker({ room }: { room: string }) {
  const turn = turnOfRoom(room);
  const tip = pointAt(turn, radius.ring + 9);
  const end = pointAt(turn, radius.marker + 6);
  return (
    <g class="room-marker">
      <line x1={tip.x} y1={tip.y} x2={end.x} y2={end.y} />
      <circle cx={end.x} cy={end.y} r="5" />
    </g>
  );
}

function ringWords({ virtualNodes, members }: HashRing, replicas: number): string {
  if (members.length === 0) return "This relay belongs to no ring yet.";
  if (members.length === 1) return "One relay has all places on the ring: it keeps every document.";
  const nodes = `${virtualNodes.length} virtual nodes of ${members.length} relays.`;
  return `${nodes} A document belongs to the first ${counted(replicas, "relay", "different relays")} clockwise of it.`;
}

function figureWords({ mesh }: MeshSight, links: readonly LinkSight[], room: string | undefined, replicas: readonly string[]): string {
  const relays = mesh.relays.map(({ relay, state }) => `${relay} is ${state}`);
  const down = links.filter(({ isUp }) => !isUp).map(({ ends }) => ends.join(" and "));
  const place =
    room === undefined || replicas.length === 0 ? "" : ` The document ${room} belongs to ${joinedWords(replicas)}, in this order.`;
  return `The ring. ${joinedWords(relays)}.${down.length === 0 ? "" : ` No link between ${joinedWords(down)}.`}${place}`;
}
