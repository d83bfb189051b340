/**
 * Store version 4: images. `blob`: one that is here, written when all of its pieces are (`blob-shelf.ts`). `leftover`: numbers of pieces that belong
 * to no blob. `mention`: which blobs a lineage's content names, with the commit that brought it. `unread`: lineages that something left since they
 * were last read for what they mention.
 *
 * A store of version 3 may hold what other relays' clients wrote that knew images already, so each
 * document is read once, in its turn (`blob-collection.ts`).
 */
import type { Database } from "better-sqlite3";

export function addBlobs(database: Database): void {
  database.exec(`
    CREATE TABLE blob (
      id INTEGER PRIMARY KEY, lineage INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, pieces INTEGER NOT NULL,
      since_ms INTEGER NOT NULL, crc INTEGER NOT NULL, UNIQUE (lineage, name)
    );
    CREATE TABLE piece (
      blob INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (blob, part)
    ) WITHOUT ROWID;
    CREATE TABLE leftover (blob INTEGER PRIMARY KEY);
    CREATE TABLE mention (
      lineage INTEGER NOT NULL, name TEXT NOT NULL, noted INTEGER NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (lineage, name)
    ) WITHOUT ROWID;
    CREATE TABLE unread (lineage INTEGER PRIMARY KEY, noted INTEGER NOT NULL);
    INSERT INTO unread SELECT id, 0 FROM lineage;
  `);
}
