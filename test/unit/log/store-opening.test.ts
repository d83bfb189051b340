import * as fs from "node:fs";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { encodeEntry } from "@inkmesh/shared/wire/entry-codec";
import { aRelay, LogAuthor, textOf } from "../../contract/log-author.ts";
import { SqliteFolder } from "./sqlite-folder.ts";

// Longer than usual: a slow disk syncs slowly.
vi.setConfig({ testTimeout: 30_000 });

let folder: SqliteFolder;
const copies: SqliteFolder[] = [];

beforeEach(() => {
  folder = new SqliteFolder();
});
afterEach(() => {
  for (const each of [folder, ...copies.splice(0)]) each.dispose();
});

function killed(): SqliteFolder {
  const copy = folder.killed();
  copies.push(copy);
  return copy;
}

/** Ten rooms with twenty letters each; the first five also have a snapshot. */
function write(): LogAuthor[] {
  const authors = Array.from({ length: 10 }, (_, number) => new LogAuthor({ room: `room ${number}`, clientId: number + 1 }));
  for (const letter of "abcdefghij") folder.append(...authors.map((author) => author.type(letter)));
  for (const author of authors.slice(0, 5)) folder.compact(author.lineage.room, author.clock.entries());
  for (const letter of "klmnopqrst") folder.append(...authors.map((author) => author.type(letter)));
  return authors;
}

function expectWhole(store: SqliteFolder, authors: readonly LogAuthor[]): void {
  for (const author of authors) {
    const room = store.load(author.lineage.room);
    expect(textOf(room)).toBe(author.text);
    expect(room.clock.compare(author.clock)).toBe("equal");
  }
}

test("an empty folder gets a store, and there is nothing to say about it", () => {
  expect(folder.open()).toEqual({ complete: true, damage: [], hlcFloorMs: 0, wholeRing: undefined });
  expect(folder.names()).toEqual(["log.marker", "log.sqlite", "log.sqlite-shm", "log.sqlite-wal"]);
});

test("[P2] what was committed is there after a kill, and the opening is complete", () => {
  folder.open();
  const authors = write();
  const copy = killed();
  expect(copy.open()).toMatchObject({ complete: true, damage: [] });
  expectWhole(copy, authors);
});

test("stamps of a later life are larger: the floor is the highest stamp that was written", () => {
  folder.open();
  const author = new LogAuthor({ physicalMs: 5_000_000 });
  folder.append(author.type("abc"));
  folder.store.putRecord({
    room: "b" as RoomName,
    generation: 0,
    kind: undefined,
    deleted: undefined,
    everDeleted: false,
    created: { physicalMs: 1, logical: 0, relay: aRelay },
    title: { value: "t", hlc: { physicalMs: 7_000_000, logical: 3, relay: aRelay } },
  });
  expect(killed().open().hlcFloorMs).toBe(7_000_000);
  folder.close();
  expect(folder.open().hlcFloorMs).toBe(7_000_000);
  fs.rmSync(folder.file);
  expect(killed().open().hlcFloorMs).toBe(7_000_000);
});

test("stamps of other relays are no floor", () => {
  folder.open(aRelay);
  folder.append(new LogAuthor({ physicalMs: 5_000_000 }).type("abc"));
  const far = new LogAuthor({ room: "far", life: 2, physicalMs: 9_000_000 }).type("x");
  const entries = far.entries.map((entry) => ({ ...entry, hlc: { ...entry.hlc, relay: "b" as RelayId } }));
  folder.append({ ...far, entries });
  expect(killed().open(aRelay).hlcFloorMs).toBe(5_000_003);
});

test("a store of a newer version is refused with a sentence and not touched", () => {
  folder.open();
  folder.close();
  const database = new Database(folder.file);
  database.pragma("user_version = 99");
  database.close();
  const before = fs.readFileSync(folder.file);
  expect(() => folder.open()).toThrow(/has version 99, and this relay knows versions up to 4\. Start the newer relay/);
  expect(fs.readFileSync(folder.file)).toEqual(before);
  expect(folder.names().some((name) => name.includes("damaged"))).toBe(false);
});

test("a store that is gone is missed: the marker knows that there was one", () => {
  folder.open();
  write();
  folder.close();
  fs.rmSync(folder.file);
  const opening = folder.open();
  expect(opening).toMatchObject({ complete: false, damage: [{ what: expect.stringContaining("missing"), keptAs: undefined }] });
  expect(folder.load("room 0").tail).toEqual([]);
  folder.close();
  expect(folder.open()).toMatchObject({ complete: true, damage: [] });
});

test("a store that was replaced by an older copy is behind its marker", () => {
  folder.open();
  const author = new LogAuthor();
  folder.append(author.type("old"));
  folder.close();
  const old = fs.readFileSync(folder.file);
  folder.open();
  folder.append(author.type("er"));
  folder.append(author.type("!"));
  folder.close();
  fs.writeFileSync(folder.file, old);
  expect(folder.open()).toMatchObject({ complete: false, damage: [{ what: expect.stringMatching(/the last [2-4] commits are missing/) }] });
  expect(textOf(folder.load("a room"))).toBe("old");
});

test("another store in the place of this one is noticed", () => {
  folder.open();
  folder.close();
  const other = new SqliteFolder();
  copies.push(other);
  other.open();
  other.close();
  fs.copyFileSync(other.file, folder.file);
  expect(folder.open()).toMatchObject({ complete: false, damage: [{ what: expect.stringContaining("another one") }] });
});

test("a write-ahead log that is gone is missed", () => {
  folder.open();
  write();
  const copy = killed();
  fs.rmSync(`${copy.file}-wal`);
  expect(copy.open()).toMatchObject({ complete: false });
});

test("a tear in the write-ahead log: what lies behind it is saved, and the files are kept", () => {
  folder.open();
  const authors = write();
  const copy = killed();
  const size = fs.statSync(`${copy.file}-wal`).size;
  copy.overwrite(`${copy.file}-wal`, Math.floor(size / 2), new Uint8Array(64).fill(0xaa));
  const opening = copy.open();
  expect(opening).toMatchObject({ complete: false, damage: [{ keptAs: `${copy.file}.damaged-1` }] });
  expect(copy.names()).toEqual(expect.arrayContaining(["log.sqlite.damaged-1", "log.sqlite.damaged-1-wal"]));
  expectWhole(copy, authors);
  expect(copy.found).toEqual([]);
});

test.each([
  ["cut short", (store: SqliteFolder) => fs.truncateSync(store.file, Math.floor(fs.statSync(store.file).size / 2)), /cut short/],
  ["cut within a page", (store: SqliteFolder) => fs.truncateSync(store.file, fs.statSync(store.file).size - 100), /cut short/],
  ["without a header", (store: SqliteFolder) => store.overwrite(store.file, 0, new Uint8Array(100)), /does not begin/],
  ["emptied", (store: SqliteFolder) => fs.truncateSync(store.file, 0), /empty/],
  ["of other bytes", (store: SqliteFolder) => fs.writeFileSync(store.file, "no store at all, ".repeat(1000)), /does not begin/],
])("a store %s is set aside, salvaged, and reported once", (_, damage, what) => {
  folder.open();
  const authors = write();
  folder.close();
  damage(folder);
  const damaged = fs.readFileSync(folder.file);
  const opening = folder.open();
  expect(opening).toMatchObject({ complete: false, damage: [{ what: expect.stringMatching(what), keptAs: `${folder.file}.damaged-1` }] });
  expect(fs.readFileSync(`${folder.file}.damaged-1`)).toEqual(damaged);
  for (const author of authors) {
    const { tail } = folder.load(author.lineage.room);
    for (const entry of tail) expect(author.entries).toContainEqual(entry);
  }
  folder.append(new LogAuthor({ room: "new", life: 2 }).type("goes on"));
  folder.close();
  expect(folder.open()).toMatchObject({ complete: true, damage: [] });
  expect(textOf(folder.load("new"))).toBe("goes on");
});

/** Overwrites the page where the tree of a table begins. */
function ruin(table: string): void {
  const database = new Database(folder.file, { readonly: true });
  const root = database.prepare("SELECT rootpage FROM sqlite_master WHERE name = ?").pluck().get(table) as number;
  database.close();
  folder.overwrite(folder.file, (root - 1) * 4096, new Uint8Array(4096).fill(0x55));
}

test("a bad inner page hides nothing: every row whose page is sound is saved", () => {
  folder.open();
  const author = new LogAuthor({ room: "long" });
  for (let turn = 0; turn < 20; turn++) folder.append(author.type("x".repeat(50)));
  folder.close();
  ruin("entry");
  const opening = folder.open();
  expect(opening.complete).toBe(false);
  const { tail } = folder.load("long");
  // Rows of a clustered table lie on inner pages too: those on the root are lost with it.
  expect(tail.length).toBeGreaterThan(900);
  for (const entry of tail.filter((_, index) => index % 25 === 0)) expect(author.entries).toContainEqual(entry);
});

test("a page that cannot be read while the store is in use: what lies before and behind it is served, and it is said", () => {
  folder.open();
  const author = new LogAuthor({ room: "long" });
  for (let turn = 0; turn < 20; turn++) folder.append(author.type("x".repeat(50)));
  folder.close();
  const pages = fs.readFileSync(folder.file);
  const pageOf = (entry: Entry): number => Math.floor(pages.indexOf(encodeEntry(entry)) / 4096) * 4096;
  // Rows of a clustered table lie on inner pages too; this damages a leaf.
  const middle = author.entries
    .slice(500)
    .map(pageOf)
    .find((page) => pages[page] === 0x0a)!;
  folder.overwrite(folder.file, middle, new Uint8Array(4096));
  const room = folder.load("long");
  expect(folder.found).toMatchObject([{ where: "store", what: expect.stringContaining("cannot be read") }]);
  expect(room.tail.length).toBeGreaterThan(900);
  expect(room.tail.length).toBeLessThan(1_000);
  expect([room.tail[0], room.tail.at(-1)]).toEqual([author.entries[0], author.entries.at(-1)]);
  expect(room.clock.counter(author.entries[0]!.dot.actor)).toBeLessThan(600);
});

test("[P10] a deleted room stays deleted when its record is lost", () => {
  folder.open();
  const author = new LogAuthor();
  folder.append(author.type("secret"));
  const created = { physicalMs: 1, logical: 0, relay: aRelay };
  const closed = {
    room: author.lineage.room,
    generation: 0,
    title: undefined,
    kind: undefined,
    created,
    deleted: { hlc: created, by: "x" },
    everDeleted: true,
  };
  folder.store.putRecord(closed);
  folder.close();
  const database = new Database(folder.file);
  database.exec("UPDATE record SET body = replace(body, 'x', 'y')");
  database.close();
  folder.open();
  const room = folder.load("a room");
  expect(room).toMatchObject({ tail: [], record: { deleted: { by: "" }, everDeleted: true } });
  folder.store.setAside({ table: "record", room: "a room" }, author.lineage, "checksum");
  folder.append(author.type("again"));
  expect(folder.load("a room")).toMatchObject({ tail: [], record: { everDeleted: true } });
});

test("[P10] a deleted room stays deleted when the page of its record is lost", () => {
  folder.open();
  const author = new LogAuthor();
  folder.append(author.type("secret"));
  const created = { physicalMs: 1, logical: 0, relay: aRelay };
  folder.store.putRecord({
    room: author.lineage.room,
    generation: 0,
    title: undefined,
    kind: undefined,
    created,
    deleted: { hlc: created, by: "x" },
    everDeleted: true,
  });
  folder.close();
  ruin("record");
  expect(folder.open().complete).toBe(false);
  expect(folder.load("a room")).toMatchObject({ tail: [], record: { generation: 0, deleted: { by: "" }, everDeleted: true } });
  folder.append(author.type("late"));
  expect(folder.load("a room").tail).toEqual([]);
});

test("[P10] a deleted room does not come back from old pages when the store is salvaged", () => {
  folder.open();
  const author = new LogAuthor();
  folder.append(author.type("secret"));
  folder.compact("a room", author.clock.entries());
  folder.append(author.type(" tail"));
  const created = { physicalMs: 1, logical: 0, relay: aRelay };
  folder.store.putRecord({
    room: author.lineage.room,
    generation: 0,
    title: undefined,
    kind: undefined,
    created,
    deleted: { hlc: created, by: "x" },
    everDeleted: true,
  });
  const copy = killed();
  copy.overwrite(`${copy.file}-wal`, 40, new Uint8Array(100));
  expect(copy.open()).toMatchObject({ complete: false, damage: [{ keptAs: expect.any(String) }] });
  expect(copy.load("a room")).toMatchObject({ snapshot: undefined, tail: [], record: { deleted: { by: "x" } } });
});

test("a crash after the salvaged store was built is gone on with at the next start", () => {
  folder.open();
  const authors = write();
  const copy = killed();
  copy.overwrite(`${copy.file}-wal`, Math.floor(fs.statSync(`${copy.file}-wal`).size / 2), new Uint8Array(64).fill(0xaa));
  copy.open();
  copy.close();
  // As if the process had ended between setting the write-ahead log and the store itself aside.
  fs.renameSync(copy.file, `${copy.file}.salvaged`);
  fs.renameSync(`${copy.file}.damaged-1`, copy.file);
  expect(copy.open()).toMatchObject({ complete: true });
  expect(copy.names()).toEqual(expect.arrayContaining(["log.sqlite.damaged-1", "log.sqlite.damaged-1-wal"]));
  expectWhole(copy, authors);
});

test("a compaction that was interrupted between two steps lost nothing, and the next one finishes it", () => {
  for (const until of ["written", "adopted"] as const) {
    const store = new SqliteFolder();
    copies.push(store);
    store.open();
    const author = new LogAuthor();
    store.append(author.type("one "), author.push(Uint8Array.of(0xff)), author.type("two "));
    store.compact("a room", author.clock.entries(), until);
    const after = store.killed();
    copies.push(after);
    expect(after.open().complete).toBe(true);
    expect(after.load("a room").clock.compare(author.clock)).toBe("equal");
    after.append(author.type("three"));
    after.compact("a room", author.clock.entries());
    const room = after.load("a room");
    expect(textOf(room)).toBe("one two three");
    expect(room.tail).toEqual([]);
    const database = new Database(after.file, { readonly: true });
    expect(database.prepare("SELECT count(*) FROM entry").pluck().get()).toBe(0);
    expect(database.prepare("SELECT count(*) FROM quarantine").pluck().get()).toBe(1);
    expect(database.prepare("SELECT count(DISTINCT snapshot) FROM chunk").pluck().get()).toBe(1);
    database.close();
  }
});
