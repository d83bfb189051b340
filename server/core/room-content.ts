/**
 * RoomContent: what a room contains, without a document: the snapshot as bytes, the tail of entries behind it, the
 * ContentIndex that admission asks, and the clock that names it all.
 *
 *     ├──── snapshot (clock, state) ────┤─ e ─ e ─ e ─ e ─┤   tail, in the order of admission
 *     └───────────── index, clock ────────────────────────┘
 *
 * Invariants: clock = snapshot.clock joined with the tail's dots (and with dots that were quarantined: they stay named,
 * so that nobody sends them again as new), without actors that need no name any more (`gossip/clock-pruning.ts`); an admitted update is in index, clock and tail at once or in none; a refused
 * one changes nothing; what the disk is told of the content's hash is what would be read there. Knows no sessions, and of the disk
 * only what it is told by `adopt`.
 */
import { noBytes } from "@inkmesh/shared/base/bytes";
import { ok, type Result } from "@inkmesh/shared/base/result";
import { dotKey } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import type { ActorId } from "@inkmesh/shared/base/ids";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { AutomergeContentIndex } from "@inkmesh/shared/engine/automerge-content-index";
import type {
  Admission,
  ContentIndex,
  ContentLimits,
  ContentReader,
  Holding,
  Lacking,
  UpdateKind,
} from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { Limits } from "./limits.ts";
import type { Compaction, StoredRoom, StoredSnapshot } from "./stored-room.ts";

/** What is to be let in: what `RoomContent.examine` found new and applicable. */
export type Applicable = Extract<Admission, { type: "admitted" }>;

/** What is stamped onto an update that is let in. */
export interface EntryMaker {
  readonly actor: ActorId;
  readonly author: string;
  readonly stamp: () => Hlc;
}

/** What a change of an Automerge document takes in its index: the text of its hash, and places for that in a set and in a list. */
const changeBytes = 160;

/** Its mark's and its edit's. */
const authorsPerKeyMax = 2;

/** Of the actors that a new snapshot names no more those that the clock names no more either, and those that wrote on meanwhile. */
export interface Unnamed {
  readonly gone: VectorClock;
  readonly goesOn: VectorClock;
}

const noneUnnamed: Unnamed = { gone: VectorClock.empty, goesOn: VectorClock.empty };

export class RoomContent {
  readonly #engine: ContentReader;
  readonly #limits: Limits;
  #snapshot: StoredSnapshot | undefined;
  #tail: Entry[];
  #tailBytes: number;
  /** What the mesh has accepted is not refused for its size. */
  readonly #peerLimits: ContentLimits;
  #index: ContentIndex;
  #clock: VectorClock;
  /** Whether reading the room anew from disk would give this index, too. */
  #isAsRead = true;
  /** Whether the disk was told what the content hashes to. */
  #isTold = false;

  private constructor(engine: ContentReader, limits: Limits, stored: StoredRoom, index: ContentIndex) {
    this.#engine = engine;
    this.#limits = limits;
    const { clockMax, nestingMax } = limits.content;
    this.#peerLimits = { clockMax, nestingMax, partsPerUpdateMax: Infinity, authorsPerEditMax: Infinity, authorsPerRoomMax: Infinity };
    this.#tail = [...stored.tail];
    this.#tailBytes = bytesOf(stored.tail);
    this.#index = index;
    this.#clock = stored.clock;
    this.#snapshot = stored.snapshot;
  }

  /** The content of a room as it stands on disk. */
  static of(stored: StoredRoom, engine: ContentReader, limits: Limits): Result<RoomContent> {
    const index = stored.index.length === 0 ? ok(engine.emptyIndex()) : engine.decodeIndex(stored.index);
    return index.ok ? ok(new RoomContent(engine, limits, stored, index.value)) : index;
  }

  static empty(engine: ContentReader, limits: Limits): RoomContent {
    const stored = {
      record: undefined,
      snapshot: undefined,
      tail: [],
      index: new Uint8Array(0),
      clock: VectorClock.empty,
      isMarked: false,
    };
    return new RoomContent(engine, limits, stored, engine.emptyIndex());
  }

  get snapshot(): StoredSnapshot | undefined {
    return this.#snapshot;
  }

  get tail(): readonly Entry[] {
    return this.#tail;
  }

  get tailBytes(): number {
    return this.#tailBytes;
  }

  get clock(): VectorClock {
    return this.#clock;
  }

  /** What is here beside what `clock` names: what was pruned from it last. */
  get pruned(): VectorClock {
    return this.#snapshot?.pruned ?? VectorClock.empty;
  }

  /** All that is known to be here: who has seen what was pruned since has seen nothing that is missing. */
  get known(): VectorClock {
    return this.#clock.join(this.pruned);
  }

  /** Snapshot and tail. */
  get bytes(): number {
    return (this.#snapshot?.state.length ?? 0) + this.#tailBytes;
  }

  /** About what the room takes in memory. */
  get memoryBytes(): number {
    const deletions = this.#snapshot?.deleteSetUpdate.length ?? 0;
    const index = 64 * this.#index.authors + changeBytes * (this.changes?.size ?? 0);
    return this.bytes + 3 * deletions + 128 * this.#tail.length + index + 1_024;
  }

  /** Which changes are here, where it is a document of Automerge's. */
  get changes(): AutomergeContentIndex | undefined {
    return this.#index instanceof AutomergeContentIndex ? this.#index : undefined;
  }

  get isEmpty(): boolean {
    return this.#snapshot === undefined && this.#tail.length === 0;
  }

  stateVector(): Uint8Array {
    return this.#index.stateVector();
  }

  /** What a replica with this state vector has of the snapshot. Refuses one that cannot be read. */
  holding(stateVector: Uint8Array, authorsMax: number): Result<Holding> {
    const held = this.#engine.holding(stateVector, this.#snapshot?.stateVector ?? noBytes, authorsMax);
    // Who has not all that the snapshot names may have it all the same only where what is had is told by heads.
    if (!held.ok || held.value !== "some" || this.changes === undefined) return held;
    const isAll = this.#index.coveredBy(stateVector);
    return isAll.ok && isAll.value ? ok("all") : held;
  }

  /** Whether who has seen `clocks` has all structs of `update`. */
  isNamedBy(update: Uint8Array, clocks: ReadonlyMap<number, number>): boolean {
    return this.#engine.isNamedBy(update, clocks, this.#limits.content);
  }

  /** Whose structs came here with entries that `seen` does not name. */
  authorsSince(seen: VectorClock): ReadonlySet<number> {
    return new Set(this.entriesAfter(seen).flatMap(({ payload }) => this.#engine.authorsIn(payload, this.#peerLimits)));
  }

  /** Whether a request with a key may bring its authors: half of those that there may be are for people, each of whose tabs is one. */
  get hasRoomForKeys(): boolean {
    return this.#index.authors + authorsPerKeyMax <= this.#limits.content.authorsPerRoomMax / 2;
  }

  /** How far the author (a Yjs clientID) is here. */
  clockOf(author: number): number {
    return this.#index.clockOf(author);
  }

  hash(): string {
    return this.#index.hash();
  }

  /** `hash()`, where the disk has this content and has not been told: once it has all that is here. */
  untoldHash(): string | undefined {
    if (!this.#isAsRead || this.#isTold) return undefined;
    this.#isTold = true;
    return this.hash();
  }

  /** What admission would do with `update`. Changes nothing; total for any bytes. */
  examine(update: Uint8Array, kind: UpdateKind): Admission {
    const limits = this.#limits;
    const bytesMax = kind === "edit" ? limits.editBytesMax : limits.stateBytesMax;
    if (update.length > bytesMax) return refusedFor("UPDATE_TOO_BIG", `an update of ${update.length} bytes, limit ${bytesMax}`);
    const admission = this.#index.examine(update, kind, limits.content);
    if (admission.type !== "admitted") return admission;
    const bytes = this.bytes + admission.payload.length;
    return bytes > limits.roomBytesMax ? refusedFor("ROOM_FULL", `${bytes} bytes, limit ${limits.roomBytesMax}`) : admission;
  }

  /** Whether an edit that was refused with `code` has only more authors than one edit: an import, which may come as a state. */
  isForState(update: Uint8Array, code: ErrorCode): boolean {
    return code === "TOO_MANY_PARTS" && this.examine(update, "state").type !== "refused";
  }

  /** Whether something of what was lacking is here now; of more than was named, whatever came since `clock`. */
  hasSomeOf({ missing, isAll }: Lacking, since: VectorClock): boolean {
    return missing.some((content) => this.#index.holds(content)) || (!isAll && !since.covers(this.#clock));
  }

  /** Lets in what was just examined, as an entry with the next dot. */
  enter({ payload, change }: Applicable, { actor, author, stamp }: EntryMaker): Entry {
    const dot = { actor, counter: this.#clock.counter(actor) + 1 };
    const entry: Entry = { dot, deps: this.#clock, hlc: stamp(), author, payload };
    this.#index.join(change);
    this.#isTold = false;
    this.#clock = this.#clock.advance(dot);
    this.#tail.push(entry);
    this.#tailBytes += payload.length;
    return entry;
  }

  /**
   * Lets in another relay's entry, the next of its actor. Its dot is here from now on, whatever of its content applies: the
   * next shadow document sets aside what does not. Whether all of it applies.
   */
  take(entry: Entry): boolean {
    const admission = this.#index.examine(entry.payload, "state", this.#peerLimits);
    if (admission.type === "admitted") this.#index.join(admission.change);
    this.#clock = this.#clock.advance(entry.dot);
    this.#tail.push(entry);
    this.#tailBytes += entry.payload.length;
    const isWhole = isWholly(admission);
    // What is left out now may apply to whoever reads it with what came later.
    this.#isAsRead &&= isWhole;
    this.#isTold = false;
    return isWhole;
  }

  /** What admission would do with content that other relays have let in already. */
  examineTaken(update: Uint8Array): Admission {
    return this.#index.examine(update, "state", this.#peerLimits);
  }

  /** Everything that `clock` names is here. */
  cover(clock: VectorClock): void {
    this.#clock = this.#clock.join(clock);
  }

  /** Exactly the entries that `clock` does not name. */
  entriesAfter(clock: VectorClock): readonly Entry[] {
    return this.#tail.filter((entry) => !clock.contains(entry.dot));
  }

  /** Takes over a new snapshot: what it contains and what was quarantined leaves the tail. Where there is none, the disk may have it all the same. */
  adopt(compacted: Result<Compaction>): Result<Unnamed> {
    this.#isAsRead = false;
    this.#isTold = false;
    return compacted.ok ? this.#adopt(compacted.value) : compacted;
  }

  #adopt({ snapshot, removed, quarantined, index: encoded }: Compaction): Result<Unnamed> {
    const gone = new Set([...removed, ...quarantined].map(dotKey));
    const tail = this.#tail.filter((entry) => !gone.has(dotKey(entry.dot)));
    const index = this.#engine.decodeIndex(encoded);
    if (!index.ok) return index;
    const isWhole = this.#joinTail(index.value, tail);
    if (quarantined.length > 0) this.#index = index.value;
    this.#isAsRead = isWhole && index.value.hash() === this.#index.hash();
    this.#tail = tail;
    this.#tailBytes = bytesOf(tail);
    this.#snapshot = snapshot;
    return ok(this.#unname(snapshot));
  }

  #unname({ clock, pruned }: StoredSnapshot): Unnamed {
    const unnamed = pruned.entries().filter(([actor]) => clock.counter(actor) === 0 && this.#clock.counter(actor) > 0);
    if (unnamed.length === 0) return noneUnnamed;
    const wroteOn = ([actor, counter]: readonly [ActorId, number]): boolean => this.#clock.counter(actor) > counter;
    const gone = VectorClock.of(unnamed.filter((dot) => !wroteOn(dot)));
    this.#clock = this.#clock.past(gone);
    return { gone, goesOn: VectorClock.of(unnamed.filter(wroteOn)) };
  }

  /**
   * The index that a compaction answered knows what was on disk then; entries admitted since are joined again. One that
   * hangs on something quarantined stays out: the next compaction quarantines it as well. Whether none did.
   */
  #joinTail(index: ContentIndex, tail: readonly Entry[]): boolean {
    let isWhole = true;
    for (const entry of tail) {
      const admission = index.examine(entry.payload, "state", this.#limits.content);
      if (admission.type === "admitted") index.join(admission.change);
      isWhole &&= isWholly(admission);
    }
    return isWhole;
  }
}

/** Whether all of it is here, or will be. */
function isWholly(admission: Admission): boolean {
  return admission.type === "known" || (admission.type === "admitted" && !admission.leftOut);
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.payload.length, 0);
}

function refusedFor(code: "UPDATE_TOO_BIG" | "ROOM_FULL", detail: string): Admission {
  return { type: "refused", refusal: { code, detail } };
}
