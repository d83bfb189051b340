/**
 * StoreBackup: a copy of a data folder as it is at one moment, made while its relay goes on writing; and a data folder out of
 * such a copy.
 *
 *     log.sqlite ──one read transaction, portion by portion──▶ NAME.part/log.sqlite ──synced, renamed──▶ NAME
 *     relay.name, mesh.json ─────────────────────────────────▶   ┘
 *
 * SQLite's backup begins anew whenever somebody else writes (sqlite.org/backup.html); inside a read transaction it sees one snapshot of the
 * write-ahead log, and ends.
 *
 * Invariants: what has no `.part` in its name is whole and on disk; nothing that is there is written over; a restored folder vouches for
 * nothing until its relay has read all of it and compared with the others, who may know of deletions and edits that are newer than it. The marker is not
 * copied: the restored store is not behind one. It is of the version that this relay writes.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type Database from "better-sqlite3";
import { forgetHashes } from "./lineage-ledger.ts";
import { knownVersionOf, migrate } from "./migrations/migrations.ts";
import { forgetMarks } from "./replica-marks.ts";
import { openReader, openWriter } from "./sqlite-connection.ts";
import { isCorruption } from "./store-error.ts";
import { storeFile } from "./store-opening.ts";
import { syncFolder } from "./store-marker.ts";
import { verifyStore } from "./store-verification.ts";
import type { Damage } from "./update-log.ts";

/** What a relay keeps beside its store. */
const companions = ["relay.name", "mesh.json"];

/** Pages of 4 KiB per portion: a few ms of the processor. */
const portionPages = 1_024;

/** How far it is: in bytes while it copies, in documents while it checks the copy. */
export type Progress = (done: number, total: number, unit: "bytes" | "documents") => void;

/** Bytes that are copied at once. */
const pieceBytes = 4 * 1024 * 1024;

/** Copies the data folder `from` to `into`, which is not there yet; the bytes of its store. Throws what the system says. */
export async function backUp(from: string, into: string, progress: Progress): Promise<number> {
  const part = emptyPart(into);
  const database = openReader(storeFile(from));
  let bytes = 0;
  try {
    database.exec("BEGIN");
    // The transaction sees what is there at its first read.
    const pageBytes = database.pragma("page_size", { simple: true }) as number;
    database.prepare("SELECT count(*) FROM store").get();
    const { totalPages: pages } = await database.backup(storeFile(part), {
      progress: ({ totalPages, remainingPages }) => {
        progress((totalPages - remainingPages) * pageBytes, totalPages * pageBytes, "bytes");
        return portionPages;
      },
    });
    bytes = pages * pageBytes;
    progress(bytes, bytes, "bytes");
  } finally {
    database.close();
  }
  finish(from, part, into);
  return bytes;
}

/**
 * Makes the data folder `into`, which is not there yet, out of the backup `from`. Answers what is damaged in it: the folder is made all the
 * same, for a relay sets aside what it cannot read and gets it from the others.
 */
export function restore(from: string, into: string, progress: Progress = () => undefined): readonly Damage[] {
  const part = emptyPart(into);
  copyFile(storeFile(from), storeFile(part), progress);
  const damage = checkedUnmarked(storeFile(part), storeFile(from), progress);
  finish(from, part, into);
  return damage;
}

/** What is damaged in the copy of the store `from`, which is of this version and says of nothing that it is complete from now on. */
function checkedUnmarked(file: string, from: string, progress: Progress): readonly Damage[] {
  let database: Database.Database | undefined;
  try {
    database = openWriter(file);
    if (knownVersionOf(database, from) === 0) throw new Error(`${from} holds no store`);
    migrate(database, () => undefined);
    const damage = verifyStore(database, (done, total) => progress(done, total, "documents"));
    forgetMarks(database);
    forgetHashes(database);
    return damage;
  } catch (error) {
    if (!isCorruption(error)) throw error;
    // The relay salvages it into a new store, and that has no marks either.
    return [{ where: file, what: (error as Error).message, keptAs: undefined, room: undefined }];
  } finally {
    database?.close();
  }
}

function copyFile(from: string, to: string, progress: Progress): void {
  const [source, target] = [fs.openSync(from, "r"), fs.openSync(to, "w")];
  try {
    const total = fs.fstatSync(source).size;
    const piece = Buffer.alloc(pieceBytes);
    for (let done = 0; ;) {
      const read = fs.readSync(source, piece, 0, piece.length, done);
      if (read === 0) return;
      fs.writeFileSync(target, piece.subarray(0, read));
      done += read;
      progress(done, Math.max(done, total), "bytes");
    }
  } finally {
    fs.closeSync(source);
    fs.closeSync(target);
  }
}

/** What an earlier one left there that was ended in the middle is removed, and nothing else that may be there. */
function emptyPart(into: string): string {
  const part = `${into}.part`;
  const store = ["", "-journal", "-wal", "-shm"].map((end) => `${storeFile(part)}${end}`);
  for (const file of [...store, ...companions.map((name) => path.join(part, name))]) fs.rmSync(file, { force: true });
  if (fs.existsSync(part)) fs.rmdirSync(part);
  fs.mkdirSync(part, { recursive: true });
  return part;
}

function finish(from: string, part: string, into: string): void {
  for (const name of companions) {
    const file = path.join(from, name);
    if (fs.existsSync(file)) fs.copyFileSync(file, path.join(part, name));
  }
  for (const name of fs.readdirSync(part)) sync(path.join(part, name));
  syncFolder(part);
  fs.renameSync(part, into);
  syncFolder(path.dirname(into));
}

function sync(file: string): void {
  const opened = fs.openSync(file, "r+");
  fs.fsyncSync(opened);
  fs.closeSync(opened);
}
