/**
 * RoomPanel: one document's copies side by side: which relay has how many entries of which writer on its disk, and how far each is behind.
 */
import { useEffect, useState } from "preact/hooks";
import { type ListedRoom, listRooms } from "../relay-api.ts";
import { knownDurability } from "./known-durability.ts";
import type { MeshSight, ReplicaCopy } from "./mesh-sight.ts";
import { writersOf } from "./mesh-sight.ts";
import type { Poll } from "./mesh-watch.ts";
import { counted, durabilityWords, lagWords, sourceWords } from "./mesh-words.ts";
import { RelayName } from "./relay-name.tsx";

interface RoomPanelProps {
  readonly sight: MeshSight;
  readonly polls: readonly Poll[];
  readonly copies: readonly ReplicaCopy[];
  readonly room: string | undefined;
  readonly onRoom: (room: string | undefined) => void;
}

export function RoomPanel({ sight, polls, copies, room, onRoom }: RoomPanelProps) {
  const rooms = useRooms();
  return (
    <section class="panel" aria-labelledby="room-title">
      <h2 id="room-title">A document's copies</h2>
      <RoomField key={room} room={room} rooms={rooms} onRoom={onRoom} />
      {room === undefined ? (
        <p class="hint">Type the name of a document, or pick one: here is where it is kept, and how far each copy is.</p>
      ) : (
        <Copies sight={sight} polls={polls} copies={copies} room={room} />
      )}
    </section>
  );
}

/** A name, or the last part of a document's address, or one that is picked by its title. */
function RoomField({ room, rooms, onRoom }: Pick<RoomPanelProps, "room" | "onRoom"> & { rooms: readonly ListedRoom[] }) {
  const [text, setText] = useState(room ?? "");
  const submit = (event: Event) => {
    event.preventDefault();
    onRoom(nameIn(text));
  };
  return (
    <form class="room-field" onSubmit={submit}>
      <label>
        <span class="visually-hidden">Document</span>
        <input
          list="rooms"
          placeholder="Name or address of a document"
          value={text}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value);
            // Picked from the list, not typed.
            if (rooms.some((known) => known.room === currentTarget.value)) onRoom(currentTarget.value);
          }}
        />
      </label>
      <datalist id="rooms">
        {rooms.map(({ room: name, title }) => (
          <option key={name} value={name}>
            {title === "" ? "Untitled" : title}
          </option>
        ))}
      </datalist>
      <button type="submit" class="button">
        Show
      </button>
    </form>
  );
}

function Copies({ sight, polls, copies, room }: Pick<RoomPanelProps, "sight" | "polls" | "copies"> & { room: string }) {
  const reading = sight.poll.room;
  if (reading === undefined) return <p class="hint">Relay {sight.mesh.self} has said nothing of it yet.</p>;
  const writers = writersOf(copies);
  const durability = knownDurability(polls, sight, copies);
  return (
    <>
      <p class="room-words" role="status">
        {roomWords(reading.standing, reading.title, room)}{" "}
        {reading.standing === "open" && durability !== undefined && durabilityWords(durability)}
      </p>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Copies">
        <table>
          <thead>
            <tr>
              <th scope="col">Copy at</th>
              <th scope="col">How far</th>
              {writers.map((writer) => (
                <th key={writer} scope="col" class="number" title={writer}>
                  {writerWords(writer)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {copies.map((copy, index) => (
              <CopyRow key={copy.relay} copy={copy} rank={index + 1} writers={writers} sight={sight} />
            ))}
          </tbody>
        </table>
      </div>
      {writers.length > 0 && <p class="hint">Columns are lives of relays at which something was written, numbers are entries on disk.</p>}
    </>
  );
}

function CopyRow({ copy, rank, writers, sight }: { copy: ReplicaCopy; rank: number; writers: readonly string[]; sight: MeshSight }) {
  const most = copy.behind > 0 ? " lags" : "";
  return (
    <tr class={`copy${most}`} data-copy={copy.relay}>
      <th scope="row">
        <span class="rank">{rank}</span>
        <RelayName relay={copy.relay} sight={sight} />
        {rank === 1 && <span class="mark">owner</span>}
      </th>
      <td>
        <span class="lag">{lagWords(copy)}</span>
        <span class="hint">
          {sourceWords(copy, Date.now())}
          {copy.source.type !== "nobody" && !copy.isComplete && ", cannot vouch for having all"}
          {copy.waiting > 0 && `, ${counted(copy.waiting, "entry", "entries")} on the way to its disk`}
        </span>
      </td>
      {writers.map((writer) => (
        <td key={writer} class="number">
          {copy.source.type === "nobody" || !copy.isSameGeneration ? "–" : (copy.clock[writer] ?? 0)}
        </td>
      ))}
    </tr>
  );
}

function roomWords(standing: "unused" | "open" | "deleted", title: string, room: string): string {
  if (standing === "unused") return `Nobody has written in a document named “${room}” yet. It would be kept here:`;
  const name = title === "" ? "Untitled" : `“${title}”`;
  return standing === "deleted" ? `${name} was deleted.` : `${name}:`;
}

/** "a · 1f3c" of `a.1f3c…`. */
function writerWords(actor: string): string {
  const at = actor.lastIndexOf(".");
  return `${actor.slice(0, at)}·${actor.slice(at + 1).slice(0, 4)}`;
}

/** The name in a document's address, or what was typed. */
function nameIn(text: string): string | undefined {
  const typed = text.trim();
  const address = /^https?:\/\/[^/]+\/d\/(?<name>[^/?#]+)/.exec(typed)?.groups?.["name"];
  if (address === undefined) return typed === "" ? undefined : typed;
  try {
    return decodeURIComponent(address);
  } catch {
    return typed;
  }
}

/** The newest documents, asked for once. */
function useRooms(): readonly ListedRoom[] {
  const [rooms, setRooms] = useState<readonly ListedRoom[]>([]);
  useEffect(() => {
    void listRooms({ search: "" }).then((answer) => answer.ok && setRooms(answer.value.rooms));
  }, []);
  return rooms;
}
