/**
 * Salvage: writes a new store from every row of a damaged one that its checksum vouches for.
 *
 * Two passes over all page images (`page-file.ts`): first the small rows that say what is what (lineages, records,
 * headers), then content straight into the new store. Old images give rows that had been replaced or removed since;
 * they do no harm, by rule: of a record the highest revision counts, of snapshots the newest that is whole; an entry
 * that came back is either covered by a snapshot or missing from it, and a closed generation stays closed.
 */
import type { Database } from "better-sqlite3";
import type { Lineage, RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { decodeEntry } from "@inkmesh/shared/wire/entry-codec";
import { HistoryShelf } from "./history-shelf.ts";
import { impliedRecord, outdates } from "./implied-record.ts";
import { SalvagedBlobs } from "./salvaged-blobs.ts";
import { LineageLedger } from "./lineage-ledger.ts";
import { PageFile, type PageRow, type PageValue } from "./page-file.ts";
import {
  chunkChecksum,
  entryChecksum,
  lineageChecksum,
  parseRecord,
  recordChecksum,
  segmentChecksum,
  snapshotChecksum,
  snapshotKinds,
  storeChecksum,
  summaryChecksum,
  type ChunkRow,
  type LineageRow,
  type RecordRow,
  type SegmentRow,
  type SnapshotBody,
  type SnapshotRow,
  type StoreRow,
  type SummaryRow,
} from "./store-row.ts";

/** How far the damaged store had come, as far as can be seen. */
export interface SalvagedStore {
  readonly name: string | undefined;
  readonly commits: number;
  readonly seq: number;
  readonly hlcMs: number;
  readonly entries: number;
}

/** The small rows, by key. */
interface Findings {
  store: StoreRow | undefined;
  readonly lineages: Map<number, Lineage>;
  readonly records: Map<RoomName, RecordRow>;
  readonly snapshots: Map<number, SnapshotRow>;
  /** Of each room the summary of its highest generation; one that says "deleted" wins. */
  readonly summaries: Map<RoomName, SummaryRow>;
  readonly blobs: SalvagedBlobs;
}

/** `from` is a damaged file, `into` an empty, migrated store without foreign users. `relay`: whose stamps count; undefined: all. */
export function salvage(from: string, into: Database, relay: RelayId | undefined): SalvagedStore {
  const pages = new PageFile(from);
  try {
    const findings = findSmallRows(pages);
    for (const [id, lineage] of findings.lineages) {
      into
        .prepare("INSERT OR IGNORE INTO lineage VALUES (?, ?, ?, ?)")
        .run(id, lineage.room, lineage.generation, lineageChecksum({ id, ...lineage }));
    }
    for (const row of findings.records.values()) putRecord(into, row);
    const content = copyContent(pages, into, { ...findings, relay });
    const revisions = [...findings.records.values()].reduce((highest, row) => Math.max(highest, row.revision), 0);
    dropWhatIsGone(into, findings);
    findings.blobs.finish(into, (lineage) => isOpen(findings, lineage));
    summarise(into, findings);
    return {
      name: findings.store?.name,
      commits: findings.store?.commits ?? 0,
      seq: Math.max(findings.store?.seq ?? 0, content.seq, revisions, findings.blobs.highestId),
      hlcMs: Math.max(findings.store?.hlc_ms ?? 0, content.hlcMs),
      entries: content.entries,
    };
  } finally {
    pages.close();
  }
}

function findSmallRows(pages: PageFile): Findings {
  const findings: Findings = {
    ...{ store: undefined, lineages: new Map(), records: new Map(), snapshots: new Map(), summaries: new Map() },
    blobs: new SalvagedBlobs(),
  };
  for (const row of pages.rows()) {
    const store = storeRow(row);
    if (store && store.commits >= (findings.store?.commits ?? 0)) findings.store = store;
    const lineage = lineageRow(row);
    if (lineage) findings.lineages.set(lineage.id, { room: lineage.room, generation: lineage.generation });
    const record = recordRow(row);
    if (record && record.revision >= (findings.records.get(record.room)?.revision ?? 0)) findings.records.set(record.room, record);
    const snapshot = snapshotRow(row);
    if (snapshot) {
      const { room, generation } = JSON.parse(snapshot.body) as SnapshotBody;
      findings.lineages.set(snapshot.lineage, { room, generation });
      // One that serves becomes a base, and never the other way round.
      if (snapshot.verified >= (findings.snapshots.get(snapshot.id)?.verified ?? 0)) findings.snapshots.set(snapshot.id, snapshot);
    }
    const summary = summaryRow(row);
    if (summary) noteSummary(findings, summary);
    findings.blobs.note(row);
  }
  for (const summary of findings.summaries.values()) keepClosed(findings, summary);
  return findings;
}

function noteSummary(findings: Findings, summary: SummaryRow): void {
  findings.lineages.set(summary.lineage, { room: summary.room, generation: summary.generation });
  const known = findings.summaries.get(summary.room);
  if (known && (known.generation > summary.generation || (known.generation === summary.generation && known.deleted >= summary.deleted)))
    return;
  findings.summaries.set(summary.room, summary);
}

/** A record that was lost, or is older than the deletion that a summary remembers, is replaced by what that remembers. */
function keepClosed({ records }: Findings, summary: SummaryRow): void {
  const row = records.get(summary.room);
  if (!outdates(summary, row && parseRecord(row.body))) return;
  const implied = { room: summary.room, revision: row?.revision ?? 0, body: JSON.stringify(impliedRecord(summary)) };
  records.set(summary.room, { ...implied, crc: recordChecksum(implied) });
}

interface CopiedContent {
  readonly seq: number;
  readonly hlcMs: number;
  readonly entries: number;
}

function copyContent(pages: PageFile, into: Database, from: Findings & { readonly relay: RelayId | undefined }): CopiedContent {
  const { lineages, snapshots, blobs, relay } = from;
  const addActor = into.prepare("INSERT OR IGNORE INTO actor (name) VALUES (?)");
  const addEntry = (table: string) =>
    into.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?, (SELECT id FROM actor WHERE name = ?), ?, ?, ?, ?)`);
  const add = { entry: addEntry("entry"), quarantine: addEntry("quarantine") };
  const addChunk = into.prepare("INSERT OR IGNORE INTO chunk VALUES (?, ?, ?, ?)");
  const segments = new SalvagedSegments(into, lineages);
  const found = { seq: 0, hlcMs: 0, entries: 0 };
  for (const row of pages.rows()) {
    const chunk = chunkRow(row);
    const segment = segmentRow(row, lineages);
    if (segment) segments.add(segment);
    blobs.copy(row, into);
    if (chunk && snapshots.has(chunk.snapshot)) addChunk.run(chunk.snapshot, chunk.part, chunk.bytes, chunk.crc);
    const logged = entryRow(row, lineages);
    if (!logged) continue;
    const entry = decodeEntry(logged.record);
    if (!entry.ok) continue;
    addActor.run(entry.value.dot.actor);
    found.entries += add[logged.kind].run(
      logged.lineage,
      entry.value.dot.actor,
      entry.value.dot.counter,
      logged.seq,
      logged.record,
      logged.crc,
    ).changes;
    found.seq = Math.max(found.seq, logged.seq);
    const { hlc } = entry.value;
    if (relay === undefined || hlc.relay === relay) found.hlcMs = Math.max(found.hlcMs, hlc.physicalMs);
  }
  for (const { id, lineage, verified, body, crc } of snapshots.values()) {
    const chunks = into.prepare<[number], number>("SELECT count(*) FROM chunk WHERE snapshot = ?").pluck().get(id);
    if (chunks === (JSON.parse(body) as SnapshotBody).chunks)
      into.prepare("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)").run(id, lineage, verified, body, crc);
  }
  return found;
}

/** Under new numbers: an older image may have had the number of another one. What is there twice says the same twice. */
class SalvagedSegments {
  readonly #shelf: HistoryShelf;
  readonly #lineages: ReadonlyMap<number, Lineage>;
  readonly #seen = new Set<string>();

  constructor(into: Database, lineages: ReadonlyMap<number, Lineage>) {
    this.#shelf = new HistoryShelf(into);
    this.#lineages = lineages;
  }

  add({ id, lineage, snapshot, minute, body, crc }: SegmentRow): void {
    const of = this.#lineages.get(lineage);
    if (of === undefined || this.#seen.has(`${id} ${crc}`)) return;
    this.#seen.add(`${id} ${crc}`);
    this.#shelf.put(snapshot, lineage, of, [{ minute, body }]);
  }
}

/** Superseded snapshots, pieces without a header, content of closed generations, what had been quarantined. */
function dropWhatIsGone(into: Database, findings: Findings): void {
  into.exec("DELETE FROM snapshot WHERE id NOT IN (SELECT max(id) FROM snapshot GROUP BY lineage, verified)");
  for (const id of findings.lineages.keys()) {
    if (isOpen(findings, id)) continue;
    for (const table of ["entry", "quarantine", "snapshot", "segment"]) into.prepare(`DELETE FROM ${table} WHERE lineage = ?`).run(id);
  }
  into.exec("DELETE FROM chunk WHERE snapshot NOT IN (SELECT id FROM snapshot)");
  into.exec("DELETE FROM entry WHERE (lineage, actor, counter) IN (SELECT lineage, actor, counter FROM quarantine)");
}

/** Whether there may be content of it. */
function isOpen({ lineages, records }: Findings, id: number): boolean {
  const lineage = lineages.get(id);
  const row = lineage && records.get(lineage.room);
  const record = row && parseRecord(row.body);
  if (lineage === undefined || record === undefined) return lineage !== undefined;
  return lineage.generation > record.generation || (lineage.generation === record.generation && !record.deleted);
}

function summarise(into: Database, { lineages, records }: Findings): void {
  const ledger = new LineageLedger(into);
  for (const row of records.values()) ledger.recordChanged(parseRecord(row.body));
  for (const lineage of lineages.values()) ledger.recompute(lineage);
}

function putRecord(into: Database, row: RecordRow): void {
  into.prepare("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)").run(row.room, row.revision, row.body, row.crc);
}

// Each of these answers the row it names when the values have its shape and its checksum, and undefined otherwise.

function storeRow({ rowid, values: [, name, commits, seq, hlc_ms, crc] }: PageRow): StoreRow | undefined {
  if (rowid !== 1 || !isText(name) || !areNumbers(commits, seq, hlc_ms, crc)) return undefined;
  const row = { name, commits, seq, hlc_ms, crc } as StoreRow;
  return crc === storeChecksum(row) ? row : undefined;
}

function lineageRow({ rowid, values: [, room, generation, crc] }: PageRow): LineageRow | undefined {
  if (rowid === undefined || !isText(room) || !areNumbers(generation, crc)) return undefined;
  const row = { id: rowid, room, generation, crc } as LineageRow;
  return crc === lineageChecksum(row) ? row : undefined;
}

function recordRow({ values: [room, revision, body, crc] }: PageRow): RecordRow | undefined {
  if (!isText(room) || !isText(body) || !areNumbers(revision, crc)) return undefined;
  const row = { room, revision, body, crc } as RecordRow;
  return crc === recordChecksum(row) ? row : undefined;
}

function snapshotRow({ rowid, values: [, lineage, verified, body, crc] }: PageRow): SnapshotRow | undefined {
  if (rowid === undefined || !isKept(verified) || !isText(body) || !areNumbers(lineage, crc)) return undefined;
  const row = { id: rowid, lineage, verified, body, crc } as SnapshotRow;
  return crc === snapshotChecksum(row) ? row : undefined;
}

function summaryRow({ values: [room, lineage, generation, deleted, folded, body, crc] }: PageRow): SummaryRow | undefined {
  if (!isText(room) || !isText(folded) || !isText(body) || !areNumbers(lineage, generation, deleted, crc)) return undefined;
  const row = { room, lineage, generation, deleted, folded, body, crc } as SummaryRow;
  return crc === summaryChecksum(row) ? row : undefined;
}

function chunkRow({ values: [snapshot, part, bytes, crc] }: PageRow): ChunkRow | undefined {
  if (!(bytes instanceof Buffer) || !areNumbers(snapshot, part, crc)) return undefined;
  const row = { snapshot, part, bytes, crc } as ChunkRow;
  return crc === chunkChecksum(row) ? row : undefined;
}

function entryRow({ values: [lineage, , , seq, record, crc] }: PageRow, lineages: ReadonlyMap<number, Lineage>) {
  if (!(record instanceof Buffer) || !areNumbers(lineage, seq, crc)) return undefined;
  const of = lineages.get(lineage as number);
  const kind = of && (["entry", "quarantine"] as const).find((each) => crc === entryChecksum(each, of, seq as number, record));
  return kind && { kind, lineage: lineage as number, seq: seq as number, record, crc: crc as number };
}

function segmentRow({ rowid, values: [, lineage, snapshot, minute, body, crc] }: PageRow, lineages: ReadonlyMap<number, Lineage>) {
  if (rowid === undefined || !(body instanceof Buffer) || !areNumbers(lineage, snapshot, minute, crc)) return undefined;
  const row = { id: rowid, lineage, snapshot, minute, body, crc } as SegmentRow;
  const of = lineages.get(row.lineage);
  return of && crc === segmentChecksum(row, of) ? row : undefined;
}

function isKept(verified: PageValue | undefined): boolean {
  return verified === snapshotKinds.serving || verified === snapshotKinds.base;
}

function isText(value: PageValue | undefined): value is string {
  return typeof value === "string";
}

function areNumbers(...values: (PageValue | undefined)[]): boolean {
  return values.every((value) => typeof value === "number");
}
