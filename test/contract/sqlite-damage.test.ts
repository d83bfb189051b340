/**
 * Damage that is found while the relay runs: a row that is not as it was written is left out, reported once, set aside
 * with its bytes, and everything around it goes on.
 */
import type { StoreInspection } from "../../server/core/stored-room.ts";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { SqliteUpdateLog } from "../../server/log/sqlite-update-log.ts";
import { storeFile } from "../../server/log/store-opening.ts";
import type { Damage } from "../../server/log/update-log.ts";
import { aRelay, anActor, LogAuthor } from "./log-author.ts";
import { aRecord, must } from "./update-log.contract.ts";

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

const nothingApplies = Uint8Array.of(0xff, 0xff, 0xff);

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

const tampered: readonly (readonly [table: string, where: string, sql: string])[] = [
  ["entry", "entry", `UPDATE entry SET record = ${flipped}`],
  ["a snapshot's part", "chunk", "UPDATE chunk SET bytes = cast(substr(bytes, 1, length(bytes) - 2) || x'7a7a' AS BLOB)"],
  ["a snapshot", "snapshot", "UPDATE snapshot SET body = replace(body, 'chunks', 'hunks')"],
  ["record", "record", "UPDATE record SET body = replace(body, 'Title', 'title')"],
  ["summary", "summary", "UPDATE summary SET folded = 'x'"],
  ["lineage", "lineage", "UPDATE lineage SET crc = crc + 1"],
  ["mark", "mark", "UPDATE mark SET crc = crc + 1"],
  ["cover", "cover", "UPDATE cover SET body = '[]'"],
  ["quarantine", "quarantine", `UPDATE quarantine SET record = ${flipped}`],
];

/** The first room's rows of a table: of several entries one. */
const ownBy: Readonly<Record<string, string>> = {
  ...{
    entry: "lineage = 1 AND counter = (SELECT max(counter) FROM entry WHERE lineage = 1)",
    chunk: "1",
    snapshot: "1",
    lineage: "id = 1",
  },
  ...{ record: "room = 'a room'", summary: "room = 'a room'", mark: "room = 'a room'", cover: "lineage = 1", quarantine: "lineage = 1" },
};

test.each(tampered)(
  "[P9] %s that is damaged under a running relay is found without reading rooms, and set aside",
  async (_, where, sql) => {
    const author = new LogAuthor();
    const room = author.lineage.room;
    await must(log.append([{ ...author.type("in the snapshot"), completes: true }, author.push(nothingApplies)]));
    await must(log.compact(author.lineage, author.clock));
    await must(log.append([author.type("!"), { lineage: author.lineage, entries: [], cover: VectorClock.of([[anActor(9), 3]]) }]));
    await must(log.putRecord(aRecord(room, { title: { value: "Title", hlc: { physicalMs: 9, logical: 0, relay: aRelay } } })));
    await must(log.append([new LogAuthor({ room: "another" }).type("sound")]));
    expect(await must(log.inspect(undefined))).toMatchObject({
      flaws: [],
      total: 2,
      next: undefined,
      rooms: [{ room, generation: 0 }, { room: "another" }],
    });
    tamper(`${sql} WHERE ${ownBy[where]}`);

    const { flaws, rooms } = await must(log.inspect(undefined));
    expect(flaws).toMatchObject([{ where: `table ${where}`, what: expect.stringContaining("checksum"), room }]);
    expect(rooms[0]!.clock?.covers(author.clock)).toBe(where === "summary" ? undefined : true);
    expect(reported).toEqual([]);
    expect(await must(log.setAsideDamage([room]))).toBe(1);
    expect(reported).toMatchObject([{ room, keptAs: "table damage" }]);
    expect(rowsOf("damage")).toHaveLength(1);
    expect(await must(log.verify())).toEqual([]);
    const loaded = await must(log.load(room));
    expect(loaded.isMarked).toBe(false);
    await reopen();
    await must(log.load(room));
    expect(reported).toEqual([]);
  },
);

test("[P9] content of no lineage is found", async () => {
  await must(log.append([new LogAuthor().type("abc")]));
  tamper("UPDATE entry SET lineage = 77");
  expect(await must(log.verify())).toContainEqual({
    where: "table entry",
    what: "rows belong to no document",
    keptAs: undefined,
    room: undefined,
  });
});

test("a store is looked at in pages, each room once, and its progress is told", async () => {
  const names = Array.from({ length: 600 }, (_, index) => `room ${String(index).padStart(3, "0")}`);
  await must(log.append(names.map((room) => new LogAuthor({ room }).type("x"))));
  const seen: string[] = [];
  let pages = 0;
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const page: StoreInspection = await must(log.inspect(after));
    expect(page.total).toBe(isFirst ? 600 : undefined);
    seen.push(...page.rooms.map(({ room }) => room));
    after = page.next;
    pages += 1;
  }
  expect([seen, pages]).toEqual([names, 3]);
  const told: (readonly [number, number])[] = [];
  await must(log.verify((done, total) => told.push([done, total])));
  expect(told).toEqual([256, 512, 600].map((done) => [done, 600]));
});

test("[P9] a room's damaged name is mended when reading meets it, and not met again by the next life", async () => {
  const author = new LogAuthor();
  await must(log.append([author.type("abc")]));
  tamper("UPDATE lineage SET crc = crc + 1");
  expect((await must(log.load(author.lineage.room))).tail).toEqual(author.entries);
  expect(reported).toMatchObject([{ where: "table lineage", room: "a room" }]);
  await must(log.append([]));
  await reopen();
  expect((await must(log.load(author.lineage.room))).tail).toEqual(author.entries);
  expect(reported).toEqual([]);
});
