/**
 * SqliteConnection: how every connection to a store is opened. WAL lets readers work beside the one writer;
 * `synchronous=FULL` makes COMMIT return after the fsync, which is what "durable" means here.
 *
 * The write-ahead log is folded into the file when it reaches `walPagesMax`: many rooms write the same few pages over and
 * over, and each is copied once per fold. It is cut back to that size after a burst. `secure_delete=FAST` overwrites
 * what was removed where that costs no extra write, so that salvage finds less of what ought to be gone.
 */
import Database from "better-sqlite3";

/** Pages of 4 KiB: 16 MiB. More costs space and a longer start after a crash, less costs a copy of each page more often. */
const walPagesMax = 4_096;
const pageBytes = 4_096;

/** The one writer. Creates the file where there is none. */
export function openWriter(file: string): Database.Database {
  const database = new Database(file, { timeout: 5_000 });
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("secure_delete = FAST");
  database.pragma(`wal_autocheckpoint = ${walPagesMax}`);
  database.pragma(`journal_size_limit = ${walPagesMax * pageBytes}`);
  return database;
}

/** A reader: changes nothing, not even by closing. */
export function openReader(file: string): Database.Database {
  return new Database(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
}
