/**
 * The row that says whose content lies under a number, damaged in every part of it, or gone: no content goes for it, and none is judged by it.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { StoredRoom } from "../../server/core/stored-room.ts";
import { DamagedStore } from "./damaged-store.ts";
import { LogAuthor } from "./log-author.ts";
import { aRecord, must } from "./update-log.contract.ts";

let store: DamagedStore;

beforeEach(async () => {
  store = await DamagedStore.open();
});
afterEach(() => store.remove());

const flippedNames: readonly (readonly [what: string, sql: string, set: number])[] = [
  ["whose room was changed", "UPDATE lineage SET room = 'b room' WHERE id = 1", 2],
  ["whose generation was changed", "UPDATE lineage SET generation = 1 WHERE id = 1", 2],
  ["whose checksum was changed", "UPDATE lineage SET crc = crc + 1 WHERE id = 1", 1],
  ["whose number was changed", "UPDATE lineage SET id = 77 WHERE id = 1", 2],
  ["that is gone", "DELETE FROM lineage WHERE id = 1", 1],
];

describe.each(["entries", "a snapshot"])("[P2] a document with %s and a lineage", (content) => {
  let author: LogAuthor;
  let kept: StoredRoom;
  const room = "a room" as RoomName;

  beforeEach(async () => {
    author = new LogAuthor();
    await must(store.log.append([{ ...author.type("all of it"), completes: true }]));
    if (content === "a snapshot") await must(store.log.compact(author.lineage, author.clock));
    kept = await must(store.log.load(room));
  });

  /** What is there is what was there, and it is not vouched for. */
  async function expectMended(): Promise<void> {
    await must(store.log.append([]));
    expect(await must(store.log.verify())).toEqual([]);
    await store.reopen();
    expect(await must(store.log.load(room))).toEqual({ ...kept, isMarked: false });
    expect((await must(store.log.rooms({ limit: 9 }))).rooms).toMatchObject([{ record: { room, generation: 0 }, clock: author.clock }]);
    expect(store.reported).toEqual([]);
    expect((store.rowsOf("damage") as { place: string }[]).every(({ place }) => place === "lineage")).toBe(true);
    // What is new lies beside it, and not under its number.
    const other = new LogAuthor({ room: "b room" });
    await must(store.log.append([other.type("another"), author.type("!")]));
    expect((await must(store.log.load(other.lineage.room))).tail).toEqual(other.entries);
    expect(await must(store.log.load(room))).toMatchObject({ clock: author.clock });
    expect(await must(store.log.verify())).toEqual([]);
  }

  test.each(flippedNames)("%s keeps all of it, and not its mark, when it is verified", async (_, sql, set) => {
    store.tamper(sql);
    const { flaws, rooms } = await must(store.log.inspect(undefined));
    const ofRooms = flaws.filter((flaw) => flaw.room !== undefined);
    expect(ofRooms.map(({ where }) => where)).toEqual(Array.from({ length: set }, () => "table lineage"));
    expect(rooms.find((looked) => looked.room === room)?.clock).toEqual(author.clock);
    expect(await must(store.log.setAsideDamage([...new Set(ofRooms.map((flaw) => flaw.room!))]))).toBe(set);
    await expectMended();
  });

  test.each(flippedNames)("%s keeps all of it, and not its mark, when reading meets it", async (_, sql) => {
    store.tamper(sql);
    expect(await must(store.log.load(room))).toMatchObject({ tail: kept.tail, snapshot: kept.snapshot, clock: kept.clock });
    expect(await must(store.log.load("b room" as RoomName))).toMatchObject({ tail: [], snapshot: undefined });
    expect(store.reported.length).toBeGreaterThan(0);
    await expectMended();
  });

  test("which nothing proves loses the row and the mark, and no content", async () => {
    store.tamper("UPDATE lineage SET room = 'b room', generation = 3");
    if (content === "a snapshot") store.tamper("UPDATE snapshot SET crc = crc + 1");
    store.tamper("DELETE FROM summary");
    const table = content === "entries" ? "entry" : "snapshot";
    const before = store.rowsOf(table);
    await must(store.log.setAsideDamage(["b room" as RoomName, room]));
    await must(store.log.append([new LogAuthor({ room: "b room" }).type("beside it")]));
    expect(store.rowsOf("lineage")).toMatchObject([{ room: "b room", generation: 0 }]);
    for (const row of before) expect(store.rowsOf(table)).toContainEqual(row);
  });
});

test("[P9] the row of an older generation that is damaged is mended once", async () => {
  const author = new LogAuthor();
  const room = author.lineage.room;
  await must(store.log.append([author.type("abc")]));
  await must(store.log.putRecord(aRecord(room, { generation: 1, everDeleted: true })));
  store.tamper("UPDATE lineage SET crc = crc + 1 WHERE generation = 0");
  expect((await must(store.log.inspect(undefined))).flaws).toMatchObject([{ where: "table lineage", room }]);
  expect(await must(store.log.setAsideDamage([room]))).toBe(1);
  await must(store.log.append([]));
  expect(await must(store.log.setAsideDamage([room]))).toBe(0);
  expect(await must(store.log.load(room))).toMatchObject({ record: { generation: 1 }, tail: [] });
});

test.each(["lineage", "sqlite_autoindex_lineage_1"])("[P2] a name that flips in %s on the disk loses no content", async (tree) => {
  const author = new LogAuthor();
  await must(store.log.append([{ ...author.type("all of it"), completes: true }]));
  await store.flipIn(tree, "a room");
  const { flaws } = await must(store.log.inspect(undefined));
  await must(store.log.setAsideDamage(flaws.flatMap(({ room }) => room ?? [])));
  await must(store.log.append([]));
  expect((await must(store.log.load(author.lineage.room))).tail).toEqual(author.entries);
  expect((await must(store.log.load("b room" as RoomName))).tail).toEqual([]);
  expect(await must(store.log.verify())).toEqual([]);
  expect(store.rowsOf("entry")).toHaveLength(author.entries.length);
});
