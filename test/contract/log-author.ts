/**
 * LogAuthor: somebody who types into a room and hands out what a relay's core would append: entries with dots, deps and
 * stamps. Keeps the document, to compare what a log gives back with what was written.
 */
import * as Y from "yjs";
import { actorOf, type ActorId, type Lineage, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { StoredRoom } from "../../server/core/stored-room.ts";
import type { Append } from "../../server/log/update-log.ts";

export const aRelay = "a" as RelayId;

export function anActor(life: number): ActorId {
  return actorOf(aRelay, Uint8Array.of(0, 0, 0, 0, 0, 0, life >> 8, life & 0xff));
}

export class LogAuthor {
  readonly lineage: Lineage;
  readonly document = new Y.Doc();
  /** Everything that was handed out, in order. */
  readonly entries: Entry[] = [];
  #actor: ActorId;
  #clock = VectorClock.empty;
  #physicalMs: number;

  constructor(options: { room?: string; generation?: number; life?: number; clientId?: number; physicalMs?: number } = {}) {
    this.lineage = { room: (options.room ?? "a room") as RoomName, generation: options.generation ?? 0 };
    this.#actor = anActor(options.life ?? 1);
    this.#physicalMs = options.physicalMs ?? 1_000;
    this.document.clientID = options.clientId ?? 7;
  }

  get clock(): VectorClock {
    return this.#clock;
  }

  get text(): string {
    return this.document.getText("text").toString();
  }

  /** From now on another life of the relay accepts what is typed. */
  restart(life: number): void {
    this.#actor = anActor(life);
  }

  /** From now on it is this much later. */
  pass(ms: number): void {
    this.#physicalMs += ms;
  }

  /** One entry per letter, as appended by one turn. */
  type(text: string): Append {
    return this.#append([...text].map((letter) => this.#edit((shared) => shared.insert(shared.length, letter))));
  }

  /** One entry that deletes `length` letters from `index`. */
  erase(index: number, length: number): Append {
    return this.#append([this.#edit((shared) => shared.delete(index, length))]);
  }

  /** An entry with these bytes as its payload, whatever they say. */
  push(payload: Uint8Array): Append {
    return this.#append([payload]);
  }

  #edit(change: (shared: Y.Text) => void): Uint8Array {
    const before = Y.encodeStateVector(this.document);
    let update: Uint8Array | undefined;
    const listen = (bytes: Uint8Array): void => void (update = bytes);
    this.document.on("update", listen);
    change(this.document.getText("text"));
    this.document.off("update", listen);
    return update ?? Y.encodeStateAsUpdate(this.document, before);
  }

  #append(payloads: readonly Uint8Array[]): Append {
    const entries = payloads.map((payload) => this.#accept(payload));
    this.entries.push(...entries);
    return { lineage: this.lineage, entries };
  }

  #accept(payload: Uint8Array): Entry {
    const dot = { actor: this.#actor, counter: this.#clock.counter(this.#actor) + 1 };
    const entry: Entry = {
      dot,
      deps: this.#clock,
      hlc: { physicalMs: ++this.#physicalMs, logical: 0, relay: aRelay },
      author: "",
      payload,
    };
    this.#clock = this.#clock.advance(dot);
    return entry;
  }
}

/** The text of what a log gave back: snapshot, then tail. */
export function textOf(room: Pick<StoredRoom, "snapshot" | "tail">): string {
  const document = new Y.Doc();
  if (room.snapshot) Y.applyUpdate(document, room.snapshot.state);
  for (const entry of room.tail) Y.applyUpdate(document, entry.payload);
  return document.getText("text").toString();
}
