/**
 * FileBlobs: the `BlobStore` of Node programs: a folder per room, named by the hash of the room's name, with a file for each image, and
 * beside it an empty one, `<name>.waits`, while that waits. `room` in it has the room's name.
 *
 * A file is written under another name and renamed once it is on the disk, and what says that it waits is there before: a crash leaves
 * an image that waits, or none.
 */
import { createHash, randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { isBlobName, type BlobName } from "@inkmesh/shared/base/blob-name";
import { type BlobStore, cachedBytesMax } from "./blob-store.ts";
import type { BlobKey } from "./core/blob-outbox.ts";

const waitsEnding = ".waits";
const roomFile = "room";
const folderName = /^[0-9a-f]{64}$/;

export class FileBlobs implements BlobStore {
  readonly durable = true;
  readonly #folder: string;
  readonly #cachedBytesMax: number;

  constructor(folder: string, options: { cachedBytesMax?: number } = {}) {
    this.#folder = folder;
    this.#cachedBytesMax = options.cachedBytesMax ?? cachedBytesMax;
  }

  async put(room: string, name: BlobName, bytes: Uint8Array, waits: boolean): Promise<void> {
    const folder = this.#folderOf(room);
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    await write(path.join(folder, roomFile), new TextEncoder().encode(room));
    if (waits) await write(path.join(folder, name + waitsEnding), new Uint8Array());
    await write(path.join(folder, name), bytes);
    // It is kept, also where nothing else can be removed.
    await this.#makeRoom().catch(() => undefined);
  }

  async get(room: string, name: BlobName): Promise<Uint8Array | undefined> {
    const file = path.join(this.#folderOf(room), name);
    const bytes = await fs.readFile(file).catch(none);
    const now = new Date();
    if (bytes !== undefined) await fs.utimes(file, now, now).catch(() => undefined);
    return bytes && new Uint8Array(bytes);
  }

  async waiting(): Promise<readonly BlobKey[]> {
    return (await this.#files()).filter(({ waits }) => waits).map(({ room, name }) => ({ room, name }));
  }

  async saved(room: string, name: BlobName): Promise<void> {
    await fs.rm(path.join(this.#folderOf(room), name + waitsEnding), { force: true });
    await this.#makeRoom();
  }

  async remove(room: string): Promise<void> {
    await fs.rm(this.#folderOf(room), { recursive: true, force: true });
  }

  async close(): Promise<void> {}

  #folderOf(room: string): string {
    return path.join(this.#folder, createHash("sha256").update(room).digest("hex"));
  }

  async #makeRoom(): Promise<void> {
    const cached = (await this.#files()).filter(({ waits }) => !waits).sort((left, right) => left.usedMs - right.usedMs);
    let bytes = cached.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of cached) {
      if (bytes <= this.#cachedBytesMax) return;
      await fs.rm(file, { force: true });
      bytes -= size;
    }
  }

  async #files(): Promise<
    readonly (BlobKey & { readonly file: string; readonly size: number; readonly usedMs: number; readonly waits: boolean })[]
  > {
    const found = [];
    for (const folder of (await namesIn(this.#folder)).filter((name) => folderName.test(name))) {
      const names = await namesIn(path.join(this.#folder, folder));
      const room = await fs.readFile(path.join(this.#folder, folder, roomFile), "utf8").catch(none);
      for (const name of names) {
        if (room === undefined || !isBlobName(name)) continue;
        const file = path.join(this.#folder, folder, name);
        const about = await fs.stat(file).catch(none);
        if (about) found.push({ room, name, file, size: about.size, usedMs: about.mtimeMs, waits: names.includes(name + waitsEnding) });
      }
    }
    return found;
  }
}

/** On the disk, whole, when it resolves. */
async function write(file: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${file}.${randomUUID()}.part`;
  const handle = await fs.open(unfinished, "w", 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await fs.rename(unfinished, file);
  const folder = await fs.open(path.dirname(file));
  await folder.sync().finally(() => folder.close());
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await fs.readdir(folder).catch(none)) ?? [];
}

/** Of a file that is not there; what cannot be read is another matter. */
function none(failure: unknown): undefined {
  if ((failure as NodeJS.ErrnoException).code !== "ENOENT") throw failure;
}
