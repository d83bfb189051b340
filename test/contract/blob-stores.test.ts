import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { blobNameOf } from "@inkmesh/shared/base/blob-name";
import { FileBlobs } from "../../client/provider/file-blobs.ts";
import { IndexedDbBlobs } from "../../client/provider/indexed-db-blobs.ts";
import { MemoryBlobs } from "../../client/provider/memory-blobs.ts";
import { blobStoreContract } from "./blob-store.contract.ts";

globalThis.IDBKeyRange ??= IDBKeyRange;
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
const small = { cachedBytesMax: 100 };

blobStoreContract("MemoryBlobs", () => ({ store: new MemoryBlobs(small), reopen: undefined }));
blobStoreContract("FileBlobs", () => {
  const folder = mkdtempSync(join(tmpdir(), "inkmesh-blobs-"));
  folders.push(folder);
  return { store: new FileBlobs(folder, small), reopen: () => new FileBlobs(folder, small) };
});
blobStoreContract("IndexedDbBlobs", () => {
  const factory = new IDBFactory();
  return { store: new IndexedDbBlobs("test", factory, small), reopen: () => new IndexedDbBlobs("test", factory, small) };
});

test("a browser that was given no image has no database for them", async () => {
  const factory = new IDBFactory();
  const store = new IndexedDbBlobs("test", factory);
  const name = blobNameOf("a".repeat(64));
  expect([await store.waiting(), await store.get("r", name)]).toEqual([[], undefined]);
  await Promise.all([store.saved("r", name), store.remove("r")]);
  expect(await factory.databases()).toEqual([]);
  await Promise.all([store.put("r", name, Uint8Array.of(1), true), store.waiting()]);
  expect(await store.get("r", name)).toEqual(Uint8Array.of(1));
  await store.close();
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
