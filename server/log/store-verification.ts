/**
 * StoreVerification: looks at every row of the store and compares it with its checksum, and has SQLite check its own
 * structure. Reads everything once, changes nothing.
 */
import type { Database } from "better-sqlite3";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { Damage } from "./update-log.ts";
import {
  chunkChecksum,
  coverChecksum,
  entryChecksum,
  lineageChecksum,
  markChecksum,
  recordChecksum,
  snapshotChecksum,
  storeChecksum,
  summaryChecksum,
  wholeChecksum,
  type ChunkRow,
  type CoverRow,
  type EntryRow,
  type LineageRow,
  type MarkRow,
  type RecordRow,
  type SnapshotRow,
  type StoreRow,
  type SummaryRow,
  type WholeRow,
} from "./store-row.ts";
import { isCorruption } from "./store-error.ts";

export function verifyStore(database: Database): Damage[] {
  const damage: Damage[] = [...checkStructure(database)];
  const lineages = new Map<number, Lineage>();
  const report = (where: string, what: string, room: RoomName | undefined): void =>
    void damage.push({ where, what, keptAs: undefined, room });

  checkRows<StoreRow>(
    "store",
    (row) => row.crc === storeChecksum(row),
    () => undefined,
  );
  checkRows<LineageRow>(
    "lineage",
    (row) => (lineages.set(row.id, row), row.crc === lineageChecksum(row)),
    (row) => row.room,
  );
  checkRows<RecordRow>(
    "record",
    (row) => row.crc === recordChecksum(row),
    (row) => row.room,
  );
  checkRows<SummaryRow>(
    "summary",
    (row) => row.crc === summaryChecksum(row),
    (row) => row.room,
  );
  checkRows<MarkRow>(
    "mark",
    (row) => row.crc === markChecksum(row),
    (row) => row.room,
  );
  checkRows<CoverRow>(
    "cover",
    (row) => row.crc === coverChecksum(row),
    (row) => lineages.get(row.lineage)?.room,
  );
  checkRows<WholeRow>(
    "whole",
    (row) => row.crc === wholeChecksum(row),
    () => undefined,
  );
  for (const kind of ["entry", "quarantine"] as const) {
    const sound = (row: EntryRow, of: Lineage | undefined) => of !== undefined && row.crc === entryChecksum(kind, of, row.seq, row.record);
    checkRows<EntryRow>(
      kind,
      (row) => sound(row, lineages.get(row.lineage)),
      (row) => lineages.get(row.lineage)?.room,
    );
  }
  const roomOfSnapshot = new Map<number, RoomName | undefined>();
  const roomOf = (row: SnapshotRow) => lineages.get(row.lineage)?.room;
  checkRows<SnapshotRow>("snapshot", (row) => (roomOfSnapshot.set(row.id, roomOf(row)), row.crc === snapshotChecksum(row)), roomOf);
  checkRows<ChunkRow>(
    "chunk",
    (row) => row.crc === chunkChecksum(row),
    (row) => roomOfSnapshot.get(row.snapshot),
  );
  return damage;

  function checkRows<Row>(table: string, sound: (row: Row) => boolean, room: (row: Row) => RoomName | undefined): void {
    try {
      for (const row of database.prepare<[], Row>(`SELECT * FROM ${table}`).iterate()) {
        if (!sound(row)) report(`table ${table}`, "a row does not match its checksum", room(row));
      }
    } catch (error) {
      if (!isCorruption(error)) throw error;
      report(`table ${table}`, "a page cannot be read", undefined);
    }
  }
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
