/**
 * What is wrong with a store and lies in no row of a document: it is healed once, or is left and ends no life of the relay.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RelayId } from "@inkmesh/shared/base/ids";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import { DamagedStore } from "./damaged-store.ts";
import { LogAuthor } from "./log-author.ts";
import { must } from "./update-log.contract.ts";

const ring: readonly RingRecord[] = ["a", "b"].map((relay) => ({
  relay: relay as RelayId,
  status: "member",
  counter: 1,
  weight: 1,
  zone: "",
  moves: 0,
}));

let store: DamagedStore;

beforeEach(async () => {
  store = await DamagedStore.open();
});
afterEach(() => store.remove());

test("[P9] a ring under which all was complete, with a wrong checksum, is set aside once", async () => {
  await must(store.log.putWholeRing(ring));
  store.tamper("UPDATE whole SET crc = crc + 1");
  expect(await must(store.log.setAsideDamage([]))).toBe(1);
  expect(store.reported).toMatchObject([{ where: "table whole", keptAs: "table damage", room: undefined }]);
  await must(store.log.append([]));
  expect([store.rowsOf("whole"), store.rowsOf("damage")]).toMatchObject([[], [{ place: "whole", room: null, bytes: expect.any(Buffer) }]]);
  await store.reopen();
  expect(await must(store.log.setAsideDamage([]))).toBe(0);
  expect(await must(store.log.verify())).toEqual([]);
  expect(store.reported).toEqual([]);
});

test.each(["entries", "a snapshot"])(
  "[P2] a document whose %s lie under no lineage is not vouched for, and nothing of it is removed",
  async (kind) => {
    const author = new LogAuthor();
    const { room } = author.lineage;
    await must(store.log.append([{ ...author.type("abc"), completes: true }]));
    if (kind === "a snapshot") await must(store.log.compact(author.lineage, author.clock));
    const table = kind === "a snapshot" ? "snapshot" : "entry";
    store.tamper(`UPDATE ${table} SET lineage = 77`);
    const { flaws, rooms } = await must(store.log.inspect(undefined));
    expect(flaws).toMatchObject([
      { where: `table ${table}`, room: undefined },
      { where: "table summary", room },
    ]);
    expect(rooms[0]!.clock).toEqual(author.clock);
    expect(await must(store.log.setAsideDamage([room]))).toBe(1);
    await must(store.log.append([]));
    expect(await must(store.log.load(room))).toMatchObject({ isMarked: false });
    expect((await must(store.log.rooms({ limit: 1 }))).rooms[0]!.clock.size).toBe(0);
    expect(store.rowsOf(table)).not.toEqual([]);
    await store.reopen();
    // It stays a flaw, and does not end the life of the relay any more.
    expect((await must(store.log.inspect(undefined))).flaws).toMatchObject([{ where: `table ${table}`, room: undefined }]);
    expect(await must(store.log.setAsideDamage([]))).toBe(0);
    expect(store.reported).toEqual([]);
    // What the others have comes back.
    await must(store.log.append([{ lineage: author.lineage, entries: author.entries }]));
    expect((await must(store.log.load(room))).clock).toEqual(author.clock);
  },
);

test("[P2] entries that are gone, of a document whose other rows are sound, are missed", async () => {
  const author = new LogAuthor();
  await must(store.log.append([{ ...author.type("abc"), completes: true }]));
  store.tamper("DELETE FROM entry WHERE counter = 2");
  expect(await must(store.log.setAsideDamage([author.lineage.room]))).toBe(1);
  await must(store.log.append([]));
  expect((await must(store.log.load(author.lineage.room))).isMarked).toBe(false);
  expect(await must(store.log.verify())).toEqual([]);
});
