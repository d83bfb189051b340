/**
 * Migrations: how a store of an older version becomes one of this version. Numbered, each in one transaction with its
 * number (`PRAGMA user_version`), never changed after a release.
 */
import type { Database } from "better-sqlite3";
import { initialSchema } from "./0001-initial-schema.ts";
import { addReplicaMarks } from "./0002-replica-marks.ts";

const migrations: readonly ((database: Database) => void)[] = [(database) => void database.exec(initialSchema), addReplicaMarks];

/** The store version that this relay writes. */
export const storeVersion = migrations.length;

/** The version of the opened store; 0 for an empty file. */
export function versionOf(database: Database): number {
  return database.pragma("user_version", { simple: true }) as number;
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
