/**
 * SqliteConnection: how every connection to a store is opened. WAL lets readers work beside the one writer;
 * `synchronous=FULL` makes COMMIT return after the fsync, which is what "durable" means here.
 *
 * The write-ahead log may grow to `walBytesKept` and is cut back to that after a burst. `secure_delete=FAST` overwrites
 * what was removed where that costs no extra write, so that salvage finds less of what ought to be gone.
 */
import Database from "better-sqlite3";

const walBytesKept = 16 * 1024 * 1024;

/** The one writer. Creates the file where there is none. */
export function openWriter(file: string): Database.Database {
  const database = new Database(file, { timeout: 5_000 });
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma("secure_delete = FAST");
  database.pragma(`journal_size_limit = ${walBytesKept}`);
  return database;
}

/** A reader: changes nothing, not even by closing. */
export function openReader(file: string): Database.Database {
  return new Database(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
}
