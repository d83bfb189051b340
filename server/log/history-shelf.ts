/**
 * HistoryShelf: the writing side of histories. Segments come with the snapshot whose compaction takes their entries out of the log, and are
 * re-read with it; the base is the state with which a history begins, and lies among the snapshots.
 *
 *     compaction   putSegments × n ─▶ [re-read with the snapshot] ─▶ adopted ─▶ entries leave
 *     horizon      base of exactly what is older ─▶ [re-read] ─▶ adoptBase: it counts, the one before and what it contains go
 *
 * Invariants: a segment of an older compaction goes only with `adoptBase`, with its generation, or where nobody wants a history; what is there
 * twice says the same twice. Runs inside its caller's transactions.
 */
import type { Database } from "better-sqlite3";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Lineage } from "@inkmesh/shared/base/ids";
import { segmentChecksum, snapshotChecksum, snapshotKinds, type SnapshotBody, type SnapshotRow } from "./store-row.ts";

/** A segment as it travels between threads. */
export interface SegmentParcel {
  readonly minute: number;
  readonly body: Uint8Array;
  /** Of one that comes from another relay: what it mentions. */
  readonly mentions?: readonly BlobName[];
}

export class HistoryShelf {
  readonly #database: Database;
  #lastId: number;

  constructor(database: Database) {
    this.#database = database;
    this.#lastId = database.prepare("SELECT coalesce(max(id), 0) FROM segment").pluck().get() as number;
  }

  put(snapshot: number, lineage: number, of: Lineage, segments: readonly SegmentParcel[]): void {
    const add = this.#database.prepare("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)");
    for (const { minute, body } of segments) {
      const row = { id: ++this.#lastId, lineage, snapshot, minute, body };
      add.run(row.id, lineage, snapshot, minute, body, segmentChecksum(row, of));
    }
  }

  /** What a compaction wrote that comes to nothing. Of which lineages. */
  removeOf(snapshot: number): readonly number[] {
    const of = this.#database.prepare<[number], number>("SELECT DISTINCT lineage FROM segment WHERE snapshot = ?").pluck().all(snapshot);
    this.#database.prepare("DELETE FROM segment WHERE snapshot = ?").run(snapshot);
    return of;
  }

  /** All segments of a lineage but those that came with the snapshot `but`. */
  removeAll(lineage: number, but?: number): void {
    this.#database.prepare("DELETE FROM segment WHERE lineage = ? AND snapshot <> ?").run(lineage, but ?? 0);
  }

  /** How many of them were there. */
  remove(segments: readonly number[]): number {
    const remove = this.#database.prepare("DELETE FROM segment WHERE id = ?");
    return segments.reduce((removed, id) => removed + remove.run(id).changes, 0);
  }

  /** Headers of the bases of a lineage. */
  bases(lineage: number): SnapshotRow[] {
    return this.#database
      .prepare<[number, number], SnapshotRow>("SELECT * FROM snapshot WHERE lineage = ? AND verified = ?")
      .all(lineage, snapshotKinds.base);
  }

  /** The next compaction begins a history: nothing is known of one from before. */
  unsay(lineage: number): void {
    const rows = this.#database
      .prepare<[number, number], SnapshotRow>("SELECT * FROM snapshot WHERE lineage = ? AND verified = ?")
      .all(lineage, snapshotKinds.serving);
    for (const row of rows) {
      const body = JSON.stringify({ ...(JSON.parse(row.body) as SnapshotBody), history: undefined });
      this.#database.prepare("UPDATE snapshot SET body = ?, crc = ? WHERE id = ?").run(body, snapshotChecksum({ ...row, body }), row.id);
    }
  }
}
