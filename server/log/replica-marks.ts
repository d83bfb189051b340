/**
 * ReplicaMarks: the writing half of what a disk knows of itself as a replica: which rooms are complete here, what lineages
 * contain beside what their entries name, and under which ring all of it was whole.
 *
 * Invariants: runs within the caller's transaction; a row whose checksum fails says nothing, and so does one that is lost:
 * a disk that forgot a mark compares the room again, it never vouches for it.
 */
import type { Database } from "better-sqlite3";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import { decodeRing, encodeRing } from "@inkmesh/shared/wire/ring-codec";
import { coverChecksum, markChecksum, wholeChecksum, type Counters, type CoverRow, type WholeRow } from "./store-row.ts";

export class ReplicaMarks {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  complete(room: RoomName): void {
    this.#database.prepare("INSERT OR REPLACE INTO mark VALUES (?, ?)").run(room, markChecksum({ room }));
  }

  /** Something of the room is not as it was written, or was dropped. */
  remove(room: RoomName): void {
    this.#database.prepare("DELETE FROM mark WHERE room = ?").run(room);
  }

  /** The lineage's content contains what `clock` names, and what earlier covers said. */
  cover(lineage: number, clock: VectorClock): void {
    const row = { lineage, body: JSON.stringify(coverOf(this.#database, lineage).join(clock).entries()) };
    this.#database.prepare("INSERT OR REPLACE INTO cover VALUES (?, ?, ?)").run(row.lineage, row.body, coverChecksum(row));
  }

  /** The lineage's clock names `pruned` no more, but for `kept`. */
  recover(lineage: number, pruned: VectorClock, kept: VectorClock): void {
    const rest = coverOf(this.#database, lineage).past(pruned).join(kept);
    this.uncover(lineage);
    if (rest.size > 0) this.cover(lineage, rest);
  }

  uncover(lineage: number): void {
    this.#database.prepare("DELETE FROM cover WHERE lineage = ?").run(lineage);
  }

  whole(ring: readonly RingRecord[]): void {
    const bytes = encodeRing(ring);
    this.#database.prepare("INSERT OR REPLACE INTO whole VALUES (1, ?, ?)").run(bytes, wholeChecksum({ ring: bytes }));
  }
}

/** What the lineage's content contains beside what its entries name. */
export function coverOf(database: Database, lineage: number): VectorClock {
  const row = database.prepare<[number], CoverRow>("SELECT * FROM cover WHERE lineage = ?").get(lineage);
  return row === undefined || row.crc !== coverChecksum(row) ? VectorClock.empty : VectorClock.of(JSON.parse(row.body) as Counters);
}

/** The ring under which everything placed on this disk was complete; undefined on a disk that never was whole. */
export function wholeRing(database: Database): readonly RingRecord[] | undefined {
  const row = database.prepare<[], WholeRow>("SELECT * FROM whole").get();
  const ring = row === undefined || row.crc !== wholeChecksum(row) ? undefined : decodeRing(row.ring);
  return ring?.ok === true ? ring.value : undefined;
}

/** The store as it is may lack something that was written: nothing is vouched for any more. */
export function forgetMarks(database: Database): void {
  database.exec("DELETE FROM mark; DELETE FROM whole");
}
