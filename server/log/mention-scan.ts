/**
 * MentionScan: which blobs everything that is kept of a document names: the log, what was quarantined, the snapshot, the history with its beginning, and
 * what was set aside as damaged. It is what the table `mention` says without reading, and what decides before a blob goes.
 *
 * Invariants: it finds each name that stands in anything kept, whether the table has it or not; where something could not be read it says so, and
 * nothing may go then; one moment of the store is looked at, which `commits` names.
 */
import type { Database } from "better-sqlite3";
import { blobNameBytes, mentionedBlobs, type BlobName } from "@inkmesh/shared/base/blob-name";
import { concatBytes, noBytes } from "@inkmesh/shared/base/bytes";
import type { Lineage } from "@inkmesh/shared/base/ids";
import { decodeSegment } from "./history-segment.ts";
import { isSound } from "./lineage-proof.ts";
import { isCorruption } from "./store-error.ts";
import {
  chunkChecksum,
  entryChecksum,
  mentionChecksum,
  segmentChecksum,
  snapshotChecksum,
  snapshotKinds,
  type ChunkRow,
  type EntryRow,
  type LineageRow,
  type SegmentRow,
  type SnapshotBody,
  type SnapshotRow,
} from "./store-row.ts";

export interface MentionScan {
  readonly names: readonly BlobName[];
  /** Whether everything was as it had been written. */
  readonly isWhole: boolean;
  /** That were looked at. */
  readonly bytes: number;
  /** Commits of the store up to the moment that was looked at. */
  readonly commits: number;
}

/** Within the caller's transaction, or as one of its own. */
export function scanMentions(database: Database, id: number, of: Lineage): MentionScan {
  if (database.inTransaction) return new LineageScan(database, id, of).scan();
  database.exec("BEGIN");
  try {
    return new LineageScan(database, id, of).scan();
  } finally {
    // Not COMMIT, which refuses after a page that could not be read; nothing was changed.
    database.exec("ROLLBACK");
  }
}

/** Writes what all of the store mentions, as far as it is not noted. */
export function noteMentions(database: Database): void {
  const note = mentionsInto(database);
  database.transaction(() => {
    const rows = database.prepare<[], LineageRow>("SELECT * FROM lineage").all();
    for (const { id, room, generation } of rows.filter(isSound)) note(id, scanMentions(database, id, { room, generation }).names);
  })();
}

/** Notes, from before every commit, what is not noted. */
export function mentionsInto(database: Database): (lineage: number, names: readonly BlobName[]) => void {
  const add = database.prepare("INSERT OR IGNORE INTO mention VALUES (?, ?, ?, ?)");
  return (lineage, names) => {
    for (const name of names) add.run(lineage, name, 0, mentionChecksum({ lineage, name, noted: 0 }));
  };
}

class LineageScan {
  readonly #database: Database;
  readonly #id: number;
  readonly #of: Lineage;
  readonly #names = new Set<BlobName>();
  #isWhole = true;
  #bytes = 0;

  constructor(database: Database, id: number, of: Lineage) {
    this.#database = database;
    this.#id = id;
    this.#of = of;
  }

  scan(): MentionScan {
    const commits = this.#database.prepare<[], number>("SELECT commits FROM store").pluck().get() ?? 0;
    try {
      this.#entries("entry");
      this.#entries("quarantine");
      this.#snapshots();
      this.#segments();
      this.#damage();
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.#isWhole = false;
    }
    return { names: [...this.#names].sort(), isWhole: this.#isWhole, bytes: this.#bytes, commits };
  }

  #entries(kind: "entry" | "quarantine"): void {
    for (const { seq, record, crc } of this.#each<EntryRow>(`SELECT * FROM ${kind} WHERE lineage = ?`, this.#id)) {
      this.#look(record);
      this.#isWhole &&= crc === entryChecksum(kind, this.#of, seq, record);
    }
  }

  #snapshots(): void {
    for (const row of this.#database.prepare<[number], SnapshotRow>("SELECT * FROM snapshot WHERE lineage = ?").all(this.#id)) {
      let chunks = 0;
      let end: Uint8Array = noBytes;
      for (const chunk of this.#each<ChunkRow>("SELECT * FROM chunk WHERE snapshot = ? ORDER BY part", row.id)) {
        // A name may stand across the border of two.
        this.#look(concatBytes([end, chunk.bytes]));
        end = chunk.bytes.slice(-(blobNameBytes - 1));
        this.#isWhole &&= chunk.crc === chunkChecksum(chunk);
        chunks++;
      }
      if (row.verified === snapshotKinds.draft) continue;
      this.#isWhole &&= row.crc === snapshotChecksum(row) && (JSON.parse(row.body) as SnapshotBody).chunks === chunks;
    }
  }

  #segments(): void {
    for (const row of this.#each<SegmentRow>("SELECT * FROM segment WHERE lineage = ?", this.#id)) {
      const segment = row.crc === segmentChecksum(row, this.#of) ? decodeSegment(row.body) : undefined;
      if (segment?.ok) this.#look(segment.value.part.bytes);
      else this.#isWhole = false;
    }
  }

  /** Somebody may make something of it, or it comes again from another relay. */
  #damage(): void {
    const rows = this.#each<{ place: string; bytes: Uint8Array | null }, string>(
      "SELECT place, bytes FROM damage WHERE room = ? AND place IN ('entry', 'quarantine', 'snapshot', 'segment')",
      this.#of.room,
    );
    for (const { place, bytes } of rows) {
      if (place !== "segment") this.#look(bytes ?? noBytes);
      else if (bytes !== null) this.#damagedSegment(bytes);
    }
  }

  /** What is deflated may not be readable any more: then nothing tells what it mentioned but what was noted then. */
  #damagedSegment(bytes: Uint8Array): void {
    const segment = decodeSegment(bytes);
    if (segment.ok) return this.#look(segment.value.part.bytes);
    const noted = this.#database.prepare<[number], BlobName>("SELECT name FROM mention WHERE lineage = ?").pluck().all(this.#id);
    for (const name of noted) this.#names.add(name);
  }

  #look(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    for (const name of mentionedBlobs(bytes)) this.#names.add(name);
  }

  #each<Row, Key extends number | string = number>(query: string, key: Key): IterableIterator<Row> {
    return this.#database.prepare<[Key], Row>(query).iterate(key);
  }
}
