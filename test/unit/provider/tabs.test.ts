import type { OutboxEntry, OutboxKey } from "@inkmesh/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Tabs, type TabsListener } from "../../../client/provider/tabs.ts";
import { SimChannels, SimLocks, type SimChannel } from "./tab-twins.ts";

class ATab {
  readonly tabs: Tabs;
  readonly channel: SimChannel;
  readonly edits: { readonly room: string; readonly entries: readonly OutboxEntry[]; generation: number | undefined }[] = [];
  readonly answers: Uint8Array[] = [];
  readonly settled: OutboxKey[] = [];
  leftovers = 0;

  constructor(name: string, channels: SimChannels, locks: SimLocks | undefined, answer?: Uint8Array) {
    this.channel = channels.open();
    this.tabs = new Tabs({
      name: "s",
      tab: name,
      locks: locks?.of(name),
      channel: this.channel,
      now: () => Date.now(),
      listener: {
        generation: () => 4,
        edits: (room, entries, generation) => this.edits.push({ room, entries, generation }),
        settled: (_, keys) => this.settled.push(...keys),
        discarded: () => {},
        forgotten: () => {},
        answered: (_, update) => this.answers.push(update),
        hello: () => answer,
        blobs: () => {},
        leftoversLikely: () => (this.leftovers += 1),
      },
    });
    this.tabs.start();
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const deaf: TabsListener = {
  generation: () => undefined,
  edits: () => {},
  settled: () => {},
  discarded: () => {},
  forgotten: () => {},
  answered: () => {},
  hello: () => undefined,
  blobs: () => {},
  leftoversLikely: () => {},
};
const anEntry = (tab: string, number: number): OutboxEntry => ({ tab, number, createdMs: 0, bytes: Uint8Array.of(number) });
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

test("one tab holds the owner's lock, and the next in line has it when that one closes", async () => {
  const [channels, locks] = [new SimChannels(), new SimLocks()];
  const [a, b] = [new ATab("a", channels, locks), new ATab("b", channels, locks)];
  await pass(100);
  expect([a.tabs.isOwner, b.tabs.isOwner]).toEqual([true, false]);
  expect([a.leftovers > 0, b.leftovers]).toEqual([true, 0]);
  a.tabs.close();
  await pass(100);
  expect(b.tabs.isOwner).toBe(true);
  expect(b.leftovers).toBeGreaterThan(0);
});

test("an owner that misses pings for 5 s is stolen from, and does not count as living", async () => {
  const [channels, locks] = [new SimChannels(), new SimLocks()];
  const [a, b] = [new ATab("a", channels, locks), new ATab("b", channels, locks)];
  await pass(5_000);
  a.channel.isFrozen = true;
  await pass(3_000);
  expect(b.tabs.isOwner).toBe(false);
  await pass(6_000);
  expect(locks.holderOf("s/owner")).toBe("b");
  expect([...(await b.tabs.living())]).toEqual(["b"]);
  a.channel.isFrozen = false;
  await pass(10_000);
  expect([a.tabs.isOwner, b.tabs.isOwner]).toEqual([false, true]);
  expect([...(await b.tabs.living())].sort()).toEqual(["a", "b"]);
});

test("a tab that only sleeps little is never taken for gone", async () => {
  const [channels, locks] = [new SimChannels(), new SimLocks()];
  const [a, b] = [new ATab("a", channels, locks), new ATab("b", channels, locks)];
  for (let round = 0; round < 10; round++) {
    b.channel.isFrozen = round % 2 === 0;
    await pass(3_000);
  }
  b.channel.isFrozen = false;
  await pass(3_000);
  expect([...(await a.tabs.living())].sort()).toEqual(["a", "b"]);
  expect(a.tabs.isOwner).toBe(true);
});

test("without locks pings decide: the living tab with the smallest id is the owner", async () => {
  const channels = new SimChannels();
  const [a, b] = [new ATab("a", channels, undefined), new ATab("b", channels, undefined)];
  await pass(3_000);
  expect([a.tabs.isOwner, b.tabs.isOwner]).toEqual([true, false]);
  a.channel.isFrozen = true;
  await pass(9_000);
  expect(b.tabs.isOwner).toBe(true);
});

test("without a channel a tab is alone and the owner", async () => {
  let leftovers = 0;
  const listener = { ...deaf, leftoversLikely: () => void (leftovers += 1) };
  const tabs = new Tabs({ name: "s", tab: "a", locks: undefined, channel: undefined, now: () => 0, listener });
  tabs.start();
  expect([tabs.isOwner, leftovers]).toEqual([true, 1]);
  expect([...(await tabs.living())]).toEqual(["a"]);
});

test("edits and their settlement reach every other tab; a hello is answered by all that have more", async () => {
  const [channels, locks] = [new SimChannels(), new SimLocks()];
  const a = new ATab("a", channels, locks, Uint8Array.of(1));
  const b = new ATab("b", channels, locks, Uint8Array.of(2));
  const c = new ATab("c", channels, locks);
  await pass(100);
  b.tabs.sayEdits("r", [anEntry("b", 7)]);
  b.tabs.saySettled("r", [anEntry("b", 7)]);
  c.tabs.sayHello("r", Uint8Array.of(0));
  await pass(100);
  for (const tab of [a, c]) {
    expect(tab.edits).toEqual([{ room: "r", entries: [anEntry("b", 7)], generation: 4 }]);
    expect(tab.settled).toEqual([{ tab: "b", number: 7 }]);
  }
  expect(c.answers).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  expect([...a.answers, ...b.answers]).toEqual([]);
});

test("a browser that refuses locks leaves it to the pings, and is not asked for ever", async () => {
  const channels = new SimChannels();
  let asked = 0;
  const locks = {
    request: async () => {
      asked += 1;
      throw new Error("no locks");
    },
    query: async () => ({}),
  };
  const channel = channels.open();
  const tabs = new Tabs({ name: "s", tab: "a", locks, channel, now: () => Date.now(), listener: deaf });
  tabs.start();
  await pass(20_000);
  expect(asked).toBeLessThan(5);
  expect(tabs.isOwner).toBe(true);
  tabs.close();
});
