/**
 * SnapshotShelf: the writing side of snapshots. A snapshot comes in chunks, each its own transaction, so that a large one
 * never keeps commits waiting; nobody relies on it until it is adopted, and what it covers leaves in portions.
 *
 *     putChunk × n → putHeader (verified 0) → [re-read and compared elsewhere] → adopt (verified 1) → sweep until done
 *
 * Invariants: before `adopt` nothing was removed; after it, entries that the snapshot covers are superfluous, so that a
 * crash between two steps loses nothing. Runs inside its caller's transactions.
 */
import type { Database } from "better-sqlite3";
import type { ActorId } from "@inkmesh/shared/base/ids";
import type { Account } from "./lineage-ledger.ts";
import {
  chunkChecksum,
  entryChecksum,
  snapshotChecksum,
  snapshotKinds,
  type EntryRow,
  type SnapshotBody,
  type SnapshotRow,
} from "./store-row.ts";

/** Bytes of a snapshot per row and transaction: about a millisecond of writing. */
export const chunkBytes = 256 * 1024;

/** Entries removed per transaction. */
const sweepRowsMax = 1_000;

export class SnapshotShelf {
  readonly #database: Database;
  #lastId: number;

  /** Throws away what an interrupted compaction left. */
  constructor(database: Database) {
    this.#database = database;
    database.transaction(() => {
      database.exec("DELETE FROM segment WHERE snapshot IN (SELECT id FROM snapshot WHERE verified = 0)");
      database.exec("DELETE FROM snapshot WHERE verified = 0");
      database.exec("DELETE FROM chunk WHERE snapshot NOT IN (SELECT id FROM snapshot)");
    })();
    this.#lastId = database
      .prepare("SELECT max((SELECT coalesce(max(id), 0) FROM snapshot), (SELECT coalesce(max(snapshot), 0) FROM segment))")
      .pluck()
      .get() as number;
  }

  /** A number for a new snapshot; higher than that of every earlier one. */
  nextId(): number {
    return ++this.#lastId;
  }

  putChunk(snapshot: number, part: number, bytes: Uint8Array): void {
    this.#database.prepare("INSERT INTO chunk VALUES (?, ?, ?, ?)").run(snapshot, part, bytes, chunkChecksum({ snapshot, part, bytes }));
  }

  putHeader(id: number, lineage: number, body: SnapshotBody): void {
    this.#writeHeader({ id, lineage, verified: snapshotKinds.draft, body: JSON.stringify(body) });
  }

  /** Makes a re-read snapshot the one that counts; older ones go, but for what the history begins with. What it says. */
  adopt(id: number, account: Account): SnapshotBody {
    const row = this.#database.prepare<[number], SnapshotRow>("SELECT * FROM snapshot WHERE id = ?").get(id) as SnapshotRow;
    const body = JSON.parse(row.body) as SnapshotBody;
    for (const older of this.#database
      .prepare<[number, number], SnapshotRow>("SELECT * FROM snapshot WHERE lineage = ? AND id < ?")
      .all(row.lineage, id)) {
      const isServing = older.verified === snapshotKinds.serving;
      if (isServing) account.bytes -= sizeOf(older);
      if (isServing && body.history === "begins") this.#writeHeader({ ...older, verified: snapshotKinds.base });
      else if (older.verified !== snapshotKinds.base || body.history !== "goes-on") this.remove(older.id);
    }
    this.#writeHeader({ id, lineage: row.lineage, verified: snapshotKinds.serving, body: row.body });
    account.bytes += sizeOf(row);
    // What does not apply is left out of it, and what Yjs deletes by itself is named.
    account.contentHash = undefined;
    return body;
  }

  /** Makes a re-read state the one with which the lineage's history begins. */
  adoptBase(id: number, before: readonly SnapshotRow[]): void {
    const row = this.#database.prepare<[number], SnapshotRow>("SELECT * FROM snapshot WHERE id = ?").get(id) as SnapshotRow;
    for (const older of before) this.remove(older.id);
    this.#writeHeader({ ...row, verified: snapshotKinds.base });
  }

  /** Whether there are entries of that actor behind `counter`. */
  hasBeyond(lineage: number, name: ActorId, counter: number): boolean {
    const sql = "SELECT 1 FROM entry WHERE lineage = ? AND counter > ? AND actor = (SELECT id FROM actor WHERE name = ?) LIMIT 1";
    return this.#database.prepare(sql).get(lineage, counter, name) !== undefined;
  }

  /** Removes a portion of the entries that the adopted snapshot `id` covers; true when none is left. */
  sweep(id: number, account: Account): boolean {
    const row = this.#database.prepare<[number], SnapshotRow>("SELECT * FROM snapshot WHERE id = ?").get(id);
    if (row === undefined) return true;
    const body = JSON.parse(row.body) as SnapshotBody;
    for (const [name, counter] of [...body.clock, ...(body.pruned ?? [])]) {
      const actor = this.#database.prepare<[string], number>("SELECT id FROM actor WHERE name = ?").pluck().get(name);
      const upTo = actor === undefined ? undefined : this.#portionEnd(row.lineage, actor, counter);
      if (actor === undefined || upTo === undefined) continue;
      for (const [quarantined, dot] of body.quarantined)
        if (quarantined === name && dot <= upTo) this.#quarantine(row.lineage, actor, dot, body);
      this.#removeEntries(account, actor, upTo);
      return false;
    }
    return true;
  }

  /** Takes a snapshot away, whatever of it is there. */
  remove(id: number): void {
    this.#database.prepare("DELETE FROM snapshot WHERE id = ?").run(id);
    this.#database.prepare("DELETE FROM chunk WHERE snapshot = ?").run(id);
  }

  /** The last counter of the next portion up to `counter`; undefined when there are no entries. */
  #portionEnd(lineage: number, actor: number, counter: number): number | undefined {
    const counters = "SELECT counter FROM entry WHERE lineage = ? AND actor = ? AND counter <= ? ORDER BY counter LIMIT ?";
    const last = this.#database.prepare<[number, number, number, number], number | null>(`SELECT max(counter) FROM (${counters})`).pluck();
    return last.get(lineage, actor, counter, sweepRowsMax) ?? undefined;
  }

  #quarantine(lineage: number, actor: number, counter: number, of: SnapshotBody): void {
    const row = this.#database
      .prepare<[number, number, number], EntryRow>("SELECT * FROM entry WHERE lineage = ? AND actor = ? AND counter = ?")
      .get(lineage, actor, counter);
    if (!row) return;
    const crc = entryChecksum("quarantine", of, row.seq, row.record);
    this.#database
      .prepare("INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?, ?, ?, ?)")
      .run(lineage, actor, counter, row.seq, row.record, crc);
  }

  /** By dot: a snapshot's clock names no dot of an actor without those before it. */
  #removeEntries(account: Account, actor: number, upTo: number): void {
    const which = "FROM entry WHERE lineage = ? AND actor = ? AND counter <= ?";
    const bytes = this.#database.prepare<[number, number, number], number>(`SELECT total(length(record)) ${which}`).pluck();
    account.bytes -= bytes.get(account.id, actor, upTo) ?? 0;
    account.entries -= this.#database.prepare(`DELETE ${which}`).run(account.id, actor, upTo).changes;
  }

  #writeHeader(row: Omit<SnapshotRow, "crc">): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?)")
      .run(row.id, row.lineage, row.verified, row.body, snapshotChecksum(row));
  }
}

function sizeOf(row: SnapshotRow): number {
  return (JSON.parse(row.body) as SnapshotBody).lengths.reduce((sum, length) => sum + length, 0);
}
