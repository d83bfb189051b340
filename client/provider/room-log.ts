/**
 * RoomLog: one room's file of the file store: records appended and synced, never changed in place.
 *
 *     record = u32 length · u32 crc32 of the payload · payload            little-endian
 *
 * A crash can tear the last record: the file is cut to its last good one when it is opened, which is a state that it once
 * had, so the clock in it is true of what is in it. What stands behind a damaged record is kept beside the file as
 * `.damaged`, in case a person wants to look. Appends that come while one is under way share the next write and sync.
 *
 * Invariants: an append's promise resolves after fdatasync; a failed append is cut off again before another starts;
 * a rewritten file replaces the old one by rename, with file and folder synced.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { crc32 } from "node:zlib";

const headerBytes = 8;

interface Waiting {
  readonly records: readonly Uint8Array[];
  readonly done: () => void;
  readonly failed: (failure: unknown) => void;
}

export class RoomLog {
  readonly #path: string;
  #file: fs.FileHandle;
  /** Length of the file up to its last good record. */
  #length: number;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;

  private constructor(file: string, handle: fs.FileHandle, length: number) {
    this.#path = file;
    this.#file = handle;
    this.#length = length;
  }

  /** Opens or makes the file and hands its records to `read`, in order. A record that `read` throws for counts as damaged. */
  static async open(file: string, read: (record: Uint8Array) => void): Promise<RoomLog> {
    const handle = await fs.open(file, "a+", 0o600);
    const bytes = await handle.readFile();
    const length = readRecords(bytes, read);
    if (length < bytes.length) {
      if (bytes.subarray(length).some((byte) => byte !== 0)) await fs.writeFile(`${file}.damaged`, bytes.subarray(length), { mode: 0o600 });
      await handle.truncate(length);
      await handle.datasync();
    }
    if (length === 0) await syncFolder(path.dirname(file));
    return new RoomLog(file, handle, length);
  }

  /** Whether nothing is in the file; what is being appended does not count yet. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  append(records: readonly Uint8Array[]): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ records, done, failed });
      this.#working ??= this.#work();
    });
  }

  /** Puts `records` in the place of all that is in the file. Nothing may be appended meanwhile. */
  async rewrite(records: readonly Uint8Array[]): Promise<void> {
    await this.#working;
    const fresh = `${this.#path}.new`;
    const bytes = frame(records);
    await fs.rm(fresh, { force: true });
    const handle = await fs.open(fresh, "a", 0o600);
    try {
      await writeAll(handle, bytes);
      await handle.sync();
      await fs.rename(fresh, this.#path);
    } catch (failure) {
      await handle.close();
      throw failure;
    }
    // From here on the old file has no name: nothing may be appended to it, whatever happens next.
    const old = this.#file;
    this.#file = handle;
    this.#length = bytes.length;
    await old.close();
    await syncFolder(path.dirname(this.#path));
  }

  async close(): Promise<void> {
    await this.#working;
    await this.#file.close();
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(frame(batch.flatMap((waiting) => waiting.records)));
        for (const waiting of batch) waiting.done();
      } catch (failure) {
        for (const waiting of batch) waiting.failed(failure);
      }
    }
    this.#working = undefined;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#file, bytes);
      await this.#file.datasync();
      this.#length += bytes.length;
    } catch (failure) {
      await this.#file.truncate(this.#length);
      throw failure;
    }
  }
}

/** Hands the good records from the beginning to `read`; answers where they end. */
export function readRecords(bytes: Uint8Array, read: (record: Uint8Array) => void): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  while (offset + headerBytes <= bytes.length) {
    const end = offset + headerBytes + view.getUint32(offset, true);
    if (end > bytes.length || end === offset + headerBytes) break;
    const record = bytes.subarray(offset + headerBytes, end);
    if (crc32(record) !== view.getUint32(offset + 4, true)) break;
    try {
      read(record);
    } catch {
      break;
    }
    offset = end;
  }
  return offset;
}

function frame(records: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + headerBytes + record.length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const record of records) {
    view.setUint32(offset, record.length, true);
    view.setUint32(offset + 4, crc32(record), true);
    bytes.set(record, offset + headerBytes);
    offset += headerBytes + record.length;
  }
  return bytes;
}

/** A full disk may take a part and say so only at the next call. */
async function writeAll(handle: fs.FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset);
    offset += bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
