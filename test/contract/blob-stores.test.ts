import { IDBFactory, IDBKeyRange, IDBObjectStore } from "fake-indexeddb";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
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

test("[P2] a folder that cannot be read is no empty one, and what else lies in it does no harm", async () => {
  const folder = mkdtempSync(join(tmpdir(), "inkmesh-blobs-"));
  folders.push(folder);
  const name = blobNameOf("a".repeat(64));
  const store = new FileBlobs(folder);
  await store.put("r", name, Uint8Array.of(1), true);
  writeFileSync(join(folder, "notes.txt"), "");
  expect(await store.waiting()).toEqual([{ room: "r", name }]);
  renameSync(folder, `${folder}-away`);
  folders.push(`${folder}-away`);
  expect([await store.waiting(), await store.get("r", name)]).toEqual([[], undefined]);
  writeFileSync(folder, "");
  await expect(store.waiting()).rejects.toThrow("ENOTDIR");
  await expect(store.get("r", name)).rejects.toThrow("ENOTDIR");
});

describe("where a browser's space is used up", () => {
  const [shown, own] = [blobNameOf("a".repeat(64)), blobNameOf("b".repeat(64))];
  const put = IDBObjectStore.prototype.put;
  afterEach(() => void (IDBObjectStore.prototype.put = put));

  /** As long as `isFull`, what is written is refused as a browser does it: at the end. */
  function fill(isFull: () => boolean): void {
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...given: Parameters<typeof put>) {
      const { transaction } = this;
      const request = put.apply(this, given);
      if (isFull()) {
        transaction.abort();
        Object.defineProperty(transaction, "error", { value: new DOMException("", "QuotaExceededError") });
      }
      return request;
    };
  }

  test("[P7] what was only shown makes way for what waits", async () => {
    const store = new IndexedDbBlobs("test", new IDBFactory());
    await store.put("r", shown, Uint8Array.of(1), false);
    let refusals = 1;
    fill(() => refusals-- > 0);
    await store.put("r", own, Uint8Array.of(2), true);
    expect([await store.get("r", shown), await store.get("r", own)]).toEqual([undefined, Uint8Array.of(2)]);
    await store.close();
  });

  test("and where that does not help it is said", async () => {
    const store = new IndexedDbBlobs("test", new IDBFactory());
    fill(() => true);
    await expect(store.put("r", own, Uint8Array.of(2), true)).rejects.toMatchObject({ name: "QuotaExceededError" });
    await store.close();
  });
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
