/**
 * Store version 2: what a disk knows of itself as one of several replicas. `mark`: rooms that are complete here. `cover`: what a
 * lineage's content contains beside what its entries name. `whole`: the ring under which everything placed here was complete.
 *
 * A store of version 1 belonged to a single relay, so all its rooms are complete.
 */
import type { Database } from "better-sqlite3";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { markChecksum } from "../store-row.ts";

export function addReplicaMarks(database: Database): void {
  database.exec(`
    CREATE TABLE mark (room TEXT PRIMARY KEY, crc INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE cover (lineage INTEGER PRIMARY KEY, body TEXT NOT NULL, crc INTEGER NOT NULL);
    CREATE TABLE whole (id INTEGER PRIMARY KEY CHECK (id = 1), ring BLOB NOT NULL, crc INTEGER NOT NULL);
  `);
  const rooms = database.prepare<[], RoomName>("SELECT room FROM lineage UNION SELECT room FROM record").pluck().all();
  const add = database.prepare("INSERT INTO mark VALUES (?, ?)");
  for (const room of rooms) add.run(room, markChecksum({ room }));
}
