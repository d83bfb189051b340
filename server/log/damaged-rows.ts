/**
 * DamagedRows: rows that are not as they were written, on their way out: the bytes are kept in the table `damage`, for whoever wants to
 * look at them, and the row goes, or is written anew where others know what it said (`lineage-proof.ts`).
 *
 * Invariant: runs within the caller's transaction; nothing goes that was not kept before, but for the bytes of images.
 */
import type { Database } from "better-sqlite3";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { BlobShelf } from "./blob-shelf.ts";
import { mendLineage } from "./lineage-proof.ts";
import type { SnapshotShelf } from "./snapshot-shelf.ts";

/** Where a damaged row lies. */
export type DamagedRow =
  | { readonly table: "entry" | "quarantine"; readonly lineage: number; readonly actor: number; readonly counter: number }
  | { readonly table: "snapshot" | "segment" | "blob"; readonly id: number }
  | { readonly table: "mention"; readonly lineage: number; readonly name: string }
  /** Of a lineage's row the number; it may be gone. */
  | { readonly table: "lineage"; readonly id: number }
  | { readonly table: "cover"; readonly lineage: number }
  | { readonly table: "record" | "summary" | "mark"; readonly room: string }
  /** The store has one. */
  | { readonly table: "whole" };

export class DamagedRows {
  readonly #database: Database;
  readonly #shelf: SnapshotShelf;
  readonly #blobs: BlobShelf;

  constructor(database: Database, shelf: SnapshotShelf, blobs: BlobShelf) {
    this.#database = database;
    this.#shelf = shelf;
    this.#blobs = blobs;
  }

  /** `what` is wrong with it, in words. */
  keep(row: DamagedRow, room: RoomName | undefined, what: string): void {
    this.#database
      .prepare("INSERT INTO damage (place, what, room, bytes, reported) VALUES (?, ?, ?, ?, 1)")
      .run(row.table, what, room ?? null, this.#bytesOf(row));
  }

  /** `lineage`: whose it was found to be, if anybody's. Whose it was; undefined where nothing tells. */
  remove(row: DamagedRow, lineage: Lineage | undefined): Lineage | undefined {
    if (row.table === "lineage") return mendLineage(this.#database, row.id);
    this.#delete(row);
    return lineage;
  }

  #delete(row: Exclude<DamagedRow, { table: "lineage" }>): void {
    const run = (sql: string, ...keys: readonly (string | number)[]): unknown => this.#database.prepare(sql).run(...keys);
    switch (row.table) {
      case "entry":
      case "quarantine":
        run(`DELETE FROM ${row.table} WHERE lineage = ? AND actor = ? AND counter = ?`, row.lineage, row.actor, row.counter);
        return;
      case "snapshot":
        return this.#shelf.remove(row.id);
      case "segment":
        run("DELETE FROM segment WHERE id = ?", row.id);
        return;
      case "blob":
        return this.#blobs.remove(row.id);
      case "mention":
        run("DELETE FROM mention WHERE lineage = ? AND name = ?", row.lineage, row.name);
        // What it said is found by reading.
        run("INSERT OR IGNORE INTO unread VALUES (?, 0)", row.lineage);
        return;
      case "cover":
        run("DELETE FROM cover WHERE lineage = ?", row.lineage);
        return;
      case "record":
      case "summary":
      case "mark":
        run(`DELETE FROM ${row.table} WHERE room = ?`, row.room);
        return;
      case "whole":
        run("DELETE FROM whole");
    }
  }

  #bytesOf(row: DamagedRow): Uint8Array | undefined {
    const read = (sql: string, ...keys: readonly (string | number)[]): unknown[] =>
      this.#database
        .prepare(sql)
        .pluck()
        .all(...keys);
    switch (row.table) {
      case "entry":
      case "quarantine": {
        const where = "WHERE lineage = ? AND actor = ? AND counter = ?";
        return read(`SELECT record FROM ${row.table} ${where}`, row.lineage, row.actor, row.counter)[0] as Uint8Array | undefined;
      }
      case "snapshot":
        return Buffer.concat(read("SELECT bytes FROM chunk WHERE snapshot = ? ORDER BY part", row.id) as Uint8Array[]);
      case "segment":
        return read("SELECT body FROM segment WHERE id = ?", row.id)[0] as Uint8Array | undefined;
      case "blob":
        // Bytes that are not what they are called are worth nothing, and the disk may be full.
        return undefined;
      case "mention":
        return Buffer.from(row.name);
      case "lineage":
        return Buffer.from(JSON.stringify(this.#database.prepare("SELECT * FROM lineage WHERE id = ?").get(row.id) ?? ""));
      case "cover":
        return Buffer.from(String(read("SELECT body FROM cover WHERE lineage = ?", row.lineage)[0] ?? ""));
      case "mark":
        return Buffer.from(row.room);
      case "record":
      case "summary":
        return Buffer.from(String(read(`SELECT body FROM ${row.table} WHERE room = ?`, row.room)[0] ?? ""));
      case "whole":
        return read("SELECT ring FROM whole")[0] as Uint8Array | undefined;
    }
  }
}
