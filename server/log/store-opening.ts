/**
 * StoreOpening: from a folder to a store that may be written to.
 *
 *     no file, no marker ─────────────────────────────▶ created
 *     sound, and as far as its marker says ───────────▶ opened
 *     sound, but behind its marker, or another store ─▶ opened, incomplete
 *     missing, cut short, not readable, torn log ─────▶ salvaged into a new file; the old one kept, incomplete
 *
 * The file is looked at by a reader first, so that it is kept as it was found: opening it for writing would already
 * drop what lies behind a tear in its write-ahead log. The new file takes the old one's place in one step (the name
 * `.salvaged`), and what follows that step is done again after a crash.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { randomBytes } from "node:crypto";
import Database from "better-sqlite3";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { forgetHashes } from "./lineage-ledger.ts";
import { knownVersionOf, migrate } from "./migrations/migrations.ts";
import { salvage } from "./salvage.ts";
import { forgetMarks, wholeRing } from "./replica-marks.ts";
import { openReader, openWriter } from "./sqlite-connection.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { StoreThread } from "./sqlite-worker.ts";
import { isCorruption } from "./store-error.ts";
import { readMarker, StoreMarker, syncFolder, type Marker } from "./store-marker.ts";
import { storeChecksum, type StoreRow } from "./store-row.ts";
import { checkStructure } from "./store-verification.ts";
import type { Damage, LogOpening } from "./update-log.ts";

export interface OpenedStore {
  readonly store: SqliteStore;
  readonly opening: LogOpening;
}

interface Trouble {
  readonly what: string;
  /** Whether rows have to be looked for in the pages; otherwise SQLite itself can read what there is. */
  readonly salvage: boolean;
}

/** The store's file in a data folder. */
export function storeFile(folder: string): string {
  return path.join(folder, "log.sqlite");
}

/** Throws, with a sentence for the operator, for a store of a newer version; for damage it never does. */
export function openStore({ folder, freeBytesMin, relay, blobs }: StoreThread): OpenedStore {
  const file = storeFile(folder);
  const markerFile = path.join(folder, "log.marker");
  const marker = readMarker(markerFile);
  finishReplacing(file);
  const trouble = troubleOf(file, marker);
  if (trouble?.salvage) replaceBySalvage(file, { trouble, marker, relay });
  const database = openWriter(file);
  migrate(database, () => createStoreRow(database, { store: randomBytes(8).toString("hex"), commits: 0, hlcMs: 0 }, 0));
  const damage = reportedDamage(database);
  if (trouble) {
    forgetMarks(database);
    forgetHashes(database);
  }
  if (trouble && !trouble.salvage) damage.push({ where: file, what: trouble.what, keptAs: undefined, room: undefined });
  const row = database.prepare<[], StoreRow>("SELECT * FROM store").get() as StoreRow;
  const hlcFloorMs = Math.max(row.hlc_ms, typeof marker === "string" ? 0 : marker.hlcMs);
  const markerNow = new StoreMarker(markerFile);
  markerNow.write({ store: row.name, commits: row.commits, hlcMs: hlcFloorMs }, { synced: true });
  syncFolder(folder);
  const opening = { complete: damage.length === 0, damage, hlcFloorMs, wholeRing: wholeRing(database) };
  return { store: new SqliteStore(database, markerNow, { freeBytesMin, relay, blobs }), opening };
}

function troubleOf(file: string, marker: Marker | "absent" | "unreadable"): Trouble | undefined {
  const lost = (what: string): Trouble | undefined => (marker === "absent" ? undefined : { what, salvage: true });
  if (!fs.existsSync(file)) return lost("the store is missing");
  if (fs.statSync(file).size === 0) return lost("the store is empty");
  const cut = cutShort(file);
  if (cut) return { what: cut, salvage: true };
  let database: Database.Database | undefined;
  try {
    database = openReader(file);
    if (knownVersionOf(database, file) === 0) return lost("the store holds no tables");
    const [flaw] = checkStructure(database);
    if (flaw) return { what: flaw.what, salvage: true };
    return behindMarker(file, database.prepare<[], StoreRow>("SELECT * FROM store").get(), marker);
  } catch (error) {
    if (isCorruption(error)) return { what: (error as Error).message, salvage: true };
    throw error;
  } finally {
    database?.close();
  }
}

/** Whether the file ends before the pages that its header counts; with a write-ahead log SQLite has to tell. */
function cutShort(file: string): string | undefined {
  const wal = `${file}-wal`;
  if (fs.existsSync(wal) && fs.statSync(wal).size > 0) return undefined;
  const header = Buffer.alloc(100);
  const opened = fs.openSync(file, "r");
  fs.readSync(opened, header);
  fs.closeSync(opened);
  if (header.toString("latin1", 0, 15) !== "SQLite format 3") return "the store does not begin like one";
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const [size, whole] = [fs.statSync(file).size, header.readUInt32BE(28) * pageSize];
  return size < whole ? `the store is cut short: ${size} of ${whole} bytes are there` : undefined;
}

function behindMarker(file: string, row: StoreRow | undefined, marker: Marker | "absent" | "unreadable"): Trouble | undefined {
  if (row === undefined || row.crc !== storeChecksum(row))
    return { what: "the store's own row does not match its checksum", salvage: true };
  if (marker === "absent") return undefined;
  if (marker === "unreadable")
    return { what: "the marker beside the store cannot be read, so it cannot be told whether something is missing", salvage: false };
  if (marker.store !== row.name) return { what: "the store is another one than was here before", salvage: false };
  const behind = marker.commits - row.commits;
  const wal = `${file}-wal`;
  return behind > 0
    ? { what: `the last ${behind} commits are missing`, salvage: fs.existsSync(wal) && fs.statSync(wal).size > 0 }
    : undefined;
}

interface Salvaging {
  readonly trouble: Trouble;
  readonly marker: Marker | "absent" | "unreadable";
  readonly relay: RelayId | undefined;
}

function replaceBySalvage(file: string, { trouble, marker, relay }: Salvaging): void {
  const building = `${file}.salvaging`;
  for (const end of ["", "-journal", "-wal", "-shm"]) fs.rmSync(`${building}${end}`, { force: true });
  const known = typeof marker === "string" ? undefined : marker;
  const into = new Database(building);
  into.pragma("journal_mode = OFF");
  into.pragma("synchronous = OFF");
  migrate(into, () => undefined);
  const found = salvage(file, into, relay);
  const begun = {
    store: known?.store ?? found.name ?? randomBytes(8).toString("hex"),
    commits: Math.max(known?.commits ?? 0, found.commits),
    hlcMs: Math.max(known?.hlcMs ?? 0, found.hlcMs),
  };
  createStoreRow(into, begun, found.seq);
  const kept = fs.existsSync(file) || fs.existsSync(`${file}-wal`) ? keptName(file) : null;
  into
    .prepare("INSERT INTO damage (place, what, kept_as, reported) VALUES (?, ?, ?, 0)")
    .run(file, `${trouble.what}; ${found.entries} entries were saved`, kept);
  into.close();
  syncFile(building);
  fs.renameSync(building, `${file}.salvaged`);
  syncFolder(path.dirname(file));
  finishReplacing(file);
}

/** Puts the damaged files aside and the salvaged one in their place. The store itself goes last, so that a repeat finds the same name. */
function finishReplacing(file: string): void {
  if (!fs.existsSync(`${file}.salvaged`)) return;
  const kept = keptName(file);
  for (const end of ["-shm", "-wal", ""]) {
    if (fs.existsSync(`${file}${end}`)) fs.renameSync(`${file}${end}`, `${kept}${end}`);
  }
  if (fs.existsSync(`${kept}-wal`)) fs.closeSync(fs.openSync(kept, "a"));
  fs.renameSync(`${file}.salvaged`, file);
  syncFolder(path.dirname(file));
}

function keptName(file: string): string {
  for (let number = 1; ; number++) {
    if (!fs.existsSync(`${file}.damaged-${number}`)) return `${file}.damaged-${number}`;
  }
}

function createStoreRow(database: Database.Database, begun: Marker, seq: number): void {
  const row = { name: begun.store, commits: begun.commits, seq, hlc_ms: begun.hlcMs };
  database.prepare("INSERT INTO store VALUES (1, ?, ?, ?, ?, ?)").run(row.name, row.commits, row.seq, row.hlc_ms, storeChecksum(row));
}

/** Damage that was written down and not told to anybody yet. */
function reportedDamage(database: Database.Database): Damage[] {
  const rows = database
    .prepare<[], { place: string; what: string; kept_as: string | null; room: RoomName | null }>("SELECT * FROM damage WHERE reported = 0")
    .all();
  if (rows.length > 0) database.exec("UPDATE damage SET reported = 1");
  return rows.map((row) => ({ where: row.place, what: row.what, keptAs: row.kept_as ?? undefined, room: row.room ?? undefined }));
}

function syncFile(file: string): void {
  const opened = fs.openSync(file, "r+");
  fs.fsyncSync(opened);
  fs.closeSync(opened);
}
