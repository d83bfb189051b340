import { IndexedDbStore } from "@inkmesh/client";
import type { ActorId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { expect, test } from "vitest";
import { offlineStoreContract } from "./offline-store.contract.ts";

globalThis.IDBKeyRange ??= IDBKeyRange;

offlineStoreContract("IndexedDbStore", async () => {
  const factory = new IDBFactory();
  return { store: new IndexedDbStore("test", factory), reopen: async () => new IndexedDbStore("test", factory) };
});

const anEdit = { type: "edits", entries: [{ tab: "a", number: 1, createdMs: 1, bytes: Uint8Array.of(1) }] } as const;

test("[P7] an edit is put and committed in the very task that wrote it", async () => {
  const factory = new IDBFactory();
  const store = new IndexedDbStore("test", factory);
  await store.load("r");
  const calls: string[] = [];
  const prototype = Object.getPrototypeOf((await databaseOf(factory)).transaction("outbox", "readwrite")) as IDBTransaction;
  const original = prototype.commit;
  prototype.commit = function commit(this: IDBTransaction) {
    calls.push("commit");
    return original.call(this);
  };
  try {
    const written = store.write("r", [anEdit]);
    expect(calls).toEqual(["commit"]);
    await written;
  } finally {
    prototype.commit = original;
  }
  await store.close();
});

test("[P7] a store that was deleted from outside is opened again, says that it was emptied, and works on", async () => {
  const factory = new IDBFactory();
  const store = new IndexedDbStore("test", factory);
  await store.write("r", [anEdit]);
  let emptied = 0;
  store.onEmptied = () => (emptied += 1);
  await new Promise((resolve) => (factory.deleteDatabase("test").onsuccess = resolve));
  await store.write("r", [anEdit]);
  expect((await store.load("r")).outbox).toHaveLength(1);
  expect(emptied).toBe(1);
  await store.close();
});

test("[P7] a clock that is told before a store that was emptied is open again does not get into it", async () => {
  const factory = new IDBFactory();
  const store = new IndexedDbStore("test", factory);
  const reached = { type: "clock", generation: 0, clock: VectorClock.of([["a.1" as ActorId, 7]]) } as const;
  await store.write("r", [{ type: "updates", updates: [Uint8Array.of(2)] }, reached]);
  await new Promise((resolve) => (factory.deleteDatabase("test").onsuccess = resolve));
  await store.write("r", [anEdit, { ...reached, clock: VectorClock.empty }, reached]);
  const copy = await store.load("r");
  expect(copy).toMatchObject({ updates: [], outbox: [{ number: 1 }], generation: 0 });
  expect(copy.clock.entries()).toEqual([]);
  await store.write("r", [reached]);
  expect((await store.load("r")).clock.entries()).toEqual(reached.clock.entries());
  await store.close();
});

test("[P7] a database that a browser closed without a word is opened again, and nothing is called emptied", async () => {
  const factory = new IDBFactory();
  const store = new IndexedDbStore("test", factory);
  await store.write("r", [anEdit]);
  let emptied = 0;
  store.onEmptied = () => (emptied += 1);
  const prototype = Object.getPrototypeOf(await databaseOf(factory)) as IDBDatabase;
  const { transaction } = prototype;
  prototype.transaction = () => {
    throw new DOMException("the connection is closing", "InvalidStateError");
  };
  await expect(store.write("r", [anEdit])).rejects.toThrow("closing");
  prototype.transaction = transaction;
  await store.write("r", [{ type: "updates", updates: [Uint8Array.of(2)] }]);
  expect(await store.load("r")).toMatchObject({ outbox: [{ number: 1 }], updates: [Uint8Array.of(2)] });
  expect(emptied).toBe(0);
  await store.close();
});

function databaseOf(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve) => {
    const request = factory.open("test");
    request.onsuccess = () => resolve(request.result);
  });
}
