/**
 * SqliteReader: the reading half of the SQLite store, synchronous; it lives in a thread of its own with a connection of
 * its own, so that reading a large room never keeps a commit waiting.
 *
 * It changes nothing. A row whose checksum fails, or that lies on a page SQLite cannot read, is left out and reported
 * to `onDamage`, with its place, so that the writer can set it aside; everything around it is served.
 */
import type { Database, Statement } from "better-sqlite3";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { joinRanges, rangeOf, type DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { EngineOfRoom } from "@inkmesh/shared/engine/engine-of";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { decodeEntry } from "@inkmesh/shared/wire/entry-codec";
import type { RoomRecord } from "../core/stored-room.ts";
import { contiguousClock } from "./contiguous-clock.ts";
import { impliedRecord, outdates } from "./implied-record.ts";
import { packRecords, type PageParcel, type RoomParcel, type SnapshotParcel } from "./room-parcel.ts";
import { coverOf } from "./replica-marks.ts";
import type { DamagedRow } from "./damaged-rows.ts";
import { isSound, provenLineage, strayLineages } from "./lineage-proof.ts";
import { isCorruption } from "./store-error.ts";
import {
  chunkChecksum,
  entryChecksum,
  markChecksum,
  parseRecord,
  recordChecksum,
  snapshotChecksum,
  snapshotKinds,
  summaryChecksum,
  type ChunkRow,
  type EntryRow,
  type LineageRow,
  type MarkRow,
  type RecordRow,
  type SnapshotBody,
  type SnapshotRow,
  type SummaryBody,
  type SummaryRow,
} from "./store-row.ts";

/** Damage as a reader finds it: `row` where the writer can set it aside. */
export interface FoundDamage {
  readonly where: string;
  readonly what: string;
  /** Undefined where it belongs to no room. */
  readonly lineage: Lineage | undefined;
  readonly row: DamagedRow | undefined;
}

/** An entry as it lies on disk. */
export interface LoggedEntry {
  readonly seq: number;
  readonly entry: Entry;
  readonly record: Uint8Array;
}

/** What there is of one lineage. */
export interface LoggedLineage {
  readonly id: number | undefined;
  readonly snapshot: (SnapshotParcel & Pick<SnapshotBody, "quarantined" | "history"> & { readonly id: number }) | undefined;
  /** What the content contains beside what entries name. */
  readonly cover: VectorClock;
  /** In the order of admission; those that the snapshot contains are left out. */
  readonly tail: readonly LoggedEntry[];
  /** Entries that the snapshot contains and that have not been removed yet. */
  readonly superfluous: readonly LoggedEntry[];
}

interface PageAsk {
  readonly after: string | undefined;
  readonly limit: number;
  readonly search: string | undefined;
  readonly deleted?: boolean;
  readonly hashes?: boolean;
}

export class SqliteReader {
  readonly #database: Database;
  readonly #engineOf: EngineOfRoom;
  readonly #onDamage: (damage: FoundDamage) => void;
  readonly #statements = new Map<string, unknown>();

  constructor(database: Database, engineOf: EngineOfRoom, onDamage: (damage: FoundDamage) => void) {
    this.#database = database;
    this.#engineOf = engineOf;
    this.#onDamage = onDamage;
  }

  load(room: RoomName, wanted: number | undefined): RoomParcel {
    const record = this.record(room);
    const generation = wanted ?? this.currentGeneration(room);
    const { snapshot, cover, tail } = this.lineage({ room, generation });
    const parts = [...(snapshot ? [snapshot.state] : []), ...tail.map(({ entry }) => entry.payload)];
    const { clock } = contiguousClock(
      cover.join(VectorClock.of(snapshot?.clock ?? [])),
      tail.map(({ entry }) => entry.dot),
    );
    return {
      record,
      snapshot,
      tail: packRecords(tail.map((logged) => logged.record)),
      index: this.#engineOf(room).indexOf(parts).index.encode().slice(),
      clock: clock.entries(),
      isMarked: this.#isMarked(room),
    };
  }

  /** The one that is open, or was closed last. */
  currentGeneration(room: RoomName): number {
    return Math.max(this.record(room)?.generation ?? 0, this.#newestGeneration(room));
  }

  /** One moment of the store: what a compaction does meanwhile is seen whole or not at all. */
  lineage(lineage: Lineage): LoggedLineage {
    return this.#atOneMoment(() => this.#lineage(lineage));
  }

  /** The room's record; where it is lost, what its summary still knows: a deleted room does not come back by damage. */
  record(room: RoomName): RoomRecord | undefined {
    const row = this.#statement<[string], RecordRow>("SELECT * FROM record WHERE room = ?").get(room);
    if (row && row.crc === recordChecksum(row)) return parseRecord(row.body);
    const summary = this.#summary(room);
    if (row)
      this.#report({ room, generation: summary?.generation ?? 0 }, "record", "a room's record does not match its checksum", {
        table: "record",
        room,
      });
    if (summary === undefined || summary.crc !== summaryChecksum(summary)) return undefined;
    return outdates(summary, undefined) ? impliedRecord(summary) : undefined;
  }

  #lineage(lineage: Lineage): LoggedLineage {
    const id = this.idOf(lineage);
    if (id === undefined) return { id, snapshot: undefined, cover: VectorClock.empty, tail: [], superfluous: [] };
    const snapshot = this.#newestSnapshot(lineage, id, snapshotKinds.serving);
    const entries = this.#entries(lineage, id);
    const clock = VectorClock.of(snapshot?.clock ?? []).join(VectorClock.of(snapshot?.pruned ?? []));
    const tail = entries.filter(({ entry }) => !clock.contains(entry.dot));
    return {
      id,
      snapshot,
      cover: coverOf(this.#database, id),
      tail,
      superfluous: entries.filter(({ entry }) => clock.contains(entry.dot)),
    };
  }

  /** The snapshot `id`, read and checked whole; undefined where something of it is not as it was written. */
  snapshot(id: number): LoggedLineage["snapshot"] {
    const row = this.#database.prepare<[number], SnapshotRow>("SELECT * FROM snapshot WHERE id = ?").get(id);
    const snapshot = row && row.crc === snapshotChecksum(row) ? this.#readSnapshot(row) : undefined;
    if (!row || !snapshot) return undefined;
    const { quarantined, history } = JSON.parse(row.body) as SnapshotBody;
    return { id, quarantined, history, ...snapshot };
  }

  rooms(page: PageAsk): PageParcel {
    return this.#atOneMoment(() => this.#rooms(page));
  }

  #rooms(page: PageAsk): PageParcel {
    const rows = this.#database
      .prepare<[number, string, string, number], SummaryRow>(
        "SELECT * FROM summary WHERE deleted <= ? AND room > ? AND instr(folded, ?) > 0 ORDER BY room LIMIT ?",
      )
      .all(page.deleted ? 1 : 0, page.after ?? "", page.search?.toLowerCase() ?? "", page.limit + 1);
    const rooms = rows.slice(0, page.limit).map((row) => this.#summaryOf(row, page.hashes === true));
    return { rooms, next: rows.length > page.limit ? rooms.at(-1)?.record.room : undefined };
  }

  #summaryOf(row: SummaryRow, withHash: boolean): PageParcel["rooms"][number] {
    const lineage = { room: row.room, generation: row.generation };
    if (row.crc !== summaryChecksum(row)) {
      this.#report(lineage, "summary", "a room's summary does not match its checksum", { table: "summary", room: row.room });
    }
    const body = readJson<SummaryBody>(row.body);
    const record = this.record(row.room);
    const isSound = body !== undefined && row.crc === summaryChecksum(row) && record?.generation === row.generation;
    return {
      record: record ?? impliedRecord(row),
      contentHash: withHash && isSound && this.#isAsWritten(row, body) ? body.contentHash : undefined,
      isMarked: this.#isMarked(row.room),
      clock: body?.clock ?? [],
      bytes: body?.bytes ?? 0,
      entries: body?.entries ?? 0,
      lastHlc: body?.lastHlc,
    };
  }

  /** Whether the content that the summary tells of is there, and each row of it as it was written: then its hash stands for it. */
  #isAsWritten({ lineage, room, generation }: SummaryRow, { contentHash, entries, bytes }: SummaryBody): boolean {
    if (contentHash === undefined) return false;
    try {
      const rows = this.#statement<[number], EntryRow>("SELECT * FROM entry WHERE lineage = ?").all(lineage);
      const snapshots = this.#statement<[number], SnapshotRow>("SELECT * FROM snapshot WHERE lineage = ? AND verified = 1").all(lineage);
      const parts = snapshots.map((row) => (row.crc === snapshotChecksum(row) ? this.#readSnapshot(row) : undefined));
      const sizes = parts.map((part) => part && part.state.length + part.stateVector.length + part.deleteSetUpdate.length);
      const isSound = (row: EntryRow): boolean => row.crc === entryChecksum("entry", { room, generation }, row.seq, row.record);
      if (rows.length !== entries || !rows.every(isSound)) return false;
      return (
        rows.reduce((sum, { record }) => sum + record.length, 0) + sizes.reduce<number>((sum, size) => sum + (size ?? NaN), 0) === bytes
      );
    } catch (error) {
      if (isCorruption(error)) return false;
      throw error;
    }
  }

  #isMarked(room: RoomName): boolean {
    const row = this.#statement<[string], MarkRow>("SELECT * FROM mark WHERE room = ?").get(room);
    return row !== undefined && row.crc === markChecksum(row);
  }

  #newestGeneration(room: RoomName): number {
    const rows = this.#statement<[string], LineageRow>("SELECT * FROM lineage WHERE room = ?").all(room);
    const summary = this.#soundSummary(room);
    const generations = rows.filter(isSound).map(({ generation }) => generation);
    // Of rows that are not sound the summary knows better; without it they are better than nothing.
    const lacking = summary === undefined ? rows.map(({ generation }) => generation) : [summary.generation];
    return Math.max(0, ...(generations.length > 0 ? generations : lacking), summary?.generation ?? 0);
  }

  #summary(room: RoomName): SummaryRow | undefined {
    return this.#statement<[string], SummaryRow>("SELECT * FROM summary WHERE room = ?").get(room);
  }

  #soundSummary(room: RoomName): SummaryRow | undefined {
    const row = this.#summary(room);
    return row?.crc === (row && summaryChecksum(row)) ? row : undefined;
  }

  /** Its number; undefined where nothing was ever written to it. */
  idOf(lineage: Lineage): number | undefined {
    const row = this.#database
      .prepare<[string, number], LineageRow>("SELECT * FROM lineage WHERE room = ? AND generation = ?")
      .get(lineage.room, lineage.generation);
    if (row && isSound(row)) return row.id;
    const stray = strayLineages(this.#database, lineage, row, this.#soundSummary(lineage.room));
    for (const id of stray) {
      const what = id === row?.id ? "a lineage does not match its checksum" : "a lineage is gone";
      this.#report(lineage, "lineage", what, { table: "lineage", id });
    }
    return stray.find((id) => {
      const proven = provenLineage(this.#database, id);
      return proven?.room === lineage.room && proven.generation === lineage.generation;
    });
  }

  /** What the lineage's history begins with, where that is not its first entry. */
  base(lineage: Lineage, id: number): SnapshotParcel | undefined {
    return this.#newestSnapshot(lineage, id, snapshotKinds.base);
  }

  /** Entries that were set aside when they left the log, or are to be as soon as the sweep of `snapshot` comes to them. */
  quarantined(of: Lineage, id: number, snapshot: LoggedLineage["snapshot"]): DotRange[] {
    const rows = this.#database.prepare<[number], EntryRow>("SELECT * FROM quarantine WHERE lineage = ?").all(id);
    const aside = rows.flatMap(({ seq, record, crc }) => {
      const decoded = crc === entryChecksum("quarantine", of, seq, record) ? decodeEntry(record) : undefined;
      return decoded?.ok ? [rangeOf(decoded.value.dot)] : [];
    });
    const meant = snapshot?.quarantined.map(([actor, counter]) => rangeOf({ actor, counter })) ?? [];
    return joinRanges([...aside, ...meant]);
  }

  #newestSnapshot(lineage: Lineage, id: number, kind: SnapshotRow["verified"]): LoggedLineage["snapshot"] {
    const rows = this.#database
      .prepare<[number, number], SnapshotRow>("SELECT * FROM snapshot WHERE lineage = ? AND verified = ? ORDER BY id DESC")
      .all(id, kind);
    for (const row of rows) {
      const snapshot = this.snapshot(row.id);
      if (snapshot) return snapshot;
      this.#report(lineage, "snapshot", "a snapshot does not match its checksums", { table: "snapshot", id: row.id });
    }
    return undefined;
  }

  #readSnapshot(row: SnapshotRow): SnapshotParcel | undefined {
    const body = JSON.parse(row.body) as SnapshotBody;
    const chunks = this.#readable<ChunkRow>("SELECT * FROM chunk WHERE snapshot = ?", "part", row.id);
    if (chunks.length !== body.chunks || chunks.some((chunk) => chunk.crc !== chunkChecksum(chunk))) return undefined;
    const bytes = concatBytes(chunks.map((chunk) => chunk.bytes));
    const [state, stateVector] = body.lengths;
    return {
      clock: body.clock,
      pruned: body.pruned ?? [],
      state: bytes.subarray(0, state),
      stateVector: bytes.subarray(state, state + stateVector),
      deleteSetUpdate: bytes.subarray(state + stateVector),
    };
  }

  #entries(lineage: Lineage, id: number): LoggedEntry[] {
    const entries: LoggedEntry[] = [];
    for (const row of this.#readable<EntryRow>("SELECT * FROM entry WHERE lineage = ?", "actor, counter", id, lineage)) {
      const decoded = row.crc === entryChecksum("entry", lineage, row.seq, row.record) ? decodeEntry(row.record) : undefined;
      if (decoded?.ok && decoded.value.dot.counter === row.counter)
        entries.push({ seq: row.seq, entry: decoded.value, record: row.record });
      else
        this.#report(lineage, "entry", "an entry does not match its checksum", {
          table: "entry",
          lineage: id,
          actor: row.actor,
          counter: row.counter,
        });
    }
    return entries.sort((left, right) => left.seq - right.seq);
  }

  /**
   * All rows that can be read: up to the first page that cannot, and, from the other end, down to it. `order` are the
   * columns by which the table is clustered.
   */
  #readable<Row>(query: string, order: string, key: number, lineage?: Lineage): Row[] {
    const forwards = `${query} ORDER BY ${order}`;
    try {
      return this.#database.prepare<[number], Row>(forwards).all(key);
    } catch (error) {
      if (!isCorruption(error)) throw error;
    }
    if (lineage) this.#report(lineage, "store", "a page of the store cannot be read; a restart repairs what can be repaired", undefined);
    const backwards = `${query} ORDER BY ${order
      .split(", ")
      .map((column) => `${column} DESC`)
      .join(", ")}`;
    return [...this.#upToCorruption<Row>(forwards, key), ...this.#upToCorruption<Row>(backwards, key).reverse()];
  }

  #upToCorruption<Row>(query: string, key: number): Row[] {
    const rows: Row[] = [];
    try {
      for (const row of this.#database.prepare<[number], Row>(query).iterate(key)) rows.push(row);
    } catch (error) {
      if (!isCorruption(error)) throw error;
    }
    return rows;
  }

  /** Prepared once: a list asks for each of its rooms. */
  #statement<Keys extends readonly unknown[], Row>(sql: string): Statement<[...Keys], Row> {
    const known = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, known);
    return known as Statement<[...Keys], Row>;
  }

  #atOneMoment<Value>(read: () => Value): Value {
    this.#database.exec("BEGIN");
    try {
      return read();
    } finally {
      // Not COMMIT, which refuses after a page that could not be read; nothing was changed.
      this.#database.exec("ROLLBACK");
    }
  }

  #report(lineage: Lineage, where: string, what: string, row: DamagedRow | undefined): void {
    this.#onDamage({ where, what, lineage, row });
  }
}

function readJson<Value>(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return undefined;
  }
}
