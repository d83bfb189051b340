/**
 * StoreVerification: looks at every row of the store and compares it with its checksum, and has SQLite check its own
 * structure. Changes nothing.
 *
 *     first page: structure, the store's own rows, content of no lineage ─▶ pages of rooms, by name ─▶ last page
 *
 * Invariants: a room is looked at as it is at one moment, so that a compaction which runs meanwhile is seen whole or not at all; a page
 * ends after `pageRooms` rooms or `pageBytes` bytes, so that others get their turn; what is found carries the row, where the writer can
 * set it aside.
 */
import type { Database } from "better-sqlite3";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { Damage } from "./update-log.ts";
import type { FoundDamage } from "./sqlite-reader.ts";
import { verifyBlobs } from "./blob-verification.ts";
import type { DamagedRow } from "./damaged-rows.ts";
import { isSound, strayLineages } from "./lineage-proof.ts";
import {
  chunkChecksum,
  coverChecksum,
  entryChecksum,
  markChecksum,
  recordChecksum,
  segmentChecksum,
  snapshotChecksum,
  snapshotKinds,
  storeChecksum,
  summaryChecksum,
  wholeChecksum,
  type ChunkRow,
  type Counters,
  type CoverRow,
  type EntryRow,
  type LineageRow,
  type MarkRow,
  type RecordRow,
  type SegmentRow,
  type SnapshotBody,
  type SnapshotRow,
  type StoreRow,
  type SummaryBody,
  type SummaryRow,
  type WholeRow,
} from "./store-row.ts";
import { isCorruption } from "./store-error.ts";

/** A page of rooms is a moment's work of a thread that others wait for. */
const pageRooms = 256;
const pageBytes = 16 * 1024 * 1024;

/** What survives a structured clone. */
export interface VerifiedPage {
  readonly rooms: readonly VerifiedRoom[];
  readonly found: readonly FoundDamage[];
  readonly total: number | undefined;
  readonly next: string | undefined;
}

export interface VerifiedRoom {
  readonly room: RoomName;
  readonly bytes: number;
  /** What its summary says that there is; undefined where that is damaged, or there is none. */
  readonly generation: number | undefined;
  readonly clock: Counters | undefined;
}

type Report = (found: FoundDamage) => void;

export class StoreVerification {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The rooms behind `after`; without it the first page. */
  page(after: string | undefined): VerifiedPage {
    const found: FoundDamage[] = after === undefined ? [...this.ofStore(), ...this.#orphans()] : [];
    const rooms: VerifiedRoom[] = [];
    const names = this.#names(after ?? "");
    for (let bytes = 0; rooms.length < Math.min(pageRooms, names.length) && bytes < pageBytes;) {
      const room = this.room(names[rooms.length]!, (damage) => void found.push(damage));
      rooms.push(room);
      bytes += room.bytes;
    }
    const total = after === undefined ? this.#count() : undefined;
    return { rooms, found, total, next: rooms.length < names.length ? rooms.at(-1)?.room : undefined };
  }

  /** One room, whatever there is of it. */
  room(room: RoomName, report: Report): VerifiedRoom {
    this.#database.exec("BEGIN");
    try {
      return new RoomVerification(this.#database, room, report).verify();
    } finally {
      // Not COMMIT, which refuses after a page that could not be read; nothing was changed.
      this.#database.exec("ROLLBACK");
    }
  }

  /** SQLite's own structure, and what the store keeps of itself. */
  ofStore(): FoundDamage[] {
    const found: FoundDamage[] = checkStructure(this.#database).map(({ where, what }) => ({
      where,
      what,
      lineage: undefined,
      row: undefined,
    }));
    const check = <Row>(table: string, damaged: DamagedRow | undefined, sound: (row: Row) => boolean): void => {
      const report = (what: string, row?: DamagedRow): void => void found.push({ where: table, what, lineage: undefined, row });
      eachRow<Row>(this.#database, `SELECT * FROM ${table}`, [], report, (row) => sound(row) || report(mismatch, damaged));
    };
    check<StoreRow>("store", undefined, (row) => row.crc === storeChecksum(row));
    check<WholeRow>("whole", { table: "whole" }, (row) => row.crc === wholeChecksum(row));
    return found;
  }

  /** Content that belongs to no lineage. */
  #orphans(): FoundDamage[] {
    const tables = ["entry", "quarantine", "cover", "snapshot", "segment", "blob"].filter((table) => this.#hasOrphans(table));
    return tables.map((where) => ({ where, what: "rows belong to no document", lineage: undefined, row: undefined }));
  }

  /** Steps from key to key (a loose index scan), so that no content is read for it. */
  #hasOrphans(table: string): boolean {
    try {
      // Of `ids`, in so many words: some tables have an id of their own, and would lead to the same row for ever.
      const next = `SELECT min(lineage) FROM ${table} WHERE lineage > ids.id`;
      const orphan = this.#database
        .prepare<[], number>(
          `WITH RECURSIVE ids(id) AS (SELECT min(lineage) FROM ${table} UNION ALL SELECT (${next}) FROM ids WHERE id IS NOT NULL)
           SELECT id FROM ids WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM lineage) LIMIT 1`,
        )
        .pluck();
      return orphan.get() !== undefined;
    } catch (error) {
      // The structure was said to be damaged above.
      if (isCorruption(error)) return false;
      throw error;
    }
  }

  /** One more than a page has, to know whether there is a next one. */
  #names(after: string): readonly RoomName[] {
    const some = namedBy.map((table) => `SELECT room FROM ${table} WHERE room > $after`).join(" UNION ");
    return this.#database
      .prepare<[{ after: string; limit: number }], RoomName>(`${some} ORDER BY room LIMIT $limit`)
      .pluck()
      .all({ after, limit: pageRooms + 1 });
  }

  #count(): number {
    const all = namedBy.map((table) => `SELECT room FROM ${table}`).join(" UNION ");
    return this.#database.prepare<[], number>(`SELECT count(*) FROM (${all})`).pluck().get() ?? 0;
  }
}

/** The tables that name rooms. */
const namedBy = ["lineage", "record", "summary", "mark"] as const;

const mismatch = "a row does not match its checksum";

/** The rows of one room. */
class RoomVerification {
  readonly #database: Database;
  readonly #room: RoomName;
  readonly #onFound: Report;
  #lineage: Lineage;
  #bytes = 0;
  #isAnyFound = false;
  /** Of each lineage what a summary counts. */
  readonly #there = new Map<number, { entries: number; bytes: number }>();

  constructor(database: Database, room: RoomName, report: Report) {
    this.#database = database;
    this.#room = room;
    this.#onFound = report;
    this.#lineage = { room, generation: 0 };
  }

  verify(): VerifiedRoom {
    const room = this.#room;
    const summary = this.#summary();
    const generation = summary?.generation;
    // What is of no lineage of its own is set aside with the one that is current.
    this.#lineage = { room, generation: generation ?? 0 };
    // First: what is computed anew from content is computed of what has its lineage again.
    const lineages = this.#lineages(summary);
    let clock: Counters | undefined;
    this.#each<SummaryRow>("summary", "room", room, (row) => {
      if (row.crc !== summaryChecksum(row)) return { table: "summary", room };
      clock = (JSON.parse(row.body) as SummaryBody).clock;
      return undefined;
    });
    this.#each<RecordRow>("record", "room", room, (row) => (row.crc === recordChecksum(row) ? undefined : { table: "record", room }));
    this.#each<MarkRow>("mark", "room", room, (row) => (row.crc === markChecksum(row) ? undefined : { table: "mark", room }));
    for (const lineage of lineages) this.#content(lineage);
    if (summary) this.#allIsThere(summary);
    return { room, bytes: this.#bytes, generation, clock };
  }

  #summary(): SummaryRow | undefined {
    try {
      const row = this.#database.prepare<[string], SummaryRow>("SELECT * FROM summary WHERE room = ?").get(this.#room);
      return row?.crc === (row && summaryChecksum(row)) ? row : undefined;
    } catch (error) {
      if (isCorruption(error)) return undefined;
      throw error;
    }
  }

  /** Those that are sound: under one that is not, nothing tells whether content is as it was written, before it is mended. */
  #lineages(summary: SummaryRow | undefined): readonly LineageRow[] {
    const rows: LineageRow[] = [];
    const current = this.#lineage;
    this.#each<LineageRow>("lineage", "room", this.#room, (row) => {
      rows.push(row);
      this.#lineage = { room: this.#room, generation: row.generation };
      return isSound(row) ? undefined : { table: "lineage", id: row.id };
    });
    this.#lineage = current;
    const row = rows.find(({ generation }) => generation === current.generation);
    for (const id of strayLineages(this.#database, current, row, summary))
      if (id !== row?.id) this.#found("lineage", "a lineage is gone", { table: "lineage", id });
    return rows.filter(isSound);
  }

  /** What is gone has no checksum that could be wrong. Where something was found, what is computed anew tells of the rest. */
  #allIsThere({ room, lineage, generation, body }: SummaryRow): void {
    const { entries, bytes } = JSON.parse(body) as SummaryBody;
    const there = this.#there.get(lineage) ?? { entries: 0, bytes: 0 };
    if (this.#isAnyFound || (there.entries >= entries && there.bytes >= bytes)) return;
    this.#lineage = { room, generation };
    this.#found("summary", "content that a summary tells of is not there", { table: "summary", room });
  }

  #content({ id, generation }: LineageRow): void {
    const there = { entries: 0, bytes: 0 };
    this.#there.set(id, there);
    const lineage = { room: this.#room, generation };
    this.#lineage = lineage;
    this.#each<CoverRow>("cover", "lineage", id, (row) => (row.crc === coverChecksum(row) ? undefined : { table: "cover", lineage: id }));
    for (const kind of ["entry", "quarantine"] as const)
      this.#each<EntryRow>(kind, "lineage", id, (row) => {
        this.#bytes += row.record.length;
        if (kind === "entry") Object.assign(there, { entries: there.entries + 1, bytes: there.bytes + row.record.length });
        if (row.crc === entryChecksum(kind, lineage, row.seq, row.record)) return undefined;
        return { table: kind, lineage: id, actor: row.actor, counter: row.counter };
      });
    const snapshots: SnapshotRow[] = [];
    this.#each<SnapshotRow>("snapshot", "lineage", id, (row) => {
      if (row.crc !== snapshotChecksum(row)) return { table: "snapshot", id: row.id };
      snapshots.push(row);
      const { lengths } = JSON.parse(row.body) as SnapshotBody;
      if (row.verified === snapshotKinds.base) return undefined;
      there.bytes += lengths.reduce((sum, length) => sum + length, 0);
      return undefined;
    });
    for (const row of snapshots) this.#chunks(row);
    this.#each<SegmentRow>("segment", "lineage", id, (row) => {
      this.#bytes += row.body.length;
      return row.crc === segmentChecksum(row, lineage) ? undefined : { table: "segment", id: row.id };
    });
    const { bytes, incomplete } = verifyBlobs(id, (table, column, key, flaw) => this.#each(table, column, key, flaw));
    this.#bytes += bytes;
    for (const blob of incomplete) this.#found("blob", "a part of an image is missing", { table: "blob", id: blob });
  }

  #chunks({ id, verified, body }: SnapshotRow): void {
    let [sound, damaged] = [0, 0];
    this.#each<ChunkRow>("chunk", "snapshot", id, (row) => {
      this.#bytes += row.bytes.length;
      if (row.crc === chunkChecksum(row)) return void (sound += 1);
      damaged += 1;
      return { table: "snapshot", id };
    });
    // One that is being written does not have all of them yet.
    if (verified !== snapshotKinds.draft && damaged === 0 && sound !== (JSON.parse(body) as SnapshotBody).chunks)
      this.#found("snapshot", "a part of a snapshot is missing", { table: "snapshot", id });
  }

  /** `flaw`: the row to set aside where it is not as it was written, undefined where it is sound. */
  #each<Row>(table: string, column: string, key: string | number, flaw: (row: Row) => DamagedRow | undefined | void): void {
    const unreadable = (what: string): void => this.#found(table, what, undefined);
    eachRow<Row>(this.#database, `SELECT * FROM ${table} WHERE ${column} = ?`, [key], unreadable, (row) => {
      const damaged = flaw(row);
      if (damaged !== undefined) this.#found(table, mismatch, damaged);
    });
  }

  #found(where: string, what: string, row: DamagedRow | undefined): void {
    // Of an image nothing is computed anew.
    if (!["blob", "piece", "mention"].includes(where)) this.#isAnyFound = true;
    this.#onFound({ where, what, lineage: this.#lineage, row });
  }
}

function eachRow<Row>(
  database: Database,
  query: string,
  keys: readonly (string | number)[],
  unreadable: (what: string) => void,
  look: (row: Row) => void,
): void {
  try {
    for (const row of database.prepare<unknown[], Row>(query).iterate(...keys)) look(row);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    unreadable("a page cannot be read");
  }
}

/** Everything, at once. `progress`: rooms that were looked at, of how many. */
export function verifyStore(database: Database, progress: (done: number, total: number) => void = () => undefined): Damage[] {
  const verification = new StoreVerification(database);
  const damage: Damage[] = [];
  let [done, total] = [0, 0];
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const page: VerifiedPage = verification.page(after);
    damage.push(...page.found.map(damageOf));
    total = page.total ?? total;
    done += page.rooms.length;
    after = page.next;
    progress(done, total);
  }
  return damage;
}

/** For people. */
export function damageOf({ where, what, lineage }: FoundDamage): Damage {
  return { where: where === "store" && what !== mismatch ? where : `table ${where}`, what, keptAs: undefined, room: lineage?.room };
}

/** What SQLite says of its own pages and trees; nothing when they are sound. */
export function checkStructure(database: Database): Damage[] {
  const findings = quickCheck(database);
  return findings.map((what) => ({ where: "store", what, keptAs: undefined, room: undefined }));
}

function quickCheck(database: Database): string[] {
  try {
    const rows = database.prepare<[], string>("PRAGMA quick_check(10)").pluck().all();
    return rows.filter((row) => row !== "ok");
  } catch (error) {
    if (isCorruption(error)) return [(error as Error).message];
    throw error;
  }
}
