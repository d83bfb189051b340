/**
 * Damage that is found while the relay runs: a row that is not as it was written is left out, reported once, set aside
 * with its bytes, and everything around it goes on.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import { storeFile } from "../../server/log/store-opening.ts";
import type { Damage } from "../../server/log/update-log.ts";
import { aRelay, anActor, LogAuthor } from "./log-author.ts";
import { must } from "./update-log.contract.ts";

let folder: string;
let log: SqliteUpdateLog;
let reported: Damage[];

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-damage-"));
  await reopen();
});
afterEach(async () => {
  await log.close();
  fs.rmSync(folder, { recursive: true });
});

async function reopen(): Promise<void> {
  await log?.close();
  log = new SqliteUpdateLog({ folder, nestingMax: 64 });
  reported = [];
  log.onDamage((damage) => reported.push(damage));
  expect(await log.open()).toMatchObject({ complete: true, damage: [] });
}

/** Changes the store behind the relay's back. */
function tamper(sql: string): void {
  const database = new Database(storeFile(folder));
  expect(database.prepare(sql).run().changes).toBeGreaterThan(0);
  database.close();
}

/** Changes what the store says of its own tables, so that the next statement of any connection finds it malformed. */
function breakSchema(of: string): void {
  const database = new Database(storeFile(of));
  database.unsafeMode();
  database.pragma("writable_schema = ON");
  database.prepare("UPDATE sqlite_schema SET sql = 'CREATE TABLE entry(' WHERE name = 'entry'").run();
  database.pragma(`schema_version = ${(database.pragma("schema_version", { simple: true }) as number) + 1}`);
  database.close();
}

function rowsOf(table: string): unknown[] {
  const database = new Database(storeFile(folder), { readonly: true });
  const rows = database.prepare(`SELECT * FROM ${table}`).all();
  database.close();
  return rows;
}

const flipped = "cast(substr(record, 1, length(record) - 2) || x'7a7a' AS BLOB)";

test("[P9] an entry with a wrong checksum is never served; those around it are, and it is reported once", async () => {
  const author = new LogAuthor();
  await must(log.append([author.type("abcde")]));
  tamper(`UPDATE entry SET record = ${flipped} WHERE counter = 3`);
  expect(await must(log.verify())).toMatchObject([{ where: "table entry", room: "a room" }]);
  const room = await must(log.load(author.lineage.room));
  expect(room.tail.map((entry) => entry.dot.counter)).toEqual([1, 2, 4, 5]);
  expect(room.clock.counter(anActor(1))).toBe(2);
  await must(log.load(author.lineage.room));
  expect(reported).toEqual([{ where: "table entry", what: expect.stringContaining("checksum"), keptAs: "table damage", room: "a room" }]);
  await must(log.append([]));
  expect(rowsOf("damage")).toMatchObject([{ place: "entry", room: "a room", bytes: expect.any(Buffer) }]);
  expect(await must(log.verify())).toEqual([]);
  expect((await must(log.rooms({ limit: 1 }))).rooms[0]).toMatchObject({ entries: 4 });
});

test("[P9] an entry that was put under another dot or into another order is found", async () => {
  const author = new LogAuthor();
  await must(log.append([author.type("abc")]));
  tamper("UPDATE entry SET counter = 9 WHERE counter = 2");
  expect((await must(log.load(author.lineage.room))).tail.map((entry) => entry.dot.counter)).toEqual([1, 3]);
  await reopen();
  tamper("UPDATE entry SET seq = seq + 10 WHERE counter = 1");
  expect((await must(log.load(author.lineage.room))).tail.map((entry) => entry.dot.counter)).toEqual([3]);
});

test("[P9] a snapshot with a wrong checksum is set aside, and the tail is still served", async () => {
  const author = new LogAuthor();
  await must(log.append([author.type("in the snapshot")]));
  await must(log.compact(author.lineage, author.clock));
  await must(log.append([author.type("!")]));
  tamper("UPDATE chunk SET bytes = cast(substr(bytes, 1, length(bytes) - 2) || x'7a7a' AS BLOB)");
  const room = await must(log.load(author.lineage.room));
  expect(room.snapshot).toBeUndefined();
  expect(room.tail).toEqual(author.entries.slice(-1));
  expect(room.clock.size).toBe(0);
  expect(reported).toMatchObject([{ where: "table snapshot", room: "a room" }]);
  await must(log.append([]));
  expect(rowsOf("damage")).toMatchObject([{ place: "snapshot", bytes: expect.any(Buffer) }]);
});

test("[P2] a snapshot that was damaged before it was checked removes nothing", async () => {
  const author = new LogAuthor();
  await log.close();
  log = new SqliteUpdateLog({
    folder,
    nestingMax: 64,
    onStep: (step) => step === "written" && tamper("UPDATE chunk SET bytes = zeroblob(length(bytes))"),
  });
  await log.open();
  await must(log.append([author.type("safe")]));
  expect(await log.compact(author.lineage, author.clock)).toMatchObject({ ok: false, refusal: { code: "STORE_FAILED" } });
  expect((await must(log.load(author.lineage.room))).tail).toEqual(author.entries);
  expect(rowsOf("snapshot")).toEqual([]);
  expect(rowsOf("chunk")).toEqual([]);
});

test("a damaged summary is computed anew from the rows", async () => {
  const author = new LogAuthor();
  await must(log.append([author.type("abc")]));
  tamper("UPDATE summary SET body = replace(body, '\"entries\":3', '\"entries\":7')");
  await must(log.rooms({ limit: 1 }));
  expect(reported).toMatchObject([{ where: "table summary", room: "a room" }]);
  expect((await must(log.rooms({ limit: 1 }))).rooms[0]).toMatchObject({ entries: 3, clock: author.clock });
  expect(await must(log.verify())).toEqual([]);
});

test("[P2] a writer that meets corruption, or a dot given out twice, tells of it once", async () => {
  const author = new LogAuthor();
  await must(log.append([author.type("a")]));
  const [entry] = author.entries;
  const other = [{ lineage: author.lineage, entries: [{ ...entry!, payload: Uint8Array.of(0, 0) }] }];
  for (let time = 0; time < 2; time++) expect(await log.append(other)).toMatchObject({ ok: false });
  expect(reported).toEqual([
    { where: storeFile(folder), what: expect.stringContaining("names another payload"), keptAs: undefined, room: undefined },
  ]);
  await reopen();
  breakSchema(folder);
  for (let time = 0; time < 2; time++) expect(await log.append([author.type("b")])).toMatchObject({ ok: false });
  expect(reported).toMatchObject([{ what: expect.stringContaining("malformed"), room: undefined }]);
});

test("a compaction in which something throws fails alone: the next goes on, and the log closes", async () => {
  const author = new LogAuthor();
  await log.close();
  let throws = true;
  const onStep = (): void => {
    if (throws) throw new Error("on purpose");
  };
  log = new SqliteUpdateLog({ folder, nestingMax: 64, onStep });
  await log.open();
  await must(log.append([author.type("safe")]));
  expect(await log.compact(author.lineage, author.clock)).toEqual({ ok: false, refusal: { code: "STORE_FAILED", detail: "on purpose" } });
  throws = false;
  expect((await must(log.compact(author.lineage, author.clock))).removed).toHaveLength(4);
});

test("[P10] a damaged record of a deleted room leaves the room deleted", async () => {
  const author = new LogAuthor();
  const created = { physicalMs: 1, logical: 0, relay: aRelay };
  await must(log.append([author.type("abc")]));
  const closed = {
    room: author.lineage.room,
    generation: 0,
    title: undefined,
    kind: undefined,
    created,
    deleted: { hlc: created, by: "x" },
    everDeleted: true,
  };
  await must(log.putRecord(closed));
  tamper("UPDATE record SET body = replace(body, 'deleted', 'Deleted')");
  expect(await must(log.load(author.lineage.room))).toMatchObject({
    tail: [],
    record: { generation: 0, deleted: { by: "" }, everDeleted: true },
  });
  await reopen();
  await must(log.append([author.type("late")]));
  expect(await must(log.load(author.lineage.room))).toMatchObject({ tail: [], record: { deleted: { by: "" } } });
});
