/**
 * IndexedDbBlobs: the `BlobStore` of browsers, shared by all tabs of an origin: a database beside the one of the documents, so that no edit
 * waits for the megabytes of an image, and neither for the other's layout.
 *
 *     heads    [room, name] → { room, name, size, usedMs, waits? }    index "waits": a row is in it only while it waits
 *     bytes    [room, name] → bytes
 *
 * It is made with the first image: who has none has the space that it takes for edits.
 *
 * A head is written with its bytes, so that what is looked through (what waits, what was used when) is small.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { type BlobStore, cachedBytesMax } from "./blob-store.ts";
import type { BlobKey } from "./core/blob-outbox.ts";

interface Head extends BlobKey {
  readonly size: number;
  readonly usedMs: number;
  /** 1, or absent: keys of an index are no booleans. */
  readonly waits?: 1;
}

const layoutVersion = 1;
const tables = ["heads", "bytes"] as const;
/** A use is written down when the last one that was is this long ago: who goes first need not be known more exactly. */
const usedAgainMs = 60 * 60_000;

export class IndexedDbBlobs implements BlobStore {
  readonly durable = true;
  readonly #name: string;
  readonly #factory: IDBFactory;
  readonly #cachedBytesMax: number;
  #opening: Promise<IDBDatabase> | undefined;

  constructor(name: string, factory: IDBFactory, options: { cachedBytesMax?: number } = {}) {
    this.#name = name;
    this.#factory = factory;
    this.#cachedBytesMax = options.cachedBytesMax ?? cachedBytesMax;
  }

  async put(room: string, name: BlobName, bytes: Uint8Array, waits: boolean): Promise<void> {
    const write = async (): Promise<void> =>
      this.#write(await this.#open(), (heads, blobs) => {
        const present = heads.get([room, name]) as IDBRequest<Head | undefined>;
        present.onsuccess = () => {
          const isWaiting = waits || present.result?.waits === 1;
          heads.put({ room, name, size: bytes.length, usedMs: Date.now(), ...(isWaiting ? { waits: 1 } : {}) } satisfies Head);
          blobs.put(bytes, [room, name]);
        };
      });
    try {
      await write();
    } catch (failure) {
      if (!waits || (failure as Partial<DOMException>).name !== "QuotaExceededError") throw failure;
      // What was only shown makes way for what nobody else has.
      await this.#makeRoom(0);
      await write();
    }
    // It is kept, also where nothing else can be removed.
    await this.#makeRoom(this.#cachedBytesMax).catch(() => undefined);
  }

  async get(room: string, name: BlobName): Promise<Uint8Array | undefined> {
    const transaction = (await this.#existing())?.transaction(tables, "readonly");
    if (transaction === undefined) return undefined;
    const [head, bytes] = await Promise.all([
      answer<Head | undefined>(transaction.objectStore("heads").get([room, name])),
      answer<Uint8Array | undefined>(transaction.objectStore("bytes").get([room, name])),
    ]);
    if (head !== undefined && Date.now() - head.usedMs > usedAgainMs)
      this.#change(room, name, (old) => ({ ...old, usedMs: Date.now() })).catch(() => {});
    return bytes;
  }

  async waiting(): Promise<readonly BlobKey[]> {
    const transaction = (await this.#existing())?.transaction("heads", "readonly");
    if (transaction === undefined) return [];
    const heads = await answer<Head[]>(transaction.objectStore("heads").index("waits").getAll());
    return heads.map(({ room, name }) => ({ room, name }));
  }

  async saved(room: string, name: BlobName): Promise<void> {
    await this.#change(room, name, ({ waits: _, ...head }) => head);
  }

  async remove(room: string): Promise<void> {
    const ofRoom = IDBKeyRange.bound([room], [room, []]);
    await this.#write(await this.#existing(), (heads, blobs) => {
      heads.delete(ofRoom);
      blobs.delete(ofRoom);
    });
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    (await opening?.catch(() => undefined))?.close();
  }

  async #change(room: string, name: BlobName, change: (head: Head) => Head): Promise<void> {
    await this.#write(await this.#existing(), (heads) => {
      const present = heads.get([room, name]) as IDBRequest<Head | undefined>;
      present.onsuccess = () => present.result !== undefined && heads.put(change(present.result));
    });
  }

  /** What waits is not looked at: it is no cache. */
  async #makeRoom(bytesMax: number): Promise<void> {
    await this.#write(await this.#existing(), (heads, blobs) => {
      const all = heads.getAll() as IDBRequest<Head[]>;
      all.onsuccess = () => {
        const cached = all.result.filter(({ waits }) => waits !== 1).sort((left, right) => left.usedMs - right.usedMs);
        let bytes = cached.reduce((sum, { size }) => sum + size, 0);
        for (const { room, name, size } of cached) {
          if (bytes <= bytesMax) return;
          heads.delete([room, name]);
          blobs.delete([room, name]);
          bytes -= size;
        }
      };
    });
  }

  /** Without a database there is nothing to change. */
  async #write(database: IDBDatabase | undefined, issue: (heads: IDBObjectStore, blobs: IDBObjectStore) => void): Promise<void> {
    const transaction = database?.transaction(tables, "readwrite", { durability: "strict" });
    if (transaction === undefined) return;
    issue(transaction.objectStore("heads"), transaction.objectStore("bytes"));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB aborted a transaction"));
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= this.#openDatabase().catch((failure: unknown) => {
      this.#opening = undefined;
      throw failure;
    });
    return this.#opening;
  }

  /** The database, if there is one. Where a browser does not say which there are, it is made. */
  async #existing(): Promise<IDBDatabase | undefined> {
    const isNamed = (databases: readonly IDBDatabaseInfo[]): boolean => databases.some(({ name }) => name === this.#name);
    const isThere =
      this.#opening !== undefined || typeof this.#factory.databases !== "function" || isNamed(await this.#factory.databases());
    return isThere ? this.#open() : undefined;
  }

  async #openDatabase(): Promise<IDBDatabase> {
    const request = this.#factory.open(this.#name, layoutVersion);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("heads", { keyPath: ["room", "name"] }).createIndex("waits", "waits");
      request.result.createObjectStore("bytes");
    };
    const database = await answer(request);
    // Closed from outside: it is opened again when it is used.
    const closed = (): void => void (this.#opening = undefined);
    database.onversionchange = () => (database.close(), closed());
    database.onclose = closed;
    return database;
  }
}

function answer<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB refused a request"));
  });
}
