import { MemoryStore } from "@inkmesh/client";
import { expect, test } from "vitest";
import { KnownRelays } from "../../../client/provider/known-relays.ts";
import type { KeptRelays } from "../../../client/provider/offline-store.ts";

const given = ["wss://a.test/sync"];

/** A store that holds `kept` where relays are kept, and counts what is written there. */
class ARelayShelf extends MemoryStore {
  kept: unknown;
  writes = 0;
  refuses = false;

  async loadRelays(): Promise<unknown> {
    return this.kept;
  }

  async keepRelays(relays: KeptRelays): Promise<void> {
    this.writes += 1;
    if (this.refuses) throw new Error("the disk refuses");
    this.kept = relays;
  }
}

async function remembered(kept: unknown): Promise<readonly string[]> {
  const store = new ARelayShelf();
  store.kept = kept;
  let answer: readonly string[] = [];
  new KnownRelays({ store, given, remembered: (addresses) => (answer = addresses) }).read();
  await settled();
  return answer;
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test("what was kept is remembered in the next life, by who was given the same relays", async () => {
  const told = ["wss://b.test/sync", "wss://c.test/sync"];
  expect(await remembered({ given, told })).toEqual(told);
  expect(await remembered({ given: ["wss://z.test/sync"], told })).toEqual([]);
});

test.each([
  ["nothing", undefined],
  ["a word", "wss://b.test/sync"],
  ["no list", { given, told: "wss://b.test/sync" }],
  ["no addresses", { given, told: [1, null, { address: "wss://b.test/sync" }] }],
  ["an address without an end", { given, told: [`wss://${"b".repeat(3_000)}.test/sync`] }],
  ["another layout", { relays: ["wss://b.test/sync"] }],
])("[P9] what was kept is looked at as a stranger's: %s", async (_what, kept) => {
  expect(await remembered(kept)).toEqual([]);
});

test("only news is written, an empty list takes the place of another one, and what was refused is tried at the next news", async () => {
  const store = new ARelayShelf();
  const known = new KnownRelays({ store, given, remembered: () => undefined });
  known.keep(["wss://b.test/sync", "wss://c.test/sync"]);
  known.keep(["wss://c.test/sync", "wss://b.test/sync"]);
  expect(store.writes).toBe(1);
  known.keep([]);
  expect(store.kept).toEqual({ given, told: [] });
  store.refuses = true;
  known.keep(["wss://d.test/sync"]);
  await settled();
  store.refuses = false;
  known.keep(["wss://d.test/sync"]);
  expect(store.kept).toEqual({ given, told: ["wss://d.test/sync"] });
});

test("a store that keeps no relays is no trouble", () => {
  const known = new KnownRelays({ store: new MemoryStore(), given, remembered: () => undefined });
  known.read();
  known.keep(["wss://b.test/sync"]);
});
