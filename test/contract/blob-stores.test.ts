import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { expect, test } from "vitest";
import { blobNameOf } from "@inkmesh/shared/base/blob-name";
import { IndexedDbBlobs } from "../../client/provider/indexed-db-blobs.ts";
import { MemoryBlobs } from "../../client/provider/memory-blobs.ts";
import { blobStoreContract } from "./blob-store.contract.ts";

globalThis.IDBKeyRange ??= IDBKeyRange;
const small = { cachedBytesMax: 100 };

blobStoreContract("MemoryBlobs", () => ({ store: new MemoryBlobs(small), reopen: undefined }));
blobStoreContract("IndexedDbBlobs", () => {
  const factory = new IDBFactory();
  return { store: new IndexedDbBlobs("test", factory, small), reopen: () => new IndexedDbBlobs("test", factory, small) };
});

test("[P7] a store that was deleted from outside is opened again when it is used", async () => {
  const factory = new IDBFactory();
  const store = new IndexedDbBlobs("test", factory);
  const name = blobNameOf("a".repeat(64));
  await store.put("r", name, Uint8Array.of(1), true);
  await new Promise((resolve) => (factory.deleteDatabase("test").onsuccess = resolve));
  expect([await store.get("r", name), await store.waiting()]).toEqual([undefined, []]);
  await store.put("r", name, Uint8Array.of(1), true);
  expect(await store.get("r", name)).toEqual(Uint8Array.of(1));
  await store.close();
});
