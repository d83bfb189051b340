/**
 * FileStore: the `OfflineStore` of Node programs: one append-only log per room in one folder (`room-log.ts`), named by
 * the hash of the room's name, folded in memory while the room is in use.
 *
 * The addresses of relays are in `relays.json` beside them, images in the folder `blobs`.
 *
 * One process per folder: a `lock` file names it, and is taken over when that process is gone.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { decodeRecord, encodeChangesRecord, encodeRoomRecord, type CopyRecord, type LoggedChange } from "./copy-record.ts";
import { outboxKey, type OutboxEntry } from "./core/outbox-entry.ts";
import { FileBlobs } from "./file-blobs.ts";
import type { CopyChange, KeptRelays, OfflineStore, StoredCopy, StoredRoomSummary } from "./offline-store.ts";
import { readRecords, RoomLog } from "./room-log.ts";
import { StoredRoom } from "./stored-room.ts";

interface Loaded {
  readonly stored: StoredRoom;
  readonly log: RoomLog;
  /** While the file is rewritten, appends wait. */
  rewriting: Promise<void> | undefined;
}

/** Folders that a store of this process holds: the lock file cannot tell them apart. */
const heldFolders = new Set<string>();

export class FileStore implements OfflineStore {
  readonly name: string;
  readonly durable = true;
  readonly shared = false;
  readonly blobs: FileBlobs;
  onEmptied: (() => void) | undefined;
  readonly #folder: string;
  readonly #rooms = new Map<string, Promise<Loaded>>();
  #locked: Promise<void> | undefined;

  /** `folder` is made when it is not there. */
  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    this.name = this.#folder;
    this.blobs = new FileBlobs(path.join(this.#folder, "blobs"));
  }

  async load(room: string): Promise<StoredCopy> {
    return (await this.#room(room)).stored.copy();
  }

  async write(room: string, changes: readonly CopyChange[]): Promise<void> {
    const loaded = await this.#room(room);
    while (loaded.rewriting) await loaded.rewriting;
    const nowMs = Date.now();
    const record = encodeChangesRecord(changes, nowMs);
    await loaded.log.append(loaded.log.isEmpty ? [encodeRoomRecord(room), record] : [record]);
    loaded.stored.apply(changes, nowMs);
  }

  async compact(room: string, above: number, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void> {
    const loaded = await this.#room(room);
    if (loaded.rewriting || loaded.stored.updates.length <= above) return;
    loaded.rewriting = this.#rewrite(room, loaded, merge).finally(() => (loaded.rewriting = undefined));
    await loaded.rewriting;
  }

  async rooms(): Promise<readonly StoredRoomSummary[]> {
    await this.#lock();
    const summaries: StoredRoomSummary[] = [];
    for (const file of await fs.readdir(this.#folder)) {
      if (!file.endsWith(".log")) continue;
      const fold = new Fold();
      readRecords(await fs.readFile(path.join(this.#folder, file)), (record) => fold.add(decodeRecord(record)));
      if (fold.stored) summaries.push(fold.stored.summary());
    }
    return summaries;
  }

  async loadRelays(): Promise<unknown> {
    await this.#lock();
    const text = await fs.readFile(this.#relaysFile, "utf8").catch(() => "");
    try {
      return JSON.parse(text);
    } catch {
      return undefined; // None, torn, or not ours.
    }
  }

  async keepRelays(relays: KeptRelays): Promise<void> {
    await this.#lock();
    await fs.writeFile(this.#relaysFile, JSON.stringify(relays), { mode: 0o600 });
  }

  async remove(room: string): Promise<void> {
    const loaded = await this.#rooms.get(room);
    this.#rooms.delete(room);
    await loaded?.log.close();
    await fs.rm(this.#file(room), { force: true });
  }

  async close(): Promise<void> {
    for (const opening of this.#rooms.values()) {
      const loaded = await opening.catch(() => undefined);
      await loaded?.rewriting;
      await loaded?.log.close();
    }
    this.#rooms.clear();
    if (!this.#locked) return;
    await this.#locked.catch(() => undefined);
    this.#locked = undefined;
    if (heldFolders.delete(this.#folder)) await fs.rm(path.join(this.#folder, "lock"), { force: true });
  }

  get #relaysFile(): string {
    return path.join(this.#folder, "relays.json");
  }

  #file(room: string): string {
    return path.join(this.#folder, `${createHash("sha256").update(room).digest("hex")}.log`);
  }

  #room(room: string): Promise<Loaded> {
    const known = this.#rooms.get(room);
    if (known) return known;
    const opening = this.#openRoom(room);
    this.#rooms.set(room, opening);
    opening.catch(() => this.#rooms.delete(room));
    return opening;
  }

  async #openRoom(room: string): Promise<Loaded> {
    await this.#lock();
    const fold = new Fold();
    const log = await RoomLog.open(this.#file(room), (record) => fold.add(decodeRecord(record)));
    return { stored: fold.stored ?? new StoredRoom(room), log, rewriting: undefined };
  }

  /** The new file holds the whole folded copy; appends that were accepted before are in the fold or wait for the end. */
  async #rewrite(room: string, loaded: Loaded, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void> {
    // An append under way is in the file but not in the fold until it is synced: a turn of its own lets it land.
    await loaded.log.append([]);
    const { stored } = loaded;
    const merged = merge(stored.updates);
    const changes = stored.changes().map((change) => (change.type === "updates" ? { ...change, updates: [merged] } : change));
    await loaded.log.rewrite([encodeRoomRecord(room), encodeChangesRecord(changes, Date.now())]);
    stored.replaceUpdates([merged]);
  }

  #lock(): Promise<void> {
    this.#locked ??= this.#takeLock().catch((failure: unknown) => {
      this.#locked = undefined;
      throw failure;
    });
    return this.#locked;
  }

  async #takeLock(): Promise<void> {
    await fs.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    if (heldFolders.has(this.#folder)) throw new Error(`The folder ${this.#folder} is in use by another store of this process.`);
    heldFolders.add(this.#folder);
    try {
      await claim(path.join(this.#folder, "lock"));
    } catch (failure) {
      heldFolders.delete(this.#folder);
      throw failure;
    }
  }
}

/** Writes our process id into `file`, unless a living process' is there. */
async function claim(file: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await fs.writeFile(file, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
      return;
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== "EEXIST") throw failure;
    }
    const holder = Number.parseInt(await fs.readFile(file, "utf8").catch(() => ""), 10);
    if (holder !== process.pid && isAlive(holder)) {
      throw new Error(`The folder ${path.dirname(file)} is in use by process ${holder}.`);
    }
    await fs.rm(file, { force: true });
  }
  throw new Error(`The lock ${file} could not be taken.`);
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (failure) {
    return (failure as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Folds a log's records into the room that they tell of. */
class Fold {
  stored: StoredRoom | undefined;
  readonly #entries = new Map<string, OutboxEntry>();

  add(record: CopyRecord): void {
    if (record.type === "room") {
      this.stored ??= new StoredRoom(record.room);
      return;
    }
    if (!this.stored) throw new Error("a log begins with its room's name");
    this.stored.apply(
      record.changes.map((change) => this.#resolve(change)),
      record.nowMs,
    );
  }

  #resolve(change: LoggedChange): CopyChange {
    if (change.type === "edits") for (const entry of change.entries) this.#entries.set(outboxKey(entry), entry);
    if (change.type !== "saved") return change;
    const entries: OutboxEntry[] = [];
    for (const key of change.keys) {
      const entry = this.#entries.get(outboxKey(key));
      if (entry) entries.push(entry);
      this.#entries.delete(outboxKey(key));
    }
    return { type: "saved", entries };
  }
}
