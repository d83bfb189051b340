/**
 * SqliteUpdateLog: the embedded store, as the event loop sees it. Nothing here touches the disk: one thread writes
 * (`sqlite-worker.ts`), one reads for those who wait, one does what takes long (`reader-worker.ts`).
 *
 *     append, putRecord ──▶ store ──┐  WAL, one fsync per call
 *     load, rooms ────────▶ reader ─┤  sees every commit that was answered before
 *     compact, verify ────▶ heavy ──┘  drafts and checks; the store writes and removes
 *
 * Invariants: calls that write are carried out in the order of the calls; a read waits for the writes asked before it;
 * one compaction at a time, and one image. The folder is locked by whoever opened it (`data-folder.ts`).
 */
import { statfs } from "node:fs/promises";
import { lineageKey, type Lineage, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import {
  nothingUnnamed,
  type Compaction,
  type HashedContent,
  type RoomPage,
  type RoomRecord,
  type StoredRoom,
  type StoreInspection,
} from "../core/stored-room.ts";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { BlobGaps, HeldBlobs } from "../core/stored-blob.ts";
import type { CoveredHistory, HistoryAsk, HistoryGaps, RoomHistory, TakenHistory, VersionAsk } from "../core/stored-history.ts";
import { startWorker } from "../runtime/worker-file.ts";
import { firstBlobLimits, refusalOfSize, type BlobLimits } from "./blob-admission.ts";
import { BlobCollection } from "./blob-collection.ts";
import { sweepBlobs, takeBlob, type BlobLines, type BlobStep } from "./blob-intake.ts";
import { packAppends } from "./append-batch.ts";
import { runCompaction, type CompactionLines, type CompactionStep } from "./compaction-run.ts";
import { expireLineage, forgetHistory, minutesOfHorizon } from "./history-expiry.ts";
import { packAsk, takePiece } from "./history-intake.ts";
import { minuteOf } from "./history-segment.ts";
import type { ReaderCalls, ReaderThread } from "./reader-worker.ts";
import { unpackCovered, unpackHistory, unpackPage, unpackRoom, type HashParcel } from "./room-parcel.ts";
import type { FoundDamage } from "./sqlite-reader.ts";
import type { StoreCalls, StoreThread } from "./sqlite-worker.ts";
import { refusalOf } from "./store-error.ts";
import { damageOf } from "./store-verification.ts";
import type { Append, BlobGrace, BlobKeeping, Damage, HistoryHorizon, LogOpening, LogResult, RoomsAsk, UpdateLog } from "./update-log.ts";
import { WorkerLine } from "./worker-line.ts";

export interface SqliteSettings {
  /** A folder that this process has locked. */
  readonly folder: string;
  /** How deep types may nest in a document; what nests deeper is quarantined. */
  readonly nestingMax: number;
  /** Below this many free bytes content is refused as STORE_FULL, so that there is room for repairs. Default 0. */
  readonly freeBytesMin?: number;
  /** Whose folder it is: of its stamps the store keeps an upper bound. Default: of all. */
  readonly relay?: RelayId;
  /** Whether what leaves the log is to be in a history. Default: no. */
  readonly keepsHistory?: boolean;
  readonly blobs?: BlobLimits;
  /** For tests that end the process in the middle. */
  readonly onStep?: (step: CompactionStep) => void;
  readonly onBlobStep?: (step: BlobStep) => void;
}

/**
 * How long one room's draft or check may take. A document can be made whose integration takes hours; with a bound the
 * others are compacted too. Larger lets larger honest rooms be compacted, on slower machines.
 */
const compactionMs = 60_000;

/** MiB of JavaScript's memory that a reading thread may take: the largest rooms take a few hundred where they are read. Past it the thread ends, and not the relay. */
const readerHeapMbMax = 2_048;

/** Bytes of images that wait for their turn: eight of the largest. One more waits with whoever has it. */
const blobBytesWaitingMax = 64 * 1024 * 1024;

/** As which the smallest count: each waits with a call of its own. */
const blobWeightMin = 64 * 1024;

/** Hashes that wait for the next append: so many may be lost by a kill, and each costs reading one room. */
const hashesMax = 256;

export class SqliteUpdateLog implements UpdateLog {
  readonly #settings: SqliteSettings;
  readonly #store: WorkerLine<StoreCalls, Damage>;
  readonly #reader: WorkerLine<ReaderCalls, FoundDamage>;
  readonly #heavy: WorkerLine<ReaderCalls, FoundDamage>;
  readonly #listeners: ((damage: Damage) => void)[] = [];
  readonly #reported = new Set<string>();
  readonly #hashes = new Map<string, HashParcel>();
  #lastWrite: Promise<unknown> = Promise.resolve();
  #lastCompaction: Promise<unknown> = Promise.resolve();
  #lastBlob: Promise<unknown> = Promise.resolve();
  readonly #collection = new BlobCollection((work) => this.#inTurn(work));
  #blobBytes = 0;
  #isSweeping = false;
  #isClosing = false;

  constructor(settings: SqliteSettings) {
    this.#settings = settings;
    const { folder, nestingMax, freeBytesMin = 0, relay, keepsHistory = false, blobs = firstBlobLimits } = settings;
    const storeThread: StoreThread = { folder, freeBytesMin, relay, blobs };
    const readerThread: ReaderThread = { folder, nestingMax, keepsHistory };
    const resourceLimits = { maxOldGenerationSizeMb: readerHeapMbMax };
    const startReader = () => startWorker(new URL("./reader-worker.ts", import.meta.url), { workerData: readerThread, resourceLimits });
    this.#store = new WorkerLine(
      () => startWorker(new URL("./sqlite-worker.ts", import.meta.url), { workerData: storeThread }),
      (damage) => this.#tell(damage),
    );
    this.#reader = new WorkerLine(startReader, (damage) => this.#found(damage));
    const timed = ["draft", "check", "draftBase", "version", "pieceFor", "draftTaken", "scanMentions"] as const;
    const budgets = Object.fromEntries(timed.map((call) => [call, compactionMs]));
    this.#heavy = new WorkerLine(startReader, (damage) => this.#found(damage), budgets);
  }

  /** Throws, with a sentence for the operator, when the store cannot be opened at all. */
  async open(): Promise<LogOpening> {
    const opened = await this.#store.call("open", []);
    if (!opened.ok) throw new Error(opened.refusal.detail);
    this.#sweepBlobs();
    return opened.value;
  }

  append(batch: readonly Append[]): Promise<LogResult<undefined>> {
    const packed = packAppends(batch);
    // What one of these stood for is over with the batch.
    for (const { lineage } of batch) this.#hashes.delete(lineageKey(lineage));
    const hashes = [...this.#hashes.values()];
    this.#hashes.clear();
    return this.#write(this.#store.call("append", [packed, hashes], [packed.buffer]));
  }

  keepHash(hashed: HashedContent): void {
    this.#hashes.set(lineageKey(hashed.lineage), { ...hashed, clock: hashed.clock.entries() });
    if (this.#hashes.size >= hashesMax) this.#keepHashes();
  }

  putRecord(record: RoomRecord, completes = false): Promise<LogResult<undefined>> {
    return this.#removing(this.#store.call("putRecord", [record, completes]));
  }

  dropCopies(lineages: readonly Lineage[]): Promise<LogResult<undefined>> {
    for (const lineage of lineages) this.#hashes.delete(lineageKey(lineage));
    return this.#removing(this.#store.call("dropCopies", [lineages]));
  }

  putWholeRing(ring: readonly RingRecord[]): Promise<LogResult<undefined>> {
    return this.#write(this.#store.call("putWholeRing", [ring]));
  }

  async load(room: RoomName, generation?: number): Promise<LogResult<StoredRoom>> {
    await this.#lastWrite;
    const loaded = await this.#reader.call("load", [room, generation]);
    return loaded.ok ? { ok: true, value: unpackRoom(loaded.value) } : loaded;
  }

  compact(lineage: Lineage, upTo: VectorClock, unnaming = nothingUnnamed): Promise<LogResult<Compaction>> {
    this.#keepHashes();
    return this.#inTurn((lines) => runCompaction(lines, lineage, { upTo, unnaming }));
  }

  async history(room: RoomName, generation?: number): Promise<LogResult<RoomHistory>> {
    await this.#lastWrite;
    const listed = await this.#heavy.call("history", [room, generation]);
    return listed.ok ? { ok: true, value: unpackHistory(listed.value) } : listed;
  }

  async version(ask: VersionAsk): Promise<LogResult<Uint8Array | undefined>> {
    await this.#lastWrite;
    return this.#heavy.call("version", [ask]);
  }

  async expireHistory(horizon: HistoryHorizon | undefined): Promise<LogResult<number>> {
    const minutes = horizon && minutesOfHorizon(horizon);
    const aged = await this.#heavy.call("agedLineages", [minutes?.due]);
    if (!aged.ok) return aged;
    let expired = 0;
    let refusal: LogResult<number> | undefined;
    for (const { id, lineage } of aged.value) {
      // Each in its turn: compactions that are asked for meanwhile come between.
      const went = await this.#inTurn((lines) => (minutes ? expireLineage(lines, lineage, minutes.cut) : forgetHistory(lines, id)));
      if (!went.ok) refusal ??= went;
      else if (went.value) expired++;
    }
    return refusal ?? { ok: true, value: expired };
  }

  async historyCoverage(lineage: Lineage, sinceMs: number): Promise<LogResult<CoveredHistory>> {
    await this.#lastWrite;
    const covered = await this.#heavy.call("covered", [lineage, minuteOf(sinceMs)]);
    return covered.ok ? { ok: true, value: unpackCovered(covered.value) } : covered;
  }

  async historyGaps(after: number, limit: number): Promise<LogResult<HistoryGaps>> {
    await this.#lastWrite;
    return this.#heavy.call("gaps", [after, limit]);
  }

  async historyPiece(lineage: Lineage, ask: HistoryAsk): Promise<LogResult<Uint8Array>> {
    await this.#lastWrite;
    return this.#heavy.call("pieceFor", [lineage, packAsk(ask)]);
  }

  takeHistory(lineage: Lineage, piece: Uint8Array, sinceMs: number): Promise<LogResult<TakenHistory>> {
    return this.#inTurn((lines) => takePiece(lines, lineage, { piece, since: minuteOf(sinceMs) }));
  }

  async putBlob(of: Lineage, name: BlobName, bytes: Uint8Array, keeping: BlobKeeping): Promise<LogResult<undefined>> {
    const tooBig = refusalOfSize(bytes.length);
    if (tooBig) return { ok: false, refusal: tooBig };
    const weight = Math.max(bytes.length, blobWeightMin);
    if (this.#blobBytes + weight > blobBytesWaitingMax) return refused("RELAY_BUSY", `${this.#blobBytes} bytes of images wait`);
    this.#blobBytes += weight;
    const taken = await this.#blobInTurn((lines) => takeBlob(lines, { of, name, bytes, keeping }));
    this.#blobBytes -= weight;
    // What was begun and came to nothing.
    if (!taken.ok) this.#sweepBlobs();
    return taken;
  }

  async blob(lineage: Lineage, name: BlobName): Promise<LogResult<Uint8Array | undefined>> {
    await this.#lastWrite;
    return this.#reader.call("blob", [lineage, name]);
  }

  async blobsOf(lineage: Lineage): Promise<LogResult<HeldBlobs>> {
    await this.#lastWrite;
    return this.#reader.call("blobsOf", [lineage]);
  }

  async blobGaps(after: number, limit: number): Promise<LogResult<BlobGaps>> {
    await this.#lastWrite;
    return this.#reader.call("blobGaps", [after, limit]);
  }

  async collectBlobs(grace: BlobGrace): Promise<LogResult<number>> {
    const collected = await this.#collection.collect(grace);
    this.#sweepBlobs();
    return collected;
  }

  async rooms({ after, limit, search, deleted = false, hashes = false }: RoomsAsk): Promise<LogResult<RoomPage>> {
    await this.#lastWrite;
    // With hashes every row of every room is read: rooms that somebody waits for do not wait behind that.
    const listed = await (hashes ? this.#heavy : this.#reader).call("rooms", [{ after, limit, search, deleted, hashes }]);
    return listed.ok ? { ok: true, value: unpackPage(listed.value) } : listed;
  }

  async verify(progress: (done: number, total: number) => void = () => undefined): Promise<LogResult<readonly Damage[]>> {
    const damage: Damage[] = [];
    for (let after: string | undefined, done = 0, total = 0; ;) {
      const page = await this.inspect(after);
      if (!page.ok) return page;
      damage.push(...page.value.flaws.map((flaw) => ({ ...flaw, keptAs: undefined })));
      total = page.value.total ?? total;
      done += page.value.rooms.length;
      progress(done, total);
      after = page.value.next;
      if (after === undefined) return { ok: true, value: damage };
    }
  }

  async inspect(after: string | undefined): Promise<LogResult<StoreInspection>> {
    await this.#lastWrite;
    const page = await this.#heavy.call("verifyPage", [after]);
    if (!page.ok) return page;
    const { rooms, found, total, next } = page.value;
    const inspected = rooms.map((room) => ({ ...room, clock: room.clock && VectorClock.of(room.clock) }));
    return { ok: true, value: { rooms: inspected, flaws: found.map(damageOf), total, next } };
  }

  async setAsideDamage(rooms: readonly RoomName[]): Promise<LogResult<number>> {
    await this.#lastWrite;
    const looked = await this.#heavy.call("reportDamage", [rooms]);
    await this.#lastWrite;
    return looked;
  }

  async freeBytes(): Promise<number | undefined> {
    try {
      const disk = await statfs(this.#settings.folder);
      return disk.bavail * disk.bsize;
    } catch {
      return undefined;
    }
  }

  onDamage(listener: (damage: Damage) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#keepHashes();
    await this.#lastWrite;
    await Promise.all([this.#reader.close(), this.#heavy.close()]);
    await Promise.all([this.#lastCompaction, this.#lastBlob]);
    await this.#store.call("close", []);
    await this.#store.close();
  }

  #write(written: Promise<LogResult<unknown>>): Promise<LogResult<undefined>> {
    const answered = written.then((result): LogResult<undefined> => (result.ok ? { ok: true, value: undefined } : result), refusedBy);
    this.#lastWrite = answered;
    return answered;
  }

  /** The same, of what takes images with it. */
  #removing(written: Promise<LogResult<unknown>>): Promise<LogResult<undefined>> {
    const answered = this.#write(written);
    void answered.then(() => this.#sweepBlobs());
    return answered;
  }

  /** One image at a time; of what belongs to none a portion between two. */
  #blobInTurn<Value>(work: (lines: BlobLines) => Promise<LogResult<Value>>): Promise<LogResult<Value>> {
    const lines = { store: this.#store, reader: this.#reader, onStep: this.#settings.onBlobStep ?? (() => undefined) };
    const run = this.#lastBlob.then(() => work(lines)).catch(refusedBy);
    this.#lastBlob = run;
    return run;
  }

  #sweepBlobs(): void {
    if (this.#isSweeping || this.#isClosing) return;
    this.#isSweeping = true;
    void this.#blobInTurn(sweepBlobs).then((swept) => {
      this.#isSweeping = false;
      if (swept.ok && swept.value) this.#sweepBlobs();
    });
  }

  /** One at a time, and behind what was written before. */
  #inTurn<Value>(work: (lines: CompactionLines) => Promise<LogResult<Value>>): Promise<LogResult<Value>> {
    const lines = { store: this.#store, reader: this.#heavy, onStep: this.#settings.onStep ?? (() => undefined) };
    const run = Promise.all([this.#lastWrite, this.#lastCompaction])
      .then(() => work(lines))
      .catch(refusedBy);
    this.#lastCompaction = run;
    return run;
  }

  #keepHashes(): void {
    if (this.#hashes.size > 0) void this.append([]);
  }

  /** A reader found a row that is not as it was written: it is set aside and told of once. */
  #found({ where, what, lineage, row }: FoundDamage): void {
    const key = JSON.stringify([where, what, lineage?.room, row]);
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    // Of what was read before: they may be of the content as it was.
    this.#hashes.clear();
    const of = lineage && { room: lineage.room, generation: lineage.generation };
    // One that could not be set aside (a full disk) is again when it is met again.
    if (row) void this.#removing(this.#store.call("setAside", [row, of, what])).then(({ ok }) => ok || this.#reported.delete(key));
    const damage = { where: `table ${where}`, what, keptAs: row && row.table !== "blob" ? "table damage" : undefined, room: lineage?.room };
    this.#tell(row?.table === "blob" || row?.table === "mention" ? { ...damage, isOfBlobs: true } : damage);
  }

  #tell(damage: Damage): void {
    for (const listener of this.#listeners) listener(damage);
  }
}

/** A step that throws fails alone: what waits behind it, and the closing, go on. */
function refusedBy(error: unknown): Extract<LogResult<never>, { ok: false }> {
  return { ok: false, refusal: refusalOf(error) };
}
