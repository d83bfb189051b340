/**
 * Migrations: how a store of an older version becomes one of this version. Numbered, each in one transaction with its
 * number (`PRAGMA user_version`), never changed after a release.
 */
import type { Database } from "better-sqlite3";
import { initialSchema } from "./0001-initial-schema.ts";
import { addReplicaMarks } from "./0002-replica-marks.ts";
import { historySegments } from "./0003-history.ts";
import { addBlobs } from "./0004-blobs.ts";

const migrations: readonly ((database: Database) => void)[] = [
  (database) => void database.exec(initialSchema),
  addReplicaMarks,
  (database) => void database.exec(historySegments),
  addBlobs,
];

/** The store version that this relay writes. */
export const storeVersion = migrations.length;

/** The version of the opened store; 0 for an empty file. */
function versionOf(database: Database): number {
  return database.pragma("user_version", { simple: true }) as number;
}

/** The same, of the store in `file`; throws, with a sentence for the operator, where a newer relay wrote it. */
export function knownVersionOf(database: Database, file: string): number {
  const version = versionOf(database);
  if (version <= storeVersion) return version;
  throw new Error(
    `The store ${file} has version ${version}, and this relay knows versions up to ${storeVersion}. Start the newer relay, or give this one a data folder of its own.`,
  );
}

/** Brings the store to `storeVersion`; `first` runs in the transaction that creates it. */
export function migrate(database: Database, first: () => void): void {
  for (let version = versionOf(database); version < storeVersion; version++) {
    database.transaction(() => {
      migrations[version]?.(database);
      database.pragma(`user_version = ${version + 1}`);
      if (version === 0) first();
    })();
  }
}
