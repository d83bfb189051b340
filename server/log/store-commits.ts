/**
 * StoreCommits: the transactions of the store. Each ends in an fsync, counts itself in the `store` row, and then in the marker beside the file.
 *
 * Invariant: one that fails leaves nothing behind, in the file or in the position; whoever keeps more in memory forgets it.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Database, Statement } from "better-sqlite3";
import type { Marker, StoreMarker } from "./store-marker.ts";
import { storeChecksum, type StoreRow } from "./store-row.ts";

/** The `store` row as the transaction under way will leave it. */
type Position = { -readonly [Field in keyof Omit<StoreRow, "crc">]: StoreRow[Field] };

export class StoreCommits {
  readonly #database: Database;
  readonly #marker: StoreMarker;
  readonly #freeBytesMin: number;
  readonly #saveStore: Statement<[number, number, number, number]>;
  #position: Position;

  /** Below `freeBytesMin` on the database's disk, `needSpace` throws. */
  constructor(database: Database, marker: StoreMarker, freeBytesMin: number) {
    this.#database = database;
    this.#marker = marker;
    this.#freeBytesMin = freeBytesMin;
    this.#position = database.prepare<[], StoreRow>("SELECT * FROM store").get() as StoreRow;
    this.#saveStore = database.prepare("UPDATE store SET commits = ?, seq = ?, hlc_ms = ?, crc = ?");
  }

  /** The number of the transaction under way. */
  get current(): number {
    return this.#position.commits;
  }

  run<Value>(change: () => Value): Value {
    const before = this.#position;
    this.#position = { ...before, commits: before.commits + 1 };
    try {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      this.#database.exec("BEGIN IMMEDIATE");
      const value = change();
      const { commits, seq, hlc_ms } = this.#position;
      this.#saveStore.run(commits, seq, hlc_ms, storeChecksum(this.#position));
      this.#database.exec("COMMIT");
      this.#noteCommit();
      return value;
    } catch (error) {
      this.#position = before;
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** A number that nothing else of the store has, within a transaction. */
  nextSeq(): number {
    return ++this.#position.seq;
  }

  /** A stamp of this relay, within a transaction. */
  noteStamp(physicalMs: number): void {
    this.#position.hlc_ms = Math.max(this.#position.hlc_ms, physicalMs);
  }

  /** Throws as a full disk does where less is free than is to be kept. */
  needSpace(): void {
    this.#need(this.#freeBytesMin);
  }

  /** The same for what takes so many bytes and leaves as much again as edits have to. */
  needSpaceFor(bytes: number): void {
    this.#need(2 * this.#freeBytesMin + bytes);
  }

  #need(kept: number): void {
    if (this.#freeBytesMin === 0) return;
    const disk = fs.statfsSync(path.dirname(this.#database.name));
    const free = disk.bavail * disk.bsize;
    if (free < kept) {
      throw Object.assign(new Error(`${free} bytes are free, ${kept} are kept`), { code: "ENOSPC" });
    }
  }

  close(): void {
    this.#database.close();
    this.#marker.write(this.#markerNow(), { synced: true });
    this.#marker.close();
  }

  /** The commit stands whether the marker could be written or not: a marker may lag. */
  #noteCommit(): void {
    try {
      this.#marker.write(this.#markerNow(), { synced: false });
    } catch {
      return;
    }
  }

  #markerNow(): Marker {
    return { store: this.#position.name, commits: this.#position.commits, hlcMs: this.#position.hlc_ms };
  }
}
