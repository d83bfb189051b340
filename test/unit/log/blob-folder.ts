/**
 * BlobFolder: a SQLite store with images in it, made anew for each test of the file that imports this.
 */
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { noBytes, sameBytes } from "@inkmesh/shared/base/bytes";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { aPicture, PictureAuthor, type Picture } from "../../contract/blobs.contract.ts";
import { BlobReader } from "../../../server/log/blob-reader.ts";
import { pieceBytes } from "../../../server/log/blob-shelf.ts";
import type { BlobAsk, BlobBeginning } from "../../../server/log/blob-shelf.ts";
import { type MentionScan } from "../../../server/log/mention-scan.ts";
import { openReader } from "../../../server/log/sqlite-connection.ts";
import { SqliteReader, type FoundDamage } from "../../../server/log/sqlite-reader.ts";
import { verifyStore } from "../../../server/log/store-verification.ts";
import { SqliteFolder } from "./sqlite-folder.ts";

// Longer than usual: a slow disk syncs slowly.
vi.setConfig({ testTimeout: 30_000 });

const engine = new YjsEngine();
export const large = aPicture(1, 2 * pieceBytes + 1);
export const other = aPicture(2);
export let folder: SqliteFolder;
export let author: PictureAuthor;
export let found: FoundDamage[];

beforeEach(() => {
  folder = new SqliteFolder();
  folder.open();
  author = new PictureAuthor();
  found = [];
});
afterEach(() => folder.dispose());

export function put({ name, bytes }: Picture, sinceMs = 10): void {
  const blob = { name, size: bytes.length, sinceMs };
  const begun = begin({ name, bytes }, { sinceMs });
  if (begun.type !== "begun") throw new Error(begun.type);
  const pieces = Math.ceil(bytes.length / pieceBytes);
  for (let part = 0; part < pieces; part++) folder.store.putPiece(begun.id, part, bytes.slice(part * pieceBytes, (part + 1) * pieceBytes));
  folder.store.endBlob(begun.id, author.lineage, { ...blob, pieces });
}

export function begin({ name, bytes }: Picture, change: Partial<BlobAsk> = {}): BlobBeginning {
  return folder.store.beginBlob(author.lineage, { name, size: bytes.length, sinceMs: 10, isCopy: false, isHere: false, ...change });
}

export function reading<Value>(work: (blobs: BlobReader) => Value): Value {
  const database = openReader(folder.file);
  const note = (damage: FoundDamage): unknown => found.push(damage);
  try {
    return work(new BlobReader(database, new SqliteReader(database, () => engine, note), note));
  } finally {
    database.close();
  }
}

export const read = ({ name }: Picture): Uint8Array | undefined => reading((blobs) => blobs.bytes(author.lineage, name));
export const isHere = (picture: Picture): boolean => sameBytes(read(picture) ?? noBytes, picture.bytes);
export const blobs = () => reading((reader) => reader.of(author.lineage));

export function tamper(...statements: readonly string[]): void {
  const database = new Database(folder.file);
  for (const sql of statements) expect(database.prepare(sql).run().changes, sql).toBeGreaterThan(0);
  database.close();
}

export function rowsOf(table: string): unknown[] {
  const database = openReader(folder.file);
  const rows = database.prepare(`SELECT * FROM ${table}`).all();
  database.close();
  return rows;
}

export function verified(): unknown[] {
  const database = openReader(folder.file);
  const damage = verifyStore(database);
  database.close();
  return damage;
}

/** What the writer does with what a reader found. */
export function setAside(): void {
  for (const { row, lineage, what } of found.splice(0)) if (row) folder.store.setAside(row, lineage, what);
  while (folder.store.sweepBlobs() === "more") continue;
}

/** A collection, with something between its reading and its removing. */
export function collect(between: () => void = () => undefined, nowMs = 1_000): number {
  const grace = { nowMs, graceMs: 500 };
  const due = reading((reader) => reader.collectable({ after: 0, beforeMs: nowMs - grace.graceMs, limit: 10 })).lineages;
  const scans = due.map((numbered): MentionScan => reading((reader) => reader.mentions(numbered)));
  between();
  return due.reduce((sum, numbered, at) => sum + (folder.store.settleBlobs(numbered, scans[at]!, grace) ?? 0), 0);
}

export const compact = (): void => folder.compact(author.lineage.room, author.clock.entries());

/** From now on it is this one's document. */
export function writtenBy(another: PictureAuthor): void {
  author = another;
}

/** From now on it is this store. */
export function continuedIn(another: SqliteFolder): void {
  folder = another;
}
