/**
 * LineageProof: whose content lies under a lineage's number where the lineage's own row does not say it, or says it and is not as it was
 * written. Beside that row three know it, each under a checksum of its own: the room's summary, a snapshot, and every entry.
 *
 *     row ─sound─▶ what it says        else  summary, snapshot ─sound─▶ what they say        else  an entry that verifies under the row's words
 *
 * Invariants: content is never judged by a row that nothing proves; it changes nothing but that row, and nothing lies under a row that goes.
 */
import type { Database } from "better-sqlite3";
import type { Lineage } from "@inkmesh/shared/base/ids";
import {
  entryChecksum,
  lineageChecksum,
  snapshotChecksum,
  summaryChecksum,
  type EntryRow,
  type LineageRow,
  type SnapshotBody,
  type SnapshotRow,
  type SummaryRow,
} from "./store-row.ts";

/** Whose content lies under `id`; undefined where nothing proves it. */
export function provenLineage(database: Database, id: number): Lineage | undefined {
  const row = lineageAt(database, id);
  if (row && isSound(row)) return lineageOf(row);
  return bySummary(database, id) ?? bySnapshot(database, id) ?? (row && byEntries(database, row));
}

/**
 * Numbers whose rows are to be mended before anybody may say what there is of a lineage; none where all is well, or where the room has no
 * content. `row`: what the index leads to. `summary`: the room's, where it is sound.
 */
export function strayLineages(
  database: Database,
  { room, generation }: Lineage,
  row: LineageRow | undefined,
  summary: SummaryRow | undefined,
): readonly number[] {
  if (row && isSound(row)) return [];
  const ids = row ? [row.id] : [];
  if (summary?.generation !== generation || ids.includes(summary.lineage)) return ids;
  const there = lineageAt(database, summary.lineage);
  // Sound, and another's: nothing that could be mended by it.
  if (there && isSound(there) && (there.room !== room || there.generation !== generation)) return ids;
  return [...ids, summary.lineage];
}

/** Writes the row of `id` as it is proven to have been; the lineage. Where nothing proves it the row goes, and what lies under it stays. */
export function mendLineage(database: Database, id: number): Lineage | undefined {
  const row = lineageAt(database, id);
  // An index that says something else keeps rows from being found, and from being changed.
  if (row && idOf(database, row) !== id) database.exec("REINDEX lineage");
  const proven = provenLineage(database, id);
  if (proven && row && isSound(row)) return proven;
  database.prepare("DELETE FROM lineage WHERE id = ?").run(id);
  if (proven === undefined || isTaken(database, proven)) return undefined;
  database
    .prepare("INSERT INTO lineage (id, room, generation, crc) VALUES (?, ?, ?, ?)")
    .run(id, proven.room, proven.generation, lineageChecksum({ id, ...proven }));
  return proven;
}

/** Whether another number says, and is right, that it is this lineage. */
function isTaken(database: Database, lineage: Lineage): boolean {
  const other = idOf(database, lineage);
  if (other === undefined) return false;
  const is = mendLineage(database, other);
  return is?.room === lineage.room && is.generation === lineage.generation;
}

/** A number that no content lies under, whether or not its lineage's row is there. */
export function freeLineageId(database: Database): number {
  const highest = ["entry", "quarantine", "snapshot", "cover", "segment", "blob", "mention"].map(
    (table) => `(SELECT max(lineage) FROM ${table})`,
  );
  const all = ["(SELECT max(id) FROM lineage)", ...highest].map((each) => `coalesce(${each}, 0)`);
  return (
    1 +
    (database
      .prepare<[], number>(`SELECT max(${all.join(", ")})`)
      .pluck()
      .get() as number)
  );
}

export function isSound(row: LineageRow): boolean {
  return row.crc === lineageChecksum(row);
}

/** As the table has it. */
function lineageAt(database: Database, id: number): LineageRow | undefined {
  return database.prepare<[number], LineageRow>("SELECT * FROM lineage WHERE id = ?").get(id);
}

/** As the index has it. */
function idOf(database: Database, { room, generation }: Lineage): number | undefined {
  return database
    .prepare<[string, number], number>("SELECT id FROM lineage WHERE room = ? AND generation = ?")
    .pluck()
    .get(room, generation);
}

function bySummary(database: Database, id: number): Lineage | undefined {
  const rows = database.prepare<[number], SummaryRow>("SELECT * FROM summary WHERE lineage = ?").all(id);
  const sound = rows.find((row) => row.crc === summaryChecksum(row));
  return sound && lineageOf(sound);
}

function bySnapshot(database: Database, id: number): Lineage | undefined {
  const rows = database.prepare<[number], SnapshotRow>("SELECT * FROM snapshot WHERE lineage = ?").all(id);
  const sound = rows.find((row) => row.crc === snapshotChecksum(row));
  return sound && lineageOf(JSON.parse(sound.body) as SnapshotBody);
}

function byEntries(database: Database, row: LineageRow): Lineage | undefined {
  for (const kind of ["entry", "quarantine"] as const)
    for (const { seq, record, crc } of database.prepare<[number], EntryRow>(`SELECT * FROM ${kind} WHERE lineage = ?`).iterate(row.id))
      if (crc === entryChecksum(kind, row, seq, record)) return lineageOf(row);
  return undefined;
}

function lineageOf({ room, generation }: Lineage): Lineage {
  return { room, generation };
}
