/**
 * MemoryDisk: a relay's disk in miniature for tests of the core: synchronous, so that a test decides when an append
 * comes back, or does not. What `append` took survives a `Relay`; what was only sent to it does not.
 */
import { lineageKey, type Lineage, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import { dotKey, type Dot } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ContentIndex } from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import { DiskBlobs, isOfBlob, type BlobEffect } from "./disk-blobs.ts";
import { answerOfHistory, DiskHistory, type HistoryEffect } from "./disk-history.ts";
import type { RelayEffect } from "../../../server/core/effect.ts";
import type { RelayInput } from "../../../server/core/input.ts";
import type { Marks } from "../../../server/core/log-marks.ts";
import { compactionCut } from "../../../server/log/compaction-cut.ts";
import { contiguousClock } from "../../../server/log/contiguous-clock.ts";
import { prunedCut } from "../../../server/log/pruned-cut.ts";
import {
  nothingUnnamed,
  type Compaction,
  type HashedContent,
  type RoomPage,
  type RoomRecord,
  type StoredRoom,
  type StoredSnapshot,
} from "../../../server/core/stored-room.ts";
import { engineOfRoom } from "../../engines.ts";

interface Held {
  readonly lineage: Lineage;
  snapshot: StoredSnapshot | undefined;
  entries: Entry[];
  cover: VectorClock;
}

export class MemoryDisk {
  readonly records = new Map<RoomName, RoomRecord>();
  readonly marks = new Set<RoomName>();
  /** What contents hash to, until they change. */
  readonly hashes = new Map<RoomName, HashedContent>();
  /** What was read. */
  readonly loaded: RoomName[] = [];
  wholeRing: readonly RingRecord[] | undefined;
  readonly #held = new Map<string, Held>();
  readonly histories = new DiskHistory((lineage) => ({ clock: this.#clock(lineage), tail: this.#of(lineage).entries }));

  readonly blobs = new DiskBlobs({
    lineages: () => [...this.#held.values()].map(({ lineage }) => lineage),
    parts: (lineage) => this.parts(lineage),
    isClosed: (lineage) => this.#isClosed(lineage),
  });

  /** A copy of it, as a backup or a cloned folder is one. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [room, record] of this.records) copy.records.set(room, record);
    for (const room of this.marks) copy.marks.add(room);
    for (const [room, hashed] of this.hashes) copy.hashes.set(room, hashed);
    copy.wholeRing = this.wholeRing;
    this.histories.copyTo(copy.histories);
    this.blobs.copyTo(copy.blobs);
    for (const [key, held] of this.#held) copy.#held.set(key, { ...held, entries: [...held.entries] });
    return copy;
  }

  entries(lineage: Lineage): readonly Entry[] {
    return this.#of(lineage).entries;
  }

  snapshot(lineage: Lineage): StoredSnapshot | undefined {
    return this.#of(lineage).snapshot;
  }

  append(lineage: Lineage, entries: readonly Entry[], { completes, cover }: Marks = {}): void {
    if (completes === true) this.marks.add(lineage.room);
    if (this.#isClosed(lineage) || (entries.length === 0 && cover === undefined)) return;
    const held = this.#of(lineage);
    if (cover !== undefined) held.cover = held.cover.join(cover);
    const known = new Set(held.entries.map((entry) => dotKey(entry.dot)));
    for (const entry of entries) {
      const isCovered = known.has(dotKey(entry.dot)) || held.snapshot?.clock.join(held.snapshot.pruned).contains(entry.dot) === true;
      if (isCovered) continue;
      held.entries.push(entry);
      this.hashes.delete(lineage.room);
    }
  }

  load(room: RoomName): Result<StoredRoom> {
    this.loaded.push(room);
    const record = this.records.get(room);
    const lineage = { room, generation: record?.generation ?? 0 };
    const { snapshot, entries } = this.#of(lineage);
    const index = this.index(lineage).encode();
    return ok({ record, snapshot, tail: [...entries], index, clock: this.#clock(lineage), isMarked: this.marks.has(room) });
  }

  keepHash(hashed: HashedContent): void {
    const { lineage, clock, entries } = hashed;
    const isThere = (this.records.get(lineage.room)?.generation ?? 0) === lineage.generation && !this.#isClosed(lineage);
    const isAsNamed = this.#clock(lineage).compare(clock) === "equal" && this.entries(lineage).length === entries;
    if (isThere && isAsNamed) this.hashes.set(lineage.room, hashed);
  }

  putRecord(record: RoomRecord, completes = false): void {
    if (completes) this.marks.add(record.room);
    this.records.set(record.room, record);
    this.blobs.forget({ room: record.room, generation: record.deleted === undefined ? record.generation - 1 : record.generation });
    for (const { lineage } of [...this.#held.values()]) if (lineage.room === record.room && this.#isClosed(lineage)) this.#forget(lineage);
  }

  dropCopies(lineages: readonly Lineage[]): Result<undefined> {
    for (const { room, generation } of lineages) {
      this.marks.delete(room);
      this.hashes.delete(room);
      this.blobs.forget({ room, generation });
      for (const { lineage } of [...this.#held.values()])
        if (lineage.room === room && lineage.generation <= generation) this.#forget(lineage);
    }
    return ok(undefined);
  }

  compact(lineage: Lineage, upTo: VectorClock, unnaming = nothingUnnamed): Result<Compaction> {
    const held = this.#of(lineage);
    const base = held.snapshot?.clock ?? VectorClock.empty;
    const cut = compactionCut({ base, cover: held.cover, tail: held.entries.map(({ dot }) => dot) }, upTo);
    const covered = held.entries.filter((entry) => cut.contains(entry.dot));
    const parts = [...(held.snapshot === undefined ? [] : [held.snapshot.state]), ...covered.map((entry) => entry.payload)];
    if (parts.length === 0) return refused("STORE_FAILED", "nothing to compact");
    const shadow = engineOfRoom(lineage.room).shadow(parts, { nestingMax: 64 });
    const offset = held.snapshot === undefined ? 0 : 1;
    const quarantined: Dot[] = shadow.unapplied.map((place) => covered[place - offset]!.dot);
    const bad = new Set(quarantined.map(dotKey));
    const rest = held.entries.filter((entry) => !cut.contains(entry.dot));
    const prunedBefore = held.snapshot?.pruned ?? VectorClock.empty;
    const { clock, pruned } = prunedCut({ clock: cut, covered, rest, prunedBefore }, unnaming);
    const { state, stateVector, deleteSetUpdate } = shadow;
    const snapshot = { clock, pruned, state, stateVector, deleteSetUpdate };
    held.cover = held.cover.past(cut.past(clock));
    held.snapshot = snapshot;
    this.hashes.delete(lineage.room);
    held.entries = rest;
    const left = covered.filter(({ dot }) => !bad.has(dotKey(dot)));
    this.histories.left(lineage, left);
    const removed = left.map(({ dot }) => dot);
    return ok({ snapshot, index: this.index(lineage).encode(), removed, quarantined });
  }

  list({ after = "", limit, deleted = false }: { after?: string | undefined; limit: number; deleted?: boolean }): RoomPage {
    const created = { physicalMs: 0, logical: 0, relay: "a" as RelayId };
    const implied = { title: undefined, kind: undefined, deleted: undefined, everDeleted: false, created };
    const written = [...this.#held.values()].filter(
      (held) => !this.records.has(held.lineage.room) && (held.snapshot !== undefined || held.entries.length > 0),
    );
    const all = [...this.records.values(), ...written.map(({ lineage }): RoomRecord => ({ ...lineage, ...implied }))];
    const found = all.filter((record) => (deleted || record.deleted === undefined) && record.room > after);
    const rooms = found.toSorted((left, right) => (left.room < right.room ? -1 : 1)).slice(0, limit);
    return {
      rooms: rooms.map((record) => ({
        record,
        contentHash: this.#hashOf(record),
        isMarked: this.marks.has(record.room),
        clock: this.#clock(record),
        bytes: 0,
        entries: this.entries(record).length,
        lastHlc: undefined,
      })),
      next: found.length > limit ? rooms.at(-1)?.room : undefined,
    };
  }

  /** What is on disk, as the engine sees it. */
  index(lineage: Lineage): ContentIndex {
    return engineOfRoom(lineage.room).indexOf(this.parts(lineage)).index;
  }

  parts(lineage: Lineage): readonly Uint8Array[] {
    const { snapshot, entries } = this.#of(lineage);
    return [...(snapshot === undefined ? [] : [snapshot.state]), ...entries.map((entry) => entry.payload)];
  }

  answer(effect: HistoryEffect | BlobEffect): RelayInput {
    if (isOfBlob(effect)) return this.blobs.answer(effect);
    const lineages = [...this.#held.values()].map(({ lineage }) => lineage);
    return answerOfHistory(this.histories, () => lineages.filter((lineage) => this.histories.isLacking(lineage)), effect);
  }

  #forget(lineage: Lineage): void {
    this.#held.delete(lineageKey(lineage));
    this.histories.forget(lineage);
  }

  #hashOf({ room, generation }: RoomRecord): string | undefined {
    const hashed = this.hashes.get(room);
    return this.records.get(room)?.generation === generation && hashed?.lineage.generation === generation ? hashed.hash : undefined;
  }

  #isClosed({ room, generation }: Lineage): boolean {
    const record = this.records.get(room);
    return record !== undefined && (generation < record.generation || (generation === record.generation && record.deleted !== undefined));
  }

  #clock(lineage: Lineage): VectorClock {
    const { snapshot, entries, cover } = this.#of(lineage);
    const named = cover.join(snapshot?.clock ?? VectorClock.empty);
    const dots = entries.map(({ dot }) => dot).filter((dot) => !named.contains(dot));
    return contiguousClock(named, dots).clock;
  }

  #of(lineage: Lineage): Held {
    const key = lineageKey(lineage);
    const held = this.#held.get(key) ?? { lineage, snapshot: undefined, entries: [], cover: VectorClock.empty };
    this.#held.set(key, held);
    return held;
  }
}

/** What is asked of histories and images. */
export function isAsked(effect: RelayEffect): effect is HistoryEffect | BlobEffect {
  return isOfBlob(effect) || ["read-coverage", "draft-piece", "take-piece", "find-gaps"].includes(effect.type);
}
