/**
 * What a store on disk says that contents hash to: over crashes, damage, salvage, older relays, backups.
 */
import Database from "better-sqlite3";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import type { RoomSummary } from "../../../server/core/stored-room.ts";
import { packAppends } from "../../../server/log/append-batch.ts";
import { unpackPage } from "../../../server/log/room-parcel.ts";
import { backUp, restore } from "../../../server/log/store-backup.ts";
import { summaryChecksum, type SummaryBody, type SummaryRow } from "../../../server/log/store-row.ts";
import { LogAuthor } from "../../contract/log-author.ts";
import { aRecord } from "../../contract/update-log.contract.ts";
import { SqliteFolder } from "./sqlite-folder.ts";

const engine = new YjsEngine();
const copies: SqliteFolder[] = [];
let folder: SqliteFolder;
let author: LogAuthor;

beforeEach(() => {
  folder = new SqliteFolder();
  folder.open();
  author = new LogAuthor();
  folder.append({ ...author.type("abc"), completes: true });
  folder.store.putRecord(aRecord("a room"));
});
afterEach(() => {
  for (const each of [folder, ...copies.splice(0)]) each.dispose();
});

/** What reading the room gives. */
function hashOf(store: SqliteFolder): string {
  const index = engine.decodeIndex(store.load("a room").index);
  if (!index.ok) throw new Error(index.refusal.detail);
  return index.value.hash();
}

/** Keeps the hash of what is there. */
function keep(store = folder): string {
  const { clock, tail } = store.load("a room");
  const hash = hashOf(store);
  store.store.append(packAppends([]), [{ lineage: author.lineage, clock: clock.entries(), entries: tail.length, hash }]);
  return hash;
}

function listed(store = folder): RoomSummary | undefined {
  const ask = { after: undefined, limit: 10, search: undefined, hashes: true };
  return store.read((reader) => unpackPage(reader.rooms(ask))).rooms.find(({ record }) => record.room === "a room");
}

function killed(): SqliteFolder {
  const copy = folder.killed();
  copies.push(copy);
  copy.open();
  return copy;
}

/** Changes the store behind the relay's back. */
function tamper(sql: string, ...values: readonly unknown[]): void {
  folder.close();
  const database = new Database(folder.file);
  database.prepare(sql).run(...values);
  database.close();
}

function summary(): SummaryRow {
  const database = new Database(folder.file, { readonly: true });
  const row = database.prepare("SELECT * FROM summary WHERE room = 'a room'").get() as SummaryRow;
  database.close();
  return row;
}

test("[P1] a kill between an entry and its hash leaves none; one behind the hash leaves it", () => {
  expect(listed(killed())?.contentHash).toBeUndefined();
  const hash = keep();
  expect(listed(killed())?.contentHash).toBe(hash);
  folder.append(author.type("d"));
  expect(listed(killed())?.contentHash).toBeUndefined();
  expect(keep()).not.toBe(hash);
});

test("[P1] a kill at any step of a compaction leaves no hash of what was there before", () => {
  keep();
  folder.compact("a room", author.clock.entries(), "written");
  const before = killed();
  expect(listed(before)?.contentHash).toBe(hashOf(before));
  folder.compact("a room", author.clock.entries(), "adopted");
  expect(listed(killed())?.contentHash).toBeUndefined();
});

test("[P1] a hash of older content that somebody put into the row is not believed", () => {
  const old = keep();
  folder.append(author.type("d"));
  const body = JSON.stringify({ ...(JSON.parse(summary().body) as SummaryBody), contentHash: old });
  tamper("UPDATE summary SET body = ? WHERE room = 'a room'", body);
  folder.open();
  expect(listed()?.contentHash).toBeUndefined();
  expect(folder.found).toMatchObject([{ where: "summary" }]);
});

test.each([
  ["an entry is damaged", "UPDATE entry SET record = zeroblob(length(record)) WHERE counter = 2"],
  ["an entry is gone", "DELETE FROM entry WHERE counter = 2"],
  ["an entry is there that was not", "INSERT INTO entry SELECT lineage, actor, 9, seq, record, crc FROM entry WHERE counter = 2"],
  ["the record is damaged", "UPDATE record SET body = replace(body, 'a room', 'b room')"],
])("[P9] a hash is not told where %s, so that the room is read, and the damage found", (_, sql) => {
  keep();
  tamper(sql);
  folder.open();
  expect(listed()?.contentHash).toBeUndefined();
});

test.each([
  ["a chunk is damaged", "UPDATE chunk SET bytes = zeroblob(length(bytes))"],
  ["a chunk is gone", "DELETE FROM chunk"],
  ["its header is damaged", "UPDATE snapshot SET crc = crc + 1"],
  ["its header is gone", "DELETE FROM snapshot"],
])("[P9] a hash is not told of a snapshot where %s", (_, sql) => {
  folder.compact("a room", author.clock.entries());
  expect(listed()?.contentHash).toBeUndefined();
  const hash = keep();
  expect(listed()?.contentHash).toBe(hash);
  tamper(sql);
  folder.open();
  expect(listed()?.contentHash).toBeUndefined();
});

test("[P9] what is set aside takes the hash with it", () => {
  keep();
  folder.store.setAside({ table: "record", room: "a room" }, author.lineage, "torn");
  folder.store.putRecord(aRecord("a room"));
  expect(listed()?.contentHash).toBeUndefined();
});

test("[P2] a store that may lack something says of nothing what it hashes to", () => {
  keep();
  folder.close();
  const restored = fs.readFileSync(folder.file);
  folder.open();
  folder.append(author.type("d"));
  folder.close();
  fs.writeFileSync(folder.file, restored);
  expect(folder.open().complete).toBe(false);
  expect(listed()).toMatchObject({ contentHash: undefined, isMarked: false });
});

test("[P2] a salvaged store says of nothing what it hashes to", () => {
  keep();
  folder.close();
  fs.truncateSync(folder.file, fs.statSync(folder.file).size - 100);
  expect(folder.open().complete).toBe(false);
  expect(listed()?.contentHash).toBeUndefined();
});

test("[P2] a backup says what its content hashes to, and a folder that is restored from it does not: all of it is read once", async () => {
  const hash = keep();
  const [backup, data] = ["backup", "data"].map((name) => path.join(folder.path, name)) as [string, string];
  await backUp(folder.path, backup, () => undefined);
  expect(restore(backup, data)).toEqual([]);
  for (const [from, expected] of [
    [backup, hash],
    [data, undefined],
  ] as const) {
    const store = new SqliteFolder(from);
    copies.push(store);
    expect(store.open().complete).toBe(true);
    expect(listed(store)?.contentHash).toBe(expected);
  }
});

test("a store of a relay that knew of no hashes has none, is as sound as before, and gets them", () => {
  const { contentHash: _, ...body } = JSON.parse(summary().body) as SummaryBody;
  const row = { ...summary(), body: JSON.stringify(body) };
  tamper("UPDATE summary SET body = ?, crc = ? WHERE room = 'a room'", row.body, summaryChecksum(row));
  expect(folder.open()).toMatchObject({ complete: true, damage: [] });
  expect(listed()).toMatchObject({ contentHash: undefined, isMarked: true });
  expect(folder.found).toEqual([]);
  const hash = keep();
  expect(listed()?.contentHash).toBe(hash);
});

test("a room is listed by its newest generation's content only", () => {
  keep();
  const second = new LogAuthor({ generation: 1 });
  folder.append(second.type("x"));
  expect(listed()?.contentHash).toBeUndefined();
  folder.store.append(packAppends([]), [
    { lineage: { room: "a room" as RoomName, generation: 1 }, clock: second.clock.entries(), entries: 1, hash: "0".repeat(16) },
  ]);
  // Its record names the generation before.
  expect(listed()?.contentHash).toBeUndefined();
});
