/**
 * SqliteStore: the writing half of the SQLite store, synchronous; it lives in the store's thread.
 *
 * Every change is one transaction (`store-commits.ts`). One that fails (disk full) leaves nothing behind in the file or in memory, and the next
 * is tried as if it had not been.
 *
 * Invariants: a dot names one payload: one that is there is skipped, and the same dot with other bytes is refused; what
 * comes for a closed generation leaves nothing.
 */
import type { Database, Statement } from "better-sqlite3";
import type { ActorId, Lineage, RelayId } from "@inkmesh/shared/base/ids";
import { mentionedBlobs, type BlobName } from "@inkmesh/shared/base/blob-name";
import { sameBytes } from "@inkmesh/shared/base/bytes";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { Dot } from "@inkmesh/shared/clock/dot";
import type { RoomRecord } from "../core/stored-room.ts";
import { unpackAppends, type PackedEntry } from "./append-batch.ts";
import { BlobShelf, type BlobAsk, type BlobBeginning, type BlobHead } from "./blob-shelf.ts";
import { DamagedRows, type DamagedRow } from "./damaged-rows.ts";
import { HistoryShelf, type SegmentParcel } from "./history-shelf.ts";
import { LineageLedger, noteStamp, type Account } from "./lineage-ledger.ts";
import type { NumberedLineage } from "./blob-reader.ts";
import type { MentionScan } from "./mention-scan.ts";
import { ReplicaMarks } from "./replica-marks.ts";
import type { HashParcel } from "./room-parcel.ts";
import { SnapshotShelf } from "./snapshot-shelf.ts";
import { DotTaken } from "./store-error.ts";
import type { StoreThread } from "./sqlite-worker.ts";
import { StoreCommits } from "./store-commits.ts";
import type { StoreMarker } from "./store-marker.ts";
import type { BlobGrace } from "./update-log.ts";
import { entryChecksum, recordChecksum, type Counters, type SnapshotBody } from "./store-row.ts";

/** What a history begins with, from another relay: which of the segments here it contains, and what it mentions. */
export interface TakenBase {
  readonly segments: readonly number[];
  readonly mentions: readonly BlobName[];
}

export class SqliteStore {
  readonly #database: Database;
  readonly #commits: StoreCommits;
  readonly #relay: RelayId | undefined;
  readonly #ledger: LineageLedger;
  readonly #shelf: SnapshotShelf;
  readonly #history: HistoryShelf;
  readonly #blobs: BlobShelf;
  readonly #marks: ReplicaMarks;
  readonly #damaged: DamagedRows;
  readonly #actors = new Map<ActorId, number>();
  readonly #addEntry: Statement<[number, number, number, number, Uint8Array, number]>;
  readonly #recordAt: Statement<[number, number, number], Uint8Array>;

  /**
   * `database` is a migrated writer's connection. Below `freeBytesMin` on its disk, content is refused as STORE_FULL. `relay`: whose stamps
   * are noted; undefined: all.
   */
  constructor(
    database: Database,
    marker: StoreMarker,
    { freeBytesMin, relay, blobs }: Pick<StoreThread, "freeBytesMin" | "relay" | "blobs">,
  ) {
    this.#database = database;
    this.#commits = new StoreCommits(database, marker, freeBytesMin);
    this.#relay = relay;
    this.#ledger = new LineageLedger(database);
    this.#shelf = new SnapshotShelf(database);
    this.#history = new HistoryShelf(database);
    this.#marks = new ReplicaMarks(database);
    this.#blobs = new BlobShelf(database, blobs);
    this.#damaged = new DamagedRows(database, this.#shelf, this.#blobs);
    this.#addEntry = database.prepare("INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, ?)");
    this.#recordAt = database
      .prepare<[number, number, number], Uint8Array>("SELECT record FROM entry WHERE lineage = ? AND actor = ? AND counter = ?")
      .pluck();
  }

  /** `packed` as `packAppends` made it; `hashes` of what was there before it. */
  append(packed: Uint8Array, hashes: readonly HashParcel[] = []): void {
    this.#commits.needSpace();
    this.#commit(() => {
      for (const hashed of hashes) this.#ledger.keepHash(hashed);
      for (const { lineage, entries, cover, completes } of unpackAppends(packed)) {
        if (completes) this.#marks.complete(lineage.room);
        if (entries.length === 0 && !cover) continue;
        const account = this.#ledger.open(lineage);
        if (!account) continue;
        for (const packedEntry of entries) this.#appendEntry(account, packedEntry);
        if (cover) this.#cover(account, cover);
        if (account.beyond) this.#closeGaps(account);
        this.#ledger.save(account);
      }
    });
  }

  putRecord(record: RoomRecord, completes = false): void {
    if (!record.deleted) this.#commits.needSpace();
    this.#commit(() => {
      const row = { room: record.room, revision: this.#commits.nextSeq(), body: JSON.stringify(record) };
      this.#database
        .prepare("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)")
        .run(row.room, row.revision, row.body, recordChecksum(row));
      this.#removeContent(record.room, record.deleted ? record.generation : record.generation - 1);
      if (completes) this.#marks.complete(record.room);
      this.#ledger.recordChanged(record);
      for (const hlc of [record.created, record.title?.hlc, record.kind?.hlc, record.deleted?.hlc])
        if (hlc !== undefined) this.#noteStamp(hlc);
    });
  }

  dropCopies(lineages: readonly Lineage[]): void {
    this.#commit(() => {
      for (const lineage of lineages) {
        this.#removeContent(lineage.room, lineage.generation);
        this.#marks.remove(lineage.room);
        this.#ledger.recompute(lineage);
      }
    });
  }

  putWholeRing(ring: readonly RingRecord[]): void {
    this.#commit(() => this.#marks.whole(ring));
  }

  nextSnapshot(): number {
    return this.#shelf.nextId();
  }

  /** Compaction leaves as much again as edits do: one that fails on a full disk would leave nothing for edits, nor for a restart. */
  putChunk(snapshot: number, part: number, bytes: Uint8Array): void {
    this.#commits.needSpaceFor(bytes.length);
    this.#commit(() => this.#shelf.putChunk(snapshot, part, bytes));
  }

  putSnapshot(id: number, lineage: number, body: SnapshotBody): void {
    this.#commit(() => this.#shelf.putHeader(id, lineage, body));
  }

  /** Segments that come with the snapshot `id`; `of` is the lineage of that number. */
  putSegments(id: number, lineage: number, of: Lineage, segments: readonly SegmentParcel[]): void {
    this.#commits.needSpaceFor(segments.reduce((sum, { body }) => sum + body.length, 0));
    this.#commit(() => this.#history.put(id, lineage, of, segments));
  }

  /** Makes a re-read snapshot count; false, and the snapshot is gone, when its generation was closed meanwhile. */
  adoptSnapshot(id: number, lineage: Lineage): boolean {
    return this.#commit(() => {
      const account = this.#ledger.open(lineage);
      if (!account) this.#takeBack(id);
      else this.#adopt(id, account);
      if (account) this.#ledger.save(account);
      return account !== undefined;
    });
  }

  /**
   * Makes a re-read state what the lineage's history begins with, in place of the base before and of `segments`, which it contains. False, and
   * the state is gone, when the history is: its generation was closed meanwhile, or its content removed.
   */
  adoptBase(id: number, lineage: Lineage, segments: readonly number[]): boolean {
    return this.#commit(() => {
      const account = this.#ledger.open(lineage);
      // Its generation was closed, its copy dropped, or its history cut, while the base was made.
      const isThere = account !== undefined && this.#history.remove(segments) > 0;
      if (isThere) this.#replaceBase(id, account);
      else this.#takeBack(id);
      return isThere;
    });
  }

  /** A blob comes: in pieces under the number that is answered, and then its head. What is refused leaves nothing. */
  beginBlob(of: Lineage, blob: BlobAsk): BlobBeginning {
    const refusal = this.#blobs.refusalOf(this.#ledger.numberOf(of), blob);
    if (refusal) return { type: "refused", refusal };
    if (!blob.isHere) this.#commits.needSpaceFor(blob.size);
    return this.#commit(() => {
      const account = this.#ledger.open(of);
      return account ? this.#blobs.begin(account.id, blob, () => this.#commits.nextSeq()) : { type: "closed" };
    });
  }

  putPiece(blob: number, part: number, bytes: Uint8Array): void {
    this.#commits.needSpaceFor(bytes.length);
    this.#commit(() => this.#blobs.putPiece(blob, part, bytes));
  }

  /** Unless its generation was closed meanwhile, or the copy of its document dropped. */
  endBlob(id: number, of: Lineage, blob: BlobHead): "here" | "closed" | "dropped" {
    return this.#commit(() => {
      const account = this.#ledger.open(of);
      if (account === undefined) return "closed";
      return this.#blobs.putHead(id, account.id, blob) ? "here" : "dropped";
    });
  }

  /** The grace of all images that nothing mentions begins. */
  beginGrace(nowMs: number): void {
    this.#commit(() => this.#blobs.beginGrace(nowMs));
  }

  /** Removes a portion of what blobs left that are not here. */
  sweepBlobs(): "nothing" | "more" | "all" {
    if (!this.#blobs.hasLeftovers) return "nothing";
    return this.#commit(() => this.#blobs.sweep()) ? "all" : "more";
  }

  /** Notes what a lineage mentions, as it was read, and removes what nothing mentions any more. How many; undefined where it mentions too many. */
  settleBlobs({ id, lineage }: NumberedLineage, scan: MentionScan, { nowMs, graceMs }: BlobGrace): number | undefined {
    return this.#commit(() => {
      const account = this.#ledger.numberOf(lineage) === id && scan.isWhole ? this.#ledger.open(lineage) : undefined;
      if (account === undefined) return 0;
      const [hasContent, noted] = [account.clock.size > 0, this.#commits.current];
      const removed = this.#blobs.settle(id, scan, { hasContent, noted, nowMs, beforeMs: nowMs - graceMs });
      if (!hasContent && !this.#blobs.isUnderWay(id)) this.#ledger.removeUnused(account);
      return removed;
    });
  }

  /** Segments that came as `id` from another relay. False, and none is written, where nothing of the document is here any more. */
  takeSegments(id: number, of: Lineage, segments: readonly SegmentParcel[]): boolean {
    this.#commits.needSpaceFor(segments.reduce((sum, { body }) => sum + body.length, 0));
    return this.#commit(() => {
      const account = this.#ledger.open(of);
      if (account === undefined || account.clock.size === 0) return false;
      this.#history.put(id, account.id, of, segments);
      for (const { mentions = [] } of segments) this.#blobs.mention(account.id, mentions, this.#commits.current);
      return true;
    });
  }

  /** The same of a re-read state that came from there, and contains `segments` and the base before. */
  takeBase(id: number, of: Lineage, { segments, mentions }: TakenBase): boolean {
    return this.#commit(() => {
      const account = this.#ledger.open(of);
      const isThere = account !== undefined && account.clock.size > 0;
      if (isThere) this.#history.remove(segments);
      if (isThere) this.#replaceBase(id, account);
      else this.#takeBack(id);
      if (isThere) this.#blobs.mention(account.id, mentions, this.#commits.current);
      return isThere;
    });
  }

  /** Nobody wants the lineage's history. */
  forgetHistory(lineage: number): void {
    this.#commit(() => this.#forgetHistory(lineage));
  }

  /** Removes a portion of what the adopted snapshot covers; true when done. */
  sweep(id: number, lineage: Lineage): boolean {
    return this.#commit(() => {
      const account = this.#ledger.open(lineage);
      const done = !account || this.#shelf.sweep(id, account);
      if (account) this.#contentLeft(account.id);
      if (account) this.#ledger.save(account);
      return done;
    });
  }

  removeSnapshot(id: number): void {
    this.#commit(() => this.#takeBack(id));
  }

  /** Moves a damaged row out of the way, its bytes kept, and computes anew what was derived from it. */
  setAside(row: DamagedRow, lineage: Lineage | undefined, what: string): void {
    this.#commit(() => {
      this.#damaged.keep(row, lineage?.room, what);
      const of = this.#damaged.remove(row, lineage);
      // The document is as complete without.
      if (row.table === "blob" || row.table === "mention") return;
      if (lineage) this.#marks.remove(lineage.room);
      this.#ledger.forget();
      if (of === undefined) return;
      this.#marks.remove(of.room);
      this.#ledger.recompute(of);
    });
  }

  close(): void {
    this.#commits.close();
  }

  #adopt(id: number, account: Account): void {
    const body = this.#shelf.adopt(id, account);
    const { history } = body;
    this.#prune(account, body);
    if (history === undefined) this.#forgetHistory(account.id);
    else if (history === "begins") this.#history.removeAll(account.id, id);
    this.#contentLeft(account.id);
  }

  #replaceBase(id: number, account: Account): void {
    this.#shelf.adoptBase(id, this.#history.bases(account.id));
    this.#contentLeft(account.id);
  }

  #contentLeft(lineage: number): void {
    this.#blobs.contentLeft(lineage, this.#commits.current);
  }

  #takeBack(snapshot: number): void {
    for (const lineage of this.#history.removeOf(snapshot)) this.#contentLeft(lineage);
    this.#shelf.remove(snapshot);
  }

  #forgetHistory(lineage: number): void {
    this.#history.removeAll(lineage);
    for (const base of this.#history.bases(lineage)) this.#shelf.remove(base.id);
    this.#history.unsay(lineage);
    this.#contentLeft(lineage);
  }

  #appendEntry(account: Account, { entry, record }: PackedEntry): void {
    const { dot, hlc } = entry;
    const actor = this.#actorId(dot.actor);
    const have = account.clock.get(dot.actor) ?? 0;
    if (dot.counter <= have) return this.#skip(account, actor, dot, record);
    const seq = this.#commits.nextSeq();
    const added = this.#addEntry.run(account.id, actor, dot.counter, seq, record, entryChecksum("entry", account.lineage, seq, record));
    if (added.changes === 0) return this.#skip(account, actor, dot, record);
    if (dot.counter === have + 1) account.clock.set(dot.actor, dot.counter);
    else account.beyond = true;
    account.bytes += record.length;
    account.entries++;
    account.contentHash = undefined;
    this.#blobs.mention(account.id, mentionedBlobs(entry.payload), this.#commits.current);
    noteStamp(account, hlc);
    this.#noteStamp(hlc);
  }

  #skip(account: Account, actor: number, dot: Dot, record: Uint8Array): void {
    const there = this.#recordAt.get(account.id, actor, dot.counter);
    if (there && !sameBytes(there, record)) throw new DotTaken(`the dot ${dot.actor}:${dot.counter} names another payload already`);
  }

  #cover(account: Account, cover: VectorClock): void {
    this.#marks.cover(account.id, cover);
    account.clock = new Map(VectorClock.of(account.clock).join(cover).entries());
  }

  /** What the snapshot names no more the lineage names no more, but for actors that wrote on meanwhile. */
  #prune(account: Account, { clock, pruned = [] }: SnapshotBody): void {
    const named = VectorClock.of(clock);
    const unnamed = pruned.filter(([actor]) => named.counter(actor) === 0 && account.clock.has(actor));
    if (unnamed.length === 0) return;
    const goesOn = ([actor, counter]: Counters[number]): boolean => this.#shelf.hasBeyond(account.id, actor, counter);
    const gone = VectorClock.of(unnamed.filter((dot) => !goesOn(dot)));
    this.#marks.recover(account.id, gone, VectorClock.of(unnamed.filter(goesOn)));
    account.clock = new Map(VectorClock.of(account.clock).past(gone).entries());
  }

  /** Entries that had been past a gap are named by the clock once the gap is closed. */
  #closeGaps(account: Account): void {
    for (const [actor, reached] of account.clock) {
      let counter = reached;
      while (this.#recordAt.get(account.id, this.#actorId(actor), counter + 1)) counter++;
      account.clock.set(actor, counter);
    }
  }

  #removeContent(room: string, through: number): void {
    const lineages = this.#database.prepare<[string, number], number>("SELECT id FROM lineage WHERE room = ? AND generation <= ?").pluck();
    for (const id of lineages.all(room, through)) {
      for (const table of ["entry", "quarantine"]) this.#database.prepare(`DELETE FROM ${table} WHERE lineage = ?`).run(id);
      this.#marks.uncover(id);
      this.#blobs.removeAll(id);
      this.#history.removeAll(id);
      const snapshots = this.#database.prepare<[number], number>("SELECT id FROM snapshot WHERE lineage = ?").pluck();
      for (const snapshot of snapshots.all(id)) this.#shelf.remove(snapshot);
    }
  }

  #actorId(actor: ActorId): number {
    const known = this.#actors.get(actor);
    if (known !== undefined) return known;
    this.#database.prepare("INSERT OR IGNORE INTO actor (name) VALUES (?)").run(actor);
    const id = this.#database.prepare<[string], number>("SELECT id FROM actor WHERE name = ?").pluck().get(actor) as number;
    this.#actors.set(actor, id);
    return id;
  }

  #noteStamp({ physicalMs, relay }: Hlc): void {
    if (this.#relay === undefined || relay === this.#relay) this.#commits.noteStamp(physicalMs);
  }

  #commit<Value>(change: () => Value): Value {
    try {
      return this.#commits.run(change);
    } catch (error) {
      this.#ledger.forget();
      this.#actors.clear();
      throw error;
    }
  }
}
