/**
 * MemoryDisk: a relay's disk in miniature for tests of the core: synchronous, so that a test decides when an append
 * comes back, or does not. What `append` took survives a `Relay`; what was only sent to it does not.
 */
import { lineageKey, type Lineage, type RoomName } from "@inkmesh/shared/base/ids";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import { dotKey, type Dot } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ContentIndex } from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import type { Compaction, RoomPage, RoomRecord, StoredRoom, StoredSnapshot } from "../../../server/core/stored-room.ts";

const engine = new YjsEngine();

interface Held {
  snapshot: StoredSnapshot | undefined;
  entries: Entry[];
}

export class MemoryDisk {
  readonly records = new Map<RoomName, RoomRecord>();
  readonly marks = new Set<RoomName>();
  readonly #held = new Map<string, Held>();

  entries(lineage: Lineage): readonly Entry[] {
    return this.#of(lineage).entries;
  }

  snapshot(lineage: Lineage): StoredSnapshot | undefined {
    return this.#of(lineage).snapshot;
  }

  append(lineage: Lineage, entries: readonly Entry[]): void {
    const held = this.#of(lineage);
    const known = new Set(held.entries.map((entry) => dotKey(entry.dot)));
    for (const entry of entries) {
      const isCovered = known.has(dotKey(entry.dot)) || held.snapshot?.clock.contains(entry.dot) === true;
      if (!isCovered) held.entries.push(entry);
    }
  }

  load(room: RoomName): Result<StoredRoom> {
    const record = this.records.get(room);
    const lineage = { room, generation: record?.generation ?? 0 };
    const { snapshot, entries } = this.#of(lineage);
    const index = this.index(lineage).encode();
    return ok({ record, snapshot, tail: [...entries], index, clock: this.#clock(lineage), isMarked: this.marks.has(room) });
  }

  putRecord(record: RoomRecord): void {
    this.records.set(record.room, record);
    if (record.deleted !== undefined) this.#held.delete(lineageKey(record));
  }

  compact(lineage: Lineage, upTo: VectorClock): Result<Compaction> {
    const held = this.#of(lineage);
    const covered = held.entries.filter((entry) => upTo.contains(entry.dot));
    const parts = [...(held.snapshot === undefined ? [] : [held.snapshot.state]), ...covered.map((entry) => entry.payload)];
    if (parts.length === 0) return refused("STORE_FAILED", "nothing to compact");
    const shadow = engine.shadow(parts, { nestingMax: 64 });
    const offset = held.snapshot === undefined ? 0 : 1;
    const quarantined: Dot[] = shadow.unapplied.map((place) => covered[place - offset]!.dot);
    const bad = new Set(quarantined.map(dotKey));
    const snapshot = { clock: upTo, state: shadow.state, stateVector: shadow.stateVector, deleteSetUpdate: shadow.deleteSetUpdate };
    held.snapshot = snapshot;
    held.entries = held.entries.filter((entry) => !upTo.contains(entry.dot));
    const removed = covered.map((entry) => entry.dot).filter((dot) => !bad.has(dotKey(dot)));
    return ok({ snapshot, index: this.index(lineage).encode(), removed, quarantined });
  }

  list(limit: number): RoomPage {
    const rooms = [...this.records.values()].filter((record) => record.deleted === undefined).slice(0, limit);
    return {
      rooms: rooms.map((record) => ({
        record,
        clock: this.#clock(record),
        bytes: 0,
        entries: this.entries(record).length,
        lastHlc: undefined,
      })),
      next: undefined,
    };
  }

  /** What is on disk, as the engine sees it. */
  index(lineage: Lineage): ContentIndex {
    return engine.indexOf(this.parts(lineage)).index;
  }

  parts(lineage: Lineage): readonly Uint8Array[] {
    const { snapshot, entries } = this.#of(lineage);
    return [...(snapshot === undefined ? [] : [snapshot.state]), ...entries.map((entry) => entry.payload)];
  }

  #clock(lineage: Lineage): VectorClock {
    const { snapshot, entries } = this.#of(lineage);
    return entries.reduce(
      (clock, entry) => (clock.contains(entry.dot) ? clock : clock.advance(entry.dot)),
      snapshot?.clock ?? VectorClock.empty,
    );
  }

  #of(lineage: Lineage): Held {
    const key = lineageKey(lineage);
    const held = this.#held.get(key) ?? { snapshot: undefined, entries: [] };
    this.#held.set(key, held);
    return held;
  }
}
