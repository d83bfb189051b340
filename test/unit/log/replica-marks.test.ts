/**
 * What a disk knows of itself as a replica: over upgrades, and after damage.
 */
import Database from "better-sqlite3";
import * as fs from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import { LogAuthor, textOf } from "../../contract/log-author.ts";
import { dropBlobTables, SqliteFolder } from "./sqlite-folder.ts";

let folder: SqliteFolder;
const ring: readonly RingRecord[] = [{ relay: "a" as RelayId, status: "member", counter: 1, weight: 1, zone: "", moves: 0 }];

beforeEach(() => {
  folder = new SqliteFolder();
});
afterEach(() => folder.dispose());

/** Changes the store behind the relay's back. */
function tamper(...statements: readonly string[]): void {
  const database = new Database(folder.file);
  for (const sql of statements) database.exec(sql);
  database.close();
}

test("the rooms of a store of version 1, which belonged to one relay, are complete", () => {
  folder.open();
  const author = new LogAuthor();
  folder.append(author.type("abc"));
  folder.close();
  tamper(...dropBlobTables, "DROP TABLE mark", "DROP TABLE cover", "DROP TABLE whole", "DROP TABLE segment", "PRAGMA user_version = 1");
  expect(folder.open()).toMatchObject({ complete: true, damage: [], wholeRing: undefined });
  const room = folder.load(author.lineage.room);
  expect(textOf(room)).toBe("abc");
  expect(room.isMarked).toBe(true);
  expect(folder.load("another" as RoomName).isMarked).toBe(false);
});

test("the ring under which a disk was whole comes back at the next opening", () => {
  folder.open();
  folder.store.putWholeRing(ring);
  folder.close();
  expect(folder.open().wholeRing).toEqual(ring);
});

test("[P2] a mark or a ring that is not as it was written says nothing", () => {
  folder.open();
  const author = new LogAuthor();
  folder.append({ ...author.type("abc"), completes: true });
  folder.store.putWholeRing(ring);
  folder.close();
  tamper("UPDATE mark SET crc = crc + 1", "UPDATE whole SET crc = crc + 1");
  expect(folder.open().wholeRing).toBeUndefined();
  expect(folder.load(author.lineage.room).isMarked).toBe(false);
});

test("[P2] a store that may lack something vouches for nothing", () => {
  folder.open();
  const author = new LogAuthor();
  folder.append({ ...author.type("abc"), completes: true });
  folder.store.putWholeRing(ring);
  folder.close();
  const restored = fs.readFileSync(folder.file);
  folder.open();
  folder.append(author.type("def"));
  folder.close();
  fs.writeFileSync(folder.file, restored);
  expect(folder.open()).toMatchObject({ complete: false, wholeRing: undefined });
  expect(folder.load(author.lineage.room).isMarked).toBe(false);
});

test("[P2] what is set aside takes the room's mark with it", () => {
  folder.open();
  const author = new LogAuthor();
  folder.append({ ...author.type("abc"), completes: true });
  folder.store.setAside({ table: "record", room: "a room" }, author.lineage, "torn");
  expect(folder.load(author.lineage.room).isMarked).toBe(false);
});
