import { IndexedDbStore } from "@inkmesh/client";
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

test("a store that another tab replaced says that it was emptied, and works on", async () => {
  const factory = new IDBFactory();
  const store = new IndexedDbStore("test", factory);
  await store.write("r", [anEdit]);
  let emptied = 0;
  store.onEmptied = () => (emptied += 1);
  await new Promise((resolve) => (factory.deleteDatabase("test").onsuccess = resolve));
  expect(emptied).toBe(1);
  await store.write("r", [anEdit]);
  expect((await store.load("r")).outbox).toHaveLength(1);
  await store.close();
});

function databaseOf(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve) => {
    const request = factory.open("test");
    request.onsuccess = () => resolve(request.result);
  });
}
