/**
 * SimUpdateLog: the `UpdateLog` of a simulated relay's life, over a `SimDisk`: one job at a time, each with the time that
 * its disk takes; whatever the disk's mood makes fail fails with the code that a real store gives.
 *
 * Invariants: the contract's (`test/contract` runs it over this log too). Every wait is an event of the relay's process:
 * a relay that dies never hears of what its disk went on to do.
 */
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type {
  Compaction,
  HashedContent,
  RoomPage,
  RoomRecord,
  StoredRoom,
  StoreInspection,
  Unnaming,
} from "../../server/core/stored-room.ts";
import type { BlobGaps, HeldBlobs } from "../../server/core/stored-blob.ts";
import type { CoveredHistory, HistoryAsk, HistoryGaps, RoomHistory, TakenHistory, VersionAsk } from "../../server/core/stored-history.ts";
import type {
  Append,
  BlobGrace,
  BlobKeeping,
  Damage,
  HistoryHorizon,
  LogOpening,
  LogResult,
  RoomsAsk,
  UpdateLog,
} from "../../server/log/update-log.ts";
import type { SimDisk, Transaction } from "./sim-disk.ts";
import type { SimProcess } from "./world.ts";

/** All that the log needs of its process: to hear from its disk after a while. */
type Waiter = Pick<SimProcess, "reach">;

const done = { ok: true, value: undefined } as const;

export class SimUpdateLog implements UpdateLog {
  readonly #process: Waiter;
  readonly #disk: SimDisk;
  #last: Promise<unknown> = Promise.resolve();
  #hashes: HashedContent[] = [];

  constructor(options: { process: Waiter; disk: SimDisk }) {
    this.#process = options.process;
    this.#disk = options.disk;
  }

  async open(): Promise<LogOpening> {
    // What the last life wrote and did not sync is synced by whoever opens the store, before it is read.
    await this.#disk.sync();
    const opened = await this.#disk.image.open();
    return { complete: true, damage: [], hlcFloorMs: this.#disk.hlcFloorMs, wholeRing: opened.wholeRing };
  }

  append(batch: readonly Append[]): Promise<LogResult<undefined>> {
    const copy = structuredCopy(batch);
    const hashes = this.#hashes;
    this.#hashes = [];
    return this.#oneByOne(() => this.#commit({ type: "append", batch: copy, hashes }));
  }

  keepHash(hashed: HashedContent): void {
    this.#hashes.push(hashed);
  }

  putRecord(record: RoomRecord, completes = false): Promise<LogResult<undefined>> {
    return this.#oneByOne(() => this.#commit({ type: "record", record: structuredClone(record), completes }));
  }

  dropCopies(lineages: readonly Lineage[]): Promise<LogResult<undefined>> {
    this.#disk.onDropAsked(lineages);
    this.#hashes = this.#hashes.filter(({ lineage: { room } }) => !lineages.some((dropped) => dropped.room === room));
    return this.#oneByOne(() => this.#commit({ type: "drop", lineages: lineages.map((lineage) => ({ ...lineage })) }));
  }

  putWholeRing(ring: readonly RingRecord[]): Promise<LogResult<undefined>> {
    return this.#oneByOne(() => this.#commit({ type: "whole-ring", ring: structuredClone(ring) }));
  }

  load(room: RoomName, generation?: number): Promise<LogResult<StoredRoom>> {
    return this.#oneByOne(async () => {
      await this.#wait("disk reads", this.#disk.mood.writeMs * 4);
      if (this.#disk.chance(this.#disk.mood.writeFails / 4)) return failed("STORE_FAILED", "input/output error");
      return this.#disk.image.load(room, generation);
    });
  }

  compact(lineage: Lineage, upTo: VectorClock, unnaming?: Unnaming): Promise<LogResult<Compaction>> {
    // What it hashes to before the snapshot is not to be believed behind it.
    this.#hashes = this.#hashes.filter(({ lineage: { room } }) => room !== lineage.room);
    return this.#oneByOne(async () => {
      await this.#wait("disk compacts", this.#disk.mood.writeMs * 10);
      if (this.#disk.mood.full) return failed("STORE_FULL", "no space left on device");
      if (this.#disk.chance(this.#disk.mood.writeFails)) return failed("STORE_FAILED", "input/output error");
      const result = await this.#disk.image.compact(lineage, upTo, unnaming);
      this.#disk.onCompacted(lineage);
      await this.#wait("disk syncs", this.#disk.mood.syncMs);
      return result;
    });
  }

  async history(room: RoomName, generation?: number): Promise<LogResult<RoomHistory>> {
    return this.#disk.image.history(room, generation);
  }

  async version(ask: VersionAsk): Promise<LogResult<Uint8Array | undefined>> {
    return this.#disk.image.version(ask);
  }

  async expireHistory(horizon: HistoryHorizon | undefined): Promise<LogResult<number>> {
    return this.#disk.image.expireHistory(horizon);
  }

  historyCoverage(lineage: Lineage, sinceMs: number): Promise<LogResult<CoveredHistory>> {
    return this.#read(() => this.#disk.image.historyCoverage(lineage, sinceMs));
  }

  historyPiece(lineage: Lineage, ask: HistoryAsk): Promise<LogResult<Uint8Array>> {
    return this.#read(() => this.#disk.image.historyPiece(lineage, ask));
  }

  /** A part of it is a transaction of its own: it is there at once, or not at all. */
  takeHistory(lineage: Lineage, piece: Uint8Array, sinceMs: number): Promise<LogResult<TakenHistory>> {
    return this.#oneByOne(async () => {
      const { mood } = this.#disk;
      await this.#wait("disk writes", mood.writeMs + mood.syncMs);
      if (mood.full) return failed("STORE_FULL", "no space left on device");
      if (this.#disk.chance(mood.writeFails)) return failed("STORE_FAILED", "input/output error");
      const taken = await this.#disk.image.takeHistory(lineage, piece, sinceMs);
      return this.#disk.chance(mood.answerLost) ? failed("STORE_FAILED", "the store's thread ended") : taken;
    });
  }

  historyGaps(after: number, limit: number): Promise<LogResult<HistoryGaps>> {
    return this.#read(() => this.#disk.image.historyGaps(after, limit));
  }

  putBlob(lineage: Lineage, name: BlobName, bytes: Uint8Array, keeping: BlobKeeping): Promise<LogResult<undefined>> {
    const blob = { lineage: { ...lineage }, name, bytes: Uint8Array.from(bytes), keeping };
    return this.#oneByOne(() => this.#commit({ type: "blob", ...blob }));
  }

  blob(lineage: Lineage, name: BlobName): Promise<LogResult<Uint8Array | undefined>> {
    return this.#read(() => this.#disk.image.blob(lineage, name));
  }

  blobsOf(lineage: Lineage): Promise<LogResult<HeldBlobs>> {
    return this.#read(() => this.#disk.image.blobsOf(lineage));
  }

  blobGaps(after: number, limit: number): Promise<LogResult<BlobGaps>> {
    return this.#read(() => this.#disk.image.blobGaps(after, limit));
  }

  collectBlobs(grace: BlobGrace): Promise<LogResult<number>> {
    return this.#oneByOne(() => this.#disk.image.collectBlobs(grace));
  }

  rooms(page: RoomsAsk): Promise<LogResult<RoomPage>> {
    return this.#read(() => this.#disk.image.rooms(page));
  }

  async verify(): Promise<LogResult<readonly Damage[]>> {
    return this.#disk.image.verify();
  }

  async inspect(after: string | undefined): Promise<LogResult<StoreInspection>> {
    return this.#disk.image.inspect(after);
  }

  async setAsideDamage(): Promise<LogResult<number>> {
    return this.#disk.image.setAsideDamage();
  }

  async freeBytes(): Promise<number | undefined> {
    return this.#disk.mood.full ? 0 : undefined;
  }

  onDamage(): void {
    // This disk is never damaged; `test/contract` damages real files.
  }

  async close(): Promise<void> {
    if (this.#hashes.length > 0) void this.append([]);
    await this.#last;
  }

  #read<Value>(read: () => Promise<Value>): Promise<Value> {
    return this.#oneByOne(async () => {
      await this.#wait("disk reads", this.#disk.mood.writeMs * 4);
      return read();
    });
  }

  async #commit(transaction: Transaction): Promise<LogResult<undefined>> {
    const disk = this.#disk;
    await this.#wait("disk writes", disk.mood.writeMs);
    // Tombstones and drops free space, and stores keep some for them.
    const frees = transaction.type === "drop" || (transaction.type === "record" && transaction.record.deleted !== undefined);
    if (disk.mood.full && !frees) return failed("STORE_FULL", "no space left on device");
    if (disk.chance(disk.mood.writeFails)) return failed("STORE_FAILED", "input/output error");
    disk.write(transaction);
    await this.#wait("disk syncs", disk.mood.syncMs);
    if (disk.chance(disk.mood.syncFails)) {
      disk.rollBack(transaction);
      return failed("STORE_FAILED", "input/output error at fsync");
    }
    const synced = await disk.sync();
    if (!synced.ok) return synced;
    return disk.chance(disk.mood.answerLost) ? failed("STORE_FAILED", "the store's thread ended") : done;
  }

  #oneByOne<Value>(job: () => Promise<Value>): Promise<Value> {
    const mine = this.#last.then(job);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  #wait(what: string, usualMs: number): Promise<void> {
    return new Promise((resolve) => void this.#process.reach(this.#disk.duration(usualMs), what, resolve));
  }
}

function failed(
  code: ErrorCode,
  detail: string,
): { readonly ok: false; readonly refusal: { readonly code: ErrorCode; readonly detail: string } } {
  return { ok: false, refusal: { code, detail } };
}

/** Bytes of its own, so that nobody shares them with the disk; clocks are immutable. */
function structuredCopy(batch: readonly Append[]): readonly Append[] {
  return batch.map(({ lineage, entries, cover, completes }) => ({
    cover,
    completes,
    lineage: { ...lineage },
    entries: entries.map((entry) => ({ ...entry, payload: Uint8Array.from(entry.payload) })),
  }));
}
