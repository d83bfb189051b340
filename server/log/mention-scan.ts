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
import type { NumberedLineage } from "./blob-reader.ts";
import { mentionsMax } from "./blob-admission.ts";
import { isCorruption } from "./store-error.ts";
import {
  chunkChecksum,
  entryChecksum,
  segmentChecksum,
  snapshotChecksum,
  snapshotKinds,
  type ChunkRow,
  type EntryRow,
  type MentionRow,
  type SegmentRow,
  type SnapshotBody,
  type SnapshotRow,
} from "./store-row.ts";

/** Bytes that are read of one document: some seconds of the thread that compacts. What has more keeps all its images. */
const scannedBytesMax = 512 * 2 ** 20;

export interface MentionScan {
  /** Not more than `mentionsMax` and one. */
  readonly names: readonly BlobName[];
  /** Whether everything was as it had been written, and read to the end. */
  readonly isWhole: boolean;
  /** That were looked at. */
  readonly bytes: number;
  /** Commits of the store up to the moment that was looked at. */
  readonly commits: number;
}

/** As one transaction. */
export function scanMentions(database: Database, { id, lineage }: NumberedLineage, bytesMax = scannedBytesMax): MentionScan {
  database.exec("BEGIN");
  try {
    return new LineageScan(database, { id, lineage }, bytesMax).scan();
  } finally {
    // Not COMMIT, which refuses after a page that could not be read; nothing was changed.
    database.exec("ROLLBACK");
  }
}

class TooLarge extends Error {}

class LineageScan {
  readonly #database: Database;
  readonly #id: number;
  readonly #of: Lineage;
  readonly #names = new Set<BlobName>();
  readonly #bytesMax: number;
  #isWhole = true;
  #bytes = 0;

  constructor(database: Database, { id, lineage }: NumberedLineage, bytesMax: number) {
    this.#database = database;
    this.#id = id;
    this.#of = lineage;
    this.#bytesMax = bytesMax;
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
      if (!isCorruption(error) && !(error instanceof TooLarge)) throw error;
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

  /** Somebody may make something of it, or it comes again from another relay: it keeps what had been noted, besides what can be read of it. */
  #damage(): void {
    const which = "FROM damage WHERE room = ? AND place IN ('entry', 'quarantine', 'snapshot', 'segment')";
    let isAny = false;
    for (const { bytes } of this.#each<{ bytes: Uint8Array | null }, string>(`SELECT bytes ${which}`, this.#of.room)) {
      isAny = true;
      this.#look(bytes ?? noBytes);
    }
    if (isAny) for (const { name } of this.#each<MentionRow>("SELECT * FROM mention WHERE lineage = ?", this.#id)) this.#names.add(name);
  }

  #look(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#bytesMax) throw new TooLarge();
    // One more than are noted tells that there are too many.
    for (const name of mentionedBlobs(bytes)) if (this.#names.size <= mentionsMax) this.#names.add(name);
  }

  #each<Row, Key extends number | string = number>(query: string, key: Key): IterableIterator<Row> {
    return this.#database.prepare<[Key], Row>(query).iterate(key);
  }
}
