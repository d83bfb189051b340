/**
 * AuditLog: what one relay's platter has ever been given, per lineage, as Yjs or Automerge itself understands it: one document that
 * every synced entry is applied to, in the order of syncing. All checkers that ask "is it on disk, and would a reader see
 * it?" ask here. It knows nothing of the relay's own index or codecs.
 *
 * It checks by itself what must hold of the entries (I3, I4, I6): a dot names one payload; an actor's counters come in
 * order without gaps, but for what came as a state that covers them; nothing on disk waits for something that is not; the stamps
 * that a relay gave rise, over all its lives.
 */
import { lineageKey, type ActorId, type Lineage, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import { dotKey, type Dot } from "@inkmesh/shared/clock/dot";
import type { DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { compareHlc, type Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RoomRecord } from "../../../server/core/stored-room.ts";
import type { Transaction } from "../sim-disk.ts";
import { digest } from "../trace.ts";
import { Finding } from "../world.ts";
import { applyTo, contentOf, holds, holdsSome, isWaiting, newDocument, stateOf, type AnyDocument, type Content } from "./content.ts";

export class AuditedLineage {
  readonly lineage: Lineage;
  readonly doc: AnyDocument;
  readonly entries: Entry[] = [];
  readonly #dots = new Map<string, string>();
  readonly #owner: RelayId | undefined;
  #clock = VectorClock.empty;
  /** By who gave them: the relay of the disk over all its lives; others, and lives whose entries come back from others, each by itself. */
  readonly #lastStamps = new Map<"own" | ActorId, Hlc>();
  /** Whether it is the life that runs on this disk. */
  isOwn: (actor: ActorId) => boolean = () => true;
  /** The latest that such a life may stamp with, in ms. */
  stampMsMax: () => number = () => Number.POSITIVE_INFINITY;
  /** Of a dot that no entry here has. */
  isHere: (lineage: AuditedLineage, dot: Dot) => boolean = () => false;

  /** `owner`: whose disk it is; undefined where there is one only. */
  constructor(lineage: Lineage, owner?: RelayId) {
    this.lineage = lineage;
    this.doc = newDocument(lineage.room);
    this.#owner = owner;
  }

  /** All dots on the platter, and those that a state there covers. */
  get clock(): VectorClock {
    return this.#clock;
  }

  /** What of a clock is not here, in words: a dot counts as here when its content is, whoever brought that. */
  lacks(clock: VectorClock): string | undefined {
    for (const [actor, counter] of clock.entries())
      for (let at = this.#clock.counter(actor) + 1; at <= counter; at++)
        if (!this.isHere(this, { actor, counter: at })) return dotKey({ actor, counter: at });
    return undefined;
  }

  get #where(): string {
    return this.#owner === undefined ? "" : ` at ${this.#owner}`;
  }

  holds(content: Content): boolean {
    return holds(this.doc, content);
  }

  /** The disk says that all of that is here, beside its entries. */
  cover(clock: VectorClock): void {
    const missing = this.lacks(clock);
    if (missing !== undefined)
      throw new Finding("a state brings what it covers", `the disk${this.#where} says that it has ${missing}, and has not`);
    this.#clock = this.#clock.join(clock);
  }

  /** The same on another disk. */
  copy(): AuditedLineage {
    const copy = new AuditedLineage(this.lineage, this.#owner);
    copy.entries.push(...this.entries);
    for (const [key, payload] of this.#dots) copy.#dots.set(key, payload);
    for (const [giver, stamp] of this.#lastStamps) copy.#lastStamps.set(giver, stamp);
    copy.#clock = this.#clock;
    applyTo(copy.doc, stateOf(this.doc));
    return copy;
  }

  #mustFollow(entry: Entry, key: string): void {
    const { actor, counter } = entry.dot;
    if (this.lacks(VectorClock.of([[actor, counter - 1]])) !== undefined)
      throw new Finding("counters in order", `${key} came${this.#where} after counter ${this.#clock.counter(actor)}`);
    const missing = this.lacks(entry.deps);
    if (missing !== undefined)
      throw new Finding("dependencies first", `${key} is on disk${this.#where} before what it depends on, ${missing}`);
    this.#mustRise(entry, key);
    this.#clock = this.#clock.join(VectorClock.of([[actor, counter]]));
  }

  #mustRise({ dot, hlc }: Entry, key: string): void {
    const giver = this.#owner === undefined || this.isOwn(dot.actor) ? "own" : dot.actor;
    const last = this.#lastStamps.get(giver);
    if (last !== undefined && compareHlc(hlc, last) <= 0)
      throw new Finding("stamps rise", `${key}${this.#where} is stamped ${hlc.physicalMs}, after ${last.physicalMs}`);
    if (giver === "own" && hlc.physicalMs > this.stampMsMax())
      throw new Finding("stamps stay near the wall", `${key}${this.#where} is stamped ${hlc.physicalMs - this.stampMsMax()} ms too late`);
    this.#lastStamps.set(giver, hlc);
  }

  add(entry: Entry): void {
    const key = dotKey(entry.dot);
    const known = this.#dots.get(key);
    const payload = digest(entry.payload);
    if (known !== undefined && known !== payload) throw new Finding("one payload per dot", `${key} named ${known}, now ${payload}`);
    if (known !== undefined) return;
    // What a state covered may come by itself, too.
    if (!this.#clock.contains(entry.dot)) this.#mustFollow(entry, key);
    this.#dots.set(key, payload);
    this.entries.push(entry);
    applyTo(this.doc, entry.payload);
    if (isWaiting(this.doc)) throw new Finding("all on disk is applicable", `${key} hangs on something that is not on disk`);
  }
}

/** How far ahead of the wall a stamp may be: as far as a remote one may be to be adopted, and some for what carries over. */
const offsetMsMax = 500 + 10;

export class AuditLog {
  readonly #lineages = new Map<string, AuditedLineage>();
  readonly #generations = new Map<string, number>();
  readonly #closed = new Set<string>();
  readonly #complete = new Set<RoomName>();
  readonly #records = new Map<RoomName, RoomRecord>();
  readonly #owner: RelayId | undefined;
  /** The one that runs on this disk. */
  life: ActorId | undefined;
  /** The latest that the wall's clock of a life on this disk ever showed. */
  latestWallMs: number | undefined;
  entries = 0;
  /** Which dots its history tells of, by themselves and in what it begins with; undefined where none is kept. */
  told: ((lineage: Lineage) => readonly DotRange[]) | undefined;
  /** Whether what a dot names is here though no entry is. */
  isHere: (lineage: AuditedLineage, dot: Dot) => boolean = () => false;
  /** The disk says that it may vouch for the room from now on. */
  onCompleted: (room: RoomName) => unknown = () => undefined;
  /** That was here until now; whether the disk vouched for it. */
  onDropped: (was: AuditedLineage, wasComplete: boolean) => void = () => undefined;

  /** `owner`: whose disk it is; undefined where there is one only. */
  constructor(owner?: RelayId) {
    this.#owner = owner;
  }

  get owner(): RelayId | undefined {
    return this.#owner;
  }

  /** That of a copy of the disk. */
  copy(): AuditLog {
    const copy = new AuditLog(this.#owner);
    copy.latestWallMs = this.latestWallMs;
    for (const [key, lineage] of this.#lineages) copy.#lineages.set(key, lineage.copy());
    for (const [room, generation] of this.#generations) copy.#generations.set(room, generation);
    for (const key of this.#closed) copy.#closed.add(key);
    for (const room of this.#complete) copy.#complete.add(room);
    for (const [room, record] of this.#records) copy.#records.set(room, record);
    return copy;
  }

  /** Whether the disk says that it may vouch for the room. */
  isComplete(room: RoomName): boolean {
    return this.#complete.has(room);
  }

  /** All that were ever spoken of here, those that only a record names included. */
  get lineages(): readonly AuditedLineage[] {
    for (const [room, generation] of this.#generations) this.of({ room: room as RoomName, generation });
    return [...this.#lineages.values()];
  }

  of(lineage: Lineage): AuditedLineage {
    const key = lineageKey(lineage);
    const known = this.#lineages.get(key) ?? new AuditedLineage({ ...lineage }, this.#owner);
    known.isHere = this.isHere;
    known.stampMsMax = () => (this.latestWallMs ?? Number.POSITIVE_INFINITY) + offsetMsMax;
    known.isOwn = (actor) => actor === this.life;
    this.#lineages.set(key, known);
    return known;
  }

  /** Whether anything of the room was ever here. */
  hasHeardOf(room: RoomName): boolean {
    return (
      this.#generations.has(room) || [...this.#lineages.values()].some(({ lineage, clock }) => lineage.room === room && clock.size > 0)
    );
  }

  /** The platter's record of the room. */
  record(room: RoomName): RoomRecord | undefined {
    return this.#records.get(room);
  }

  /** The generation that the platter's record of the room names. */
  generation(room: string): number {
    return this.#generations.get(room) ?? 0;
  }

  /** Whether the generation was closed on the platter. */
  isClosed(lineage: Lineage): boolean {
    return this.#closed.has(lineageKey(lineage)) || lineage.generation < this.generation(lineage.room);
  }

  synced(transaction: Transaction): void {
    if (transaction.type === "whole-ring" || transaction.type === "blob") return;
    if (transaction.type === "drop") return this.#drop(transaction.lineages);
    if (transaction.type === "record") {
      const { room, generation, deleted } = transaction.record;
      if (generation < this.generation(room)) throw new Finding("generations rise", `${room} went back to generation ${generation}`);
      if (deleted === undefined && this.#closed.has(lineageKey(transaction.record)))
        throw new Finding("gone means gone", `generation ${generation} of ${room} was closed and came back`);
      this.#generations.set(room, generation);
      this.#records.set(room, transaction.record);
      if (transaction.completes === true) this.#completed(room);
      if (deleted !== undefined) this.#closed.add(lineageKey(transaction.record));
      return;
    }
    const marked: RoomName[] = [];
    for (const { lineage, entries, cover, completes } of transaction.batch) {
      if (completes === true) marked.push(lineage.room);
      if (this.isClosed(lineage)) continue;
      const audited = this.of(lineage);
      for (let earlier = lineage.generation - 1; earlier >= 0; earlier--) {
        const old = this.of({ ...lineage, generation: earlier });
        for (const { payload } of entries) mustBeNew(old, payload);
      }
      if (cover !== undefined) audited.cover(cover);
      for (const entry of entries) audited.add(entry);
      this.entries += entries.length;
    }
    for (const room of marked) this.#completed(room);
  }

  #drop(lineages: readonly Lineage[]): void {
    for (const lineage of lineages) {
      const was = this.of(lineage);
      this.#lineages.delete(lineageKey(lineage));
      this.onDropped(was, this.#complete.delete(lineage.room));
    }
  }

  #completed(room: RoomName): void {
    if (this.#complete.has(room)) return;
    this.#complete.add(room);
    this.onCompleted(room);
  }
}

/** Whoever wrote in the generation that was closed is not back in the new one. */
function mustBeNew({ doc, lineage }: AuditedLineage, payload: Uint8Array): void {
  if (holdsSome(doc, contentOf(payload)))
    throw new Finding("gone means gone", `content of generation ${lineage.generation} of ${lineage.room} came back in a later one`);
}
