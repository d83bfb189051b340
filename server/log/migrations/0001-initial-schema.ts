/**
 * Store version 1. Every table that holds truth carries a checksum per row (`store-row.ts` says of what).
 *
 * `entry` is clustered by dot: a room is read in one range scan, a commit touches one page per room, and a dot cannot
 * be there twice. `seq` is the order of admission. `summary` is derived from the others, for lists that read no content.
 */
export const initialSchema = `
  CREATE TABLE store (
    id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, commits INTEGER NOT NULL, seq INTEGER NOT NULL,
    hlc_ms INTEGER NOT NULL, crc INTEGER NOT NULL
  );
  CREATE TABLE actor (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE lineage (
    id INTEGER PRIMARY KEY, room TEXT NOT NULL, generation INTEGER NOT NULL, crc INTEGER NOT NULL, UNIQUE (room, generation)
  );
  CREATE TABLE entry (
    lineage INTEGER NOT NULL, actor INTEGER NOT NULL, counter INTEGER NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL,
    crc INTEGER NOT NULL, PRIMARY KEY (lineage, actor, counter)
  ) WITHOUT ROWID;
  CREATE TABLE quarantine (
    lineage INTEGER NOT NULL, actor INTEGER NOT NULL, counter INTEGER NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL,
    crc INTEGER NOT NULL, PRIMARY KEY (lineage, actor, counter)
  ) WITHOUT ROWID;
  CREATE TABLE record (
    room TEXT PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY, lineage INTEGER NOT NULL, verified INTEGER NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL
  );
  CREATE INDEX snapshot_of_lineage ON snapshot (lineage);
  CREATE TABLE chunk (
    snapshot INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (snapshot, part)
  ) WITHOUT ROWID;
  CREATE TABLE summary (
    room TEXT PRIMARY KEY, lineage INTEGER NOT NULL, generation INTEGER NOT NULL, deleted INTEGER NOT NULL,
    folded TEXT NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE damage (
    id INTEGER PRIMARY KEY, place TEXT NOT NULL, what TEXT NOT NULL, kept_as TEXT, room TEXT, bytes BLOB,
    reported INTEGER NOT NULL
  );
`;
