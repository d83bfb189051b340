import { MemoryStore } from "@inkmesh/client";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as Y from "yjs";
import type { ClientInput } from "../../../client/provider/core/client-input.ts";
import type { OutboxEntry } from "../../../client/provider/core/outbox-entry.ts";
import type { SessionView } from "../../../client/provider/core/room-status.ts";
import { DeviceCopy } from "../../../client/provider/device-copy.ts";
import { RemoteChanges } from "../../../client/provider/remote-changes.ts";
import { YjsSharedDocument } from "../../../client/provider/yjs-shared-document.ts";
import type { RoomHost } from "../../../client/provider/room-host.ts";
import { RoomTabs } from "../../../client/provider/room-tabs.ts";
import { SetAside } from "../../../client/provider/set-aside.ts";

const room = "r" as RoomName;
const left: OutboxEntry = { tab: "gone", number: 1, createdMs: 1, bytes: Y.encodeStateAsUpdate(new Y.Doc()) };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface ATab {
  readonly host: { connection: RoomHost["connection"] };
  readonly tabs: RoomTabs;
  readonly doc: Y.Doc;
  readonly told: readonly ClientInput[];
  readonly store: MemoryStore;
  adopted(): readonly OutboxEntry[];
}

/** One room of a tab with a line, which never heard of the tab "gone" but for what the store has of it. */
function aTab(generation?: number): ATab {
  const told: ClientInput[] = [];
  const doc = new Y.Doc();
  const store = new MemoryStore({ shared: true });
  const host: Pick<RoomHost, "store" | "tab" | "waiting" | "view" | "turn" | "living" | "kept"> & ATab["host"] = {
    store,
    tab: "here",
    connection: "online",
    waiting: () => [],
    view: () => ({ generation }) as SessionView,
    turn: (inputs) => void told.push(...inputs),
    living: async () => new Set(["here", "alive"]),
    kept: () => undefined,
  };
  const document = new YjsSharedDocument(doc, {});
  const copy = new DeviceCopy({ room, store, kept: () => undefined, changed: () => undefined });
  const tabs = new RoomTabs({
    room,
    host: host as RoomHost,
    copy,
    remote: new RemoteChanges({ document, shown: () => undefined }),
    setAside: new SetAside({ room, host: host as RoomHost, copy, document, discarded: () => undefined }),
    changed: () => undefined,
  });
  return { host, tabs, doc, told, adopted: () => told.flatMap((input) => (input.type === "adopted" ? input.entries : [])), store };
}

test("[P7] what stays in the store is looked after, though its tab's last write may have come after everybody had looked", async () => {
  const { tabs, adopted, store } = aTab();
  const living = { ...left, tab: "alive" };
  await store.write("r", [{ type: "edits", entries: [left, living] }]);
  tabs.loaded([left, living]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect([adopted(), tabs.waiting]).toEqual([[left], [living]]);
  // A living tab that was taken for gone may not know that it is still there.
  await vi.advanceTimersByTimeAsync(20_000);
  expect([adopted(), tabs.waiting]).toEqual([[left, living], []]);
});

test("what left the store's outbox was settled by another tab, and is not sent from here", async () => {
  const { tabs, adopted } = aTab();
  tabs.loaded([left]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([adopted(), tabs.waiting]).toEqual([[], []]);
});

test("[P7] after minutes without a line what waits is looked up as soon as after one without it, and not by more than one look at a time", async () => {
  const { host, tabs, adopted, store } = aTab();
  await store.write("r", [{ type: "edits", entries: [left] }]);
  tabs.loaded([left]);
  await vi.advanceTimersByTimeAsync(1_000);
  host.connection = "offline";
  await vi.advanceTimersByTimeAsync(600_000);
  expect(adopted()).toEqual([]);
  host.connection = "online";
  tabs.lineUp();
  const load = vi.spyOn(store, "load");
  await vi.advanceTimersByTimeAsync(10_000);
  expect([adopted(), tabs.waiting]).toEqual([[left], []]);
  tabs.edited([{ ...left, tab: "alive" }], undefined);
  load.mockClear();
  for (let time = 0; time < 3; time++) tabs.lineUp();
  await vi.advanceTimersByTimeAsync(4_000);
  expect(load).toHaveBeenCalledTimes(1);
});

test("[P7] what a living tab told and two looks at the store do not find is sent from here: that it was settled was missed", async () => {
  const { tabs, adopted, store } = aTab();
  const [missed, late] = [1, 2].map((number) => ({ ...left, tab: "alive", number })) as [OutboxEntry, OutboxEntry];
  tabs.loaded([]);
  tabs.edited([missed, late], undefined);
  await vi.advanceTimersByTimeAsync(8_000);
  // Its tab may have been writing it at the first look.
  expect([adopted(), tabs.waiting]).toEqual([[], [missed, late]]);
  await store.write("r", [{ type: "edits", entries: [late] }]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([adopted(), tabs.waiting]).toEqual([[missed], [late]]);
});

test("[P7] what was in a store that was emptied is sent from here, also of a tab that nobody here has heard of", async () => {
  const { tabs, adopted } = aTab();
  const other = { ...left, tab: "alive" };
  tabs.loaded([left, other]);
  tabs.emptied();
  await vi.advanceTimersByTimeAsync(10_000);
  expect([adopted(), tabs.waiting]).toEqual([[left, other], []]);
});

test("[P7] what another tab was shown and this one never heard of is read from the store, unless it is another document's", async () => {
  const theirs = new Y.Doc();
  theirs.getText("t").insert(0, "shown there");
  const updates = [Y.encodeStateAsUpdate(theirs)];
  for (const [generation, text] of [
    [1, "shown there"],
    [2, ""],
  ] as const) {
    const { tabs, doc, store } = aTab(generation);
    await store.write("r", [
      { type: "clock", generation: 1, clock: VectorClock.empty },
      { type: "updates", updates },
    ]);
    tabs.loaded([]);
    await tabs.showStored();
    expect(doc.getText("t").toString()).toBe(text);
  }
});

test("[P10] what a tab says of an earlier document of the name is not taken for this one's", () => {
  const { tabs, doc, adopted } = aTab(2);
  tabs.loaded([]);
  const theirs = new Y.Doc();
  theirs.getText("t").insert(0, "deleted");
  const bytes = Y.encodeStateAsUpdate(theirs);
  tabs.edited([{ ...left, bytes }], 1);
  tabs.answered(bytes, 1);
  tabs.adopt([{ ...left, bytes }], true, 1);
  expect([doc.getText("t").toString(), adopted(), tabs.waiting]).toEqual(["", [], []]);
  tabs.answered(bytes, 2);
  expect(doc.getText("t").toString()).toBe("deleted");
});

test("[P10] who does not know yet which document of the name it has open learns it from other tabs, and says so to the relay", async () => {
  const { tabs, told, store } = aTab();
  tabs.edited([left], 1);
  expect(told).toEqual([]);
  tabs.loaded([]);
  expect(told).toEqual([{ type: "generation-told", room, generation: 1 }]);
  await vi.advanceTimersByTimeAsync(1);
  expect((await store.load("r")).generation).toBe(1);
});
