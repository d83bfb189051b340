/**
 * LinkMemory: what both ends of a link remember of what went over it in one direction, so that it is spelled out once: names of rooms,
 * generations of rooms, and lives, the ring of the last frame, and who wrote and when the last entry.
 *
 * A link keeps order and loses nothing until it ends, so that both ends remember the same if both note the same in the order of the
 * bytes: who writes when it writes, who reads when it reads. A new link remembers nothing.
 *
 *     a name    the first time: 0, text; both give it the next number, from 1 to `namesMax` and round again
 *               from then on:   its number, until that is another one's
 *
 * Invariant: at most `namesMax` names; none is noted that is no room's or life's, which bounds their length.
 */
import * as encoding from "lib0/encoding";
import { lineageKey, type ActorId, type Lineage, type RingId, type RoomName } from "../base/ids.ts";
import { VectorClock } from "../clock/vector-clock.ts";
import { ByteReader } from "./byte-reader.ts";
import { actorNamed, roomNamed, unreadableMesh } from "./mesh-layout.ts";
import { writeNumber } from "./native-layout.ts";

/** Some hundred kilobytes at each end of a link; a relay with more rooms in use at a time spells some of them out again. */
const namesMax = 2_048;
/** A name's number and a counter. */
const clockEntryBytesMin = 2;

/** Of the last entry that was written. */
export interface LastEntry {
  readonly actor: ActorId | undefined;
  readonly physicalMs: number;
  readonly logical: number;
  readonly author: string;
}

export class LinkMemory {
  ring: RingId | undefined;
  entry: LastEntry = { actor: undefined, physicalMs: 0, logical: 0, author: "" };
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();
  #next = 0;

  nameOf(number: number): string | undefined {
    return this.#names[number - 1];
  }

  numberOf(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** It was spelled out. */
  note(name: string): void {
    const before = this.#names[this.#next];
    if (before !== undefined && this.#numbers.get(before) === this.#next + 1) this.#numbers.delete(before);
    this.#names[this.#next] = name;
    this.#numbers.set(name, this.#next + 1);
    this.#next = (this.#next + 1) % namesMax;
  }
}

/** Writes what goes over a link after all that `memory` remembers. */
export class LinkEncoder extends encoding.Encoder {
  readonly memory: LinkMemory;

  constructor(memory: LinkMemory) {
    super();
    this.memory = memory;
  }
}

/** Reads what came over a link after all that `memory` remembers. */
export class LinkReader extends ByteReader {
  readonly memory: LinkMemory;

  constructor(bytes: Uint8Array, memory: LinkMemory) {
    super(bytes);
    this.memory = memory;
  }

  room(): RoomName {
    return this.#name(roomNamed);
  }

  actor(): ActorId {
    return this.#name(actorNamed);
  }

  lineage(): Lineage {
    const number = this.number();
    if (number === 0) {
      const lineage = { room: roomNamed(this.text()), generation: this.number() };
      this.memory.note(lineageKey(lineage));
      return lineage;
    }
    // As `lineageKey` wrote it; no other name has a line feed.
    const [generation, room] = this.memory.nameOf(number)?.split("\n") ?? [];
    if (room === undefined) throw unreadableMesh(`name ${number}, which is no generation of a room`);
    return { room: room as RoomName, generation: Number(generation) };
  }

  override clock(): VectorClock {
    return this.counters(this.number());
  }

  /** A clock of so many actors. */
  counters(actors: number): VectorClock {
    const counters: (readonly [ActorId, number])[] = [];
    let before = "";
    for (let left = this.counted(actors, clockEntryBytesMin); left > 0; left--) {
      const [actor, counter] = [this.actor(), this.number()];
      if (actor <= before || counter < 1) throw unreadableMesh("a clock that is not in order, or of nothing");
      counters.push([actor, counter]);
      before = actor;
    }
    return VectorClock.of(counters);
  }

  #name<Name extends string>(read: (text: string) => Name): Name {
    const number = this.number();
    const text = number === 0 ? this.text() : this.memory.nameOf(number);
    if (text === undefined) throw unreadableMesh(`name ${number}, which was not told`);
    const name = read(text);
    if (number === 0) this.memory.note(name);
    return name;
  }
}

export function writeName(encoder: LinkEncoder, name: RoomName | ActorId): void {
  const number = encoder.memory.numberOf(name);
  writeNumber(encoder, number ?? 0);
  if (number !== undefined) return;
  encoding.writeVarString(encoder, name);
  encoder.memory.note(name);
}

export function writeLineage(encoder: LinkEncoder, lineage: Lineage): void {
  const key = lineageKey(lineage);
  const number = encoder.memory.numberOf(key);
  writeNumber(encoder, number ?? 0);
  if (number !== undefined) return;
  encoding.writeVarString(encoder, lineage.room);
  writeNumber(encoder, lineage.generation);
  encoder.memory.note(key);
}

/** `list of` (name, counter), ordered by actor. */
export function writeClock(encoder: LinkEncoder, clock: VectorClock): void {
  writeNumber(encoder, clock.size);
  writeCounters(encoder, clock);
}

/** The same without saying how many. */
export function writeCounters(encoder: LinkEncoder, clock: VectorClock): void {
  for (const [actor, counter] of clock.entries()) {
    writeName(encoder, actor);
    writeNumber(encoder, counter);
  }
}
