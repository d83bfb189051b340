/**
 * What every `OfflineStore` must do. `reopen` opens the same store anew, as the next page or process would; undefined
 * for a store that does not outlive its process.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ActorId } from "@inkmesh/shared/base/ids";
import type { OfflineStore, OutboxEntry } from "@inkmesh/client";
import { describe, expect, test } from "vitest";

export interface StoreUnderTest {
  readonly store: OfflineStore;
  readonly reopen: (() => Promise<OfflineStore>) | undefined;
}

const entry = (tab: string, number: number, fields: Partial<OutboxEntry> = {}): OutboxEntry => ({
  tab,
  number,
  createdMs: 1_000 + number,
  bytes: Uint8Array.of(number, 100),
  ...fields,
});
const clock = (counter: number, actor = "a.1"): VectorClock => VectorClock.of([[actor as ActorId, counter]]);
const readable = (value: VectorClock): string =>
  value
    .entries()
    .map((pair) => pair.join(":"))
    .join(" ");

export function offlineStoreContract(name: string, make: () => Promise<StoreUnderTest>): void {
  const stored = async (write: (store: OfflineStore) => Promise<void>): Promise<OfflineStore> => {
    const { store, reopen } = await make();
    await write(store);
    if (!reopen) return store;
    await store.close();
    return reopen();
  };

  describe(`${name} keeps a device's copy`, () => {
    test("of a room that it never saw: nothing", async () => {
      const { store } = await make();
      const copy = await store.load("new");
      expect(copy).toMatchObject({ generation: undefined, updates: [], outbox: [], setAside: [] });
      expect(copy.clock.size).toBe(0);
      expect(await store.rooms()).toEqual([]);
      await store.close();
    });

    test("[P7] with edits in each tab's order and updates in theirs", async () => {
      const store = await stored(async (fresh) => {
        await fresh.write("r", [{ type: "edits", entries: [entry("b", 1), entry("b", 2)] }]);
        await fresh.write("r", [
          { type: "edits", entries: [entry("a", 1)] },
          { type: "updates", updates: [Uint8Array.of(1), Uint8Array.of(2)] },
        ]);
        await fresh.write("r", [{ type: "edits", entries: [entry("b", 10), entry("b", 11)] }]);
        await fresh.write("other", [{ type: "edits", entries: [entry("a", 7)] }]);
      });
      const { outbox, updates } = await store.load("r");
      expect(outbox.filter(({ tab }) => tab === "b").map(({ number }) => number)).toEqual([1, 2, 10, 11]);
      expect(outbox.find(({ tab }) => tab === "a")).toEqual(entry("a", 1));
      expect(updates).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
      await store.close();
    });

    test("with clocks joined, and never one of another generation", async () => {
      const store = await stored(async (fresh) => {
        await fresh.write("r", [{ type: "clock", generation: 2, clock: clock(3) }]);
        await fresh.write("r", [{ type: "clock", generation: 2, clock: clock(1).join(clock(4, "b.1")) }]);
        await fresh.write("r", [{ type: "clock", generation: 3, clock: clock(9) }]);
      });
      const copy = await store.load("r");
      expect([copy.generation, readable(copy.clock)]).toEqual([2, "a.1:3 b.1:4"]);
      await store.close();
    });

    test("[P6] with the last token that came with a clock of its generation", async () => {
      const store = await stored(async (fresh) => {
        await fresh.write("r", [{ type: "clock", generation: 2, clock: clock(3), token: "first" }]);
        await fresh.write("r", [{ type: "clock", generation: 2, clock: clock(2), token: "last" }]);
        await fresh.write("r", [{ type: "clock", generation: 2, clock: clock(4) }]);
        await fresh.write("r", [{ type: "clock", generation: 3, clock: clock(9), token: "another document's" }]);
        await fresh.write("r", [{ type: "updates", updates: [Uint8Array.of(1), Uint8Array.of(2)] }]);
        await fresh.compact("r", 1, (updates) => Uint8Array.from(updates.flatMap((update) => [...update])));
      });
      const copy = await store.load("r");
      expect([copy.token, readable(copy.clock)]).toEqual(["last", "a.1:4"]);
      await store.close();
    });

    test("[P2] with saved entries among the updates and no longer in the outbox, however often that is said", async () => {
      const store = await stored(async (fresh) => {
        await fresh.write("r", [{ type: "edits", entries: [entry("a", 1), entry("a", 2)] }]);
        await fresh.write("r", [{ type: "saved", entries: [entry("a", 1)] }]);
        await fresh.write("r", [{ type: "saved", entries: [entry("a", 1)] }]);
      });
      const copy = await store.load("r");
      expect(copy.outbox.map(({ number }) => number)).toEqual([2]);
      expect(copy.updates[0]).toEqual(entry("a", 1).bytes);
      await store.close();
    });

    test("with refused edits set aside: kept, not waiting", async () => {
      const store = await stored(async (fresh) => {
        await fresh.write("r", [{ type: "edits", entries: [entry("a", 1), entry("a", 2)] }]);
        await fresh.write("r", [{ type: "set-aside", entry: entry("a", 1), code: "BAD_UPDATE" }]);
      });
      const copy = await store.load("r");
      expect(copy.outbox.map(({ number }) => number)).toEqual([2]);
      expect(copy.setAside).toEqual([{ ...entry("a", 1), code: "BAD_UPDATE" }]);
      expect((await store.rooms())[0]).toMatchObject({ waiting: 1 });
      await store.close();
    });

    test("[P7] and without those that a person discarded", async () => {
      const store = await stored(async (fresh) => {
        await fresh.write("r", [{ type: "edits", entries: [entry("a", 1), entry("a", 2), entry("a", 3)] }]);
        for (const number of [1, 2]) await fresh.write("r", [{ type: "set-aside", entry: entry("a", number), code: "BAD_UPDATE" }]);
        await fresh.write("r", [{ type: "discarded", keys: [{ tab: "a", number: 1 }] }]);
      });
      const copy = await store.load("r");
      expect(copy.setAside.map(({ number }) => number)).toEqual([2]);
      expect(copy.outbox.map(({ number }) => number)).toEqual([3]);
      await store.close();
    });

    test("and lists its rooms with what waits, since when, and in which tabs", async () => {
      const store = await stored(async (fresh) => {
        await fresh.write("one", [{ type: "edits", entries: [entry("a", 5), entry("b", 2), entry("b", 3)] }]);
        await fresh.write("two", [
          { type: "updates", updates: [Uint8Array.of(1)] },
          { type: "clock", generation: 0, clock: clock(1) },
        ]);
      });
      const rooms = new Map((await store.rooms()).map((room) => [room.room, room]));
      expect([...rooms.keys()].sort()).toEqual(["one", "two"]);
      expect(rooms.get("one")).toMatchObject({ waiting: 3, waitingSinceMs: 1_002 });
      expect([...(rooms.get("one")?.tabs ?? [])].sort()).toEqual(["a", "b"]);
      expect(rooms.get("two")).toMatchObject({ generation: 0, waiting: 0, waitingSinceMs: undefined, tabs: [] });
      await store.close();
    });

    test("merges many updates into one and leaves everything else alone", async () => {
      const store = await stored(async (fresh) => {
        await fresh.write("r", [{ type: "edits", entries: [entry("a", 1)] }]);
        for (let count = 1; count <= 5; count++) await fresh.write("r", [{ type: "updates", updates: [Uint8Array.of(count)] }]);
        await fresh.write("r", [{ type: "clock", generation: 0, clock: clock(5) }]);
        const merge = (updates: readonly Uint8Array[]): Uint8Array => Uint8Array.from(updates.flatMap((update) => [...update]));
        await fresh.compact("r", 10, merge);
        expect((await fresh.load("r")).updates).toHaveLength(5);
        await fresh.compact("r", 3, merge);
        await fresh.write("r", [{ type: "updates", updates: [Uint8Array.of(6)] }]);
      });
      const copy = await store.load("r");
      expect(copy.updates).toEqual([Uint8Array.of(1, 2, 3, 4, 5), Uint8Array.of(6)]);
      expect([copy.outbox.length, readable(copy.clock), copy.generation]).toEqual([1, "a.1:5", 0]);
      await store.close();
    });

    test("and removes a room without a trace, which may come back", async () => {
      const store = await stored(async (fresh) => {
        await fresh.write("r", [
          { type: "edits", entries: [entry("a", 1)] },
          { type: "updates", updates: [Uint8Array.of(1)] },
        ]);
        await fresh.write("r", [{ type: "clock", generation: 0, clock: clock(1) }]);
        await fresh.remove("r");
        expect(await fresh.rooms()).toEqual([]);
        await fresh.write("r", [{ type: "updates", updates: [Uint8Array.of(2)] }]);
      });
      expect(await store.load("r")).toMatchObject({ generation: undefined, updates: [Uint8Array.of(2)], outbox: [] });
      await store.close();
    });

    test("and the relays that were told of, the last ones, where it keeps them", async () => {
      const first = (await make()).store;
      expect(await first.loadRelays?.()).toBeUndefined();
      await first.close();
      const last = { given: ["ws://a/sync"], told: ["ws://b/sync", "ws://c/sync"] };
      const store = await stored(async (fresh) => {
        await fresh.keepRelays?.({ given: [], told: ["ws://d/sync"] });
        await fresh.keepRelays?.(last);
      });
      expect(await store.loadRelays?.()).toEqual(store.keepRelays === undefined ? undefined : last);
      expect(await store.rooms()).toEqual([]);
      await store.close();
    });

    test("what is written side by side takes effect in the order of the calls", async () => {
      const store = await stored(async (fresh) => {
        await Promise.all([
          fresh.write("r", [{ type: "edits", entries: [entry("a", 1)] }]),
          fresh.write("r", [{ type: "saved", entries: [entry("a", 1)] }]),
          fresh.write("r", [{ type: "updates", updates: [Uint8Array.of(9)] }]),
        ]);
      });
      const copy = await store.load("r");
      expect(copy.outbox).toEqual([]);
      expect(copy.updates).toEqual([entry("a", 1).bytes, Uint8Array.of(9)]);
      await store.close();
    });
  });
}
