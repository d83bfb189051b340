/**
 * UpdateLog: the durable truth of a relay. One interface, one contract suite, one file per store.
 *
 * Invariants: what a promise of `append` resolved for is on disk (fsync) and comes back from `load` after any crash;
 * a batch is appended whole or not at all; an entry leaves the log only after a snapshot that contains it was written,
 * synced, re-read and found equal, and, where a history is kept, segments of it that say what the entry says; a record whose checksum
 * fails is never served, is set aside and reported; a room's content goes for good only with its generation, or when whoever asks for it
 * knows that it is elsewhere (`dropCopies`).
 * Knows nothing of sockets, sessions or acks.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { BlobGaps, HeldBlobs } from "../core/stored-blob.ts";
import type { CoveredHistory, HistoryAsk, HistoryGaps, RoomHistory, TakenHistory, VersionAsk } from "../core/stored-history.ts";
import type { Compaction, HashedContent, RoomPage, RoomRecord, StoredRoom, StoreInspection, Unnaming } from "../core/stored-room.ts";

/** Entries of one room, in the order in which they were admitted. */
export interface Append {
  readonly lineage: Lineage;
  readonly entries: readonly Entry[];
  /** What the log contains with these entries, beside what they name: the lineage's clock names it from now on. */
  readonly cover?: VectorClock | undefined;
  /** From this commit on the room is complete here: the mark of a replica that may vouch for it. */
  readonly completes?: boolean | undefined;
}

/** Something on disk that was not as it had been written. */
export interface Damage {
  /** Where: a file or a table, in words. */
  readonly where: string;
  readonly what: string;
  /** Where the damaged original is kept; undefined when there was nothing to keep. */
  readonly keptAs: string | undefined;
  readonly room: RoomName | undefined;
  /** Only an image is concerned, or what is noted of them: the document is as it was. */
  readonly isOfBlobs?: boolean;
}

export interface LogOpening {
  /** False when something that had been written may be missing: the relay must not vouch for completeness. */
  readonly complete: boolean;
  readonly damage: readonly Damage[];
  /**
   * An upper bound of the HLC stamps that earlier lives of this relay gave, in ms. Those of other relays do not count: what was too far
   * ahead to be adopted when it came would be adopted by the next start.
   */
  readonly hlcFloorMs: number;
  /** The ring under which everything that it places here was complete; undefined on a disk that never was whole. */
  readonly wholeRing: readonly RingRecord[] | undefined;
}

/** `ok: false` carries STORE_FULL or STORE_FAILED; what was asked for did not happen and may be asked again. */
export type LogResult<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: Refusal };

/** Wall times. */
export interface HistoryHorizon {
  /** Histories that tell of something older are cut. */
  readonly dueMs: number;
  /** Then all that is older than this goes; not before `dueMs`. */
  readonly cutMs: number;
}

/** How long an image is kept that nothing mentions: since it came, was given again, or the last mention of it was found to be gone. */
export interface BlobGrace {
  readonly graceMs: number;
  /** The wall time. */
  readonly nowMs: number;
}

/** How a blob comes to a disk. */
export interface BlobKeeping {
  /** The wall time: from then on it is here, also where it was here before. */
  readonly atMs: number;
  /** Another relay has let it in, so that it is one of those that the document may have. */
  readonly isCopy?: boolean | undefined;
}

export interface RoomsAsk {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly search?: string | undefined;
  /** Those that are deleted, too: their tombstones are what replicas compare. */
  readonly deleted?: boolean | undefined;
  /** With what contents hash to, where that is known: each row of them is looked at. */
  readonly hashes?: boolean | undefined;
}

export interface UpdateLog {
  /** Opens or creates the store, looks for damage, sets aside what is not readable. Once, first. */
  open(): Promise<LogOpening>;
  /** One transaction, one fsync for all of `batch` (group commit); calls are committed in order. A dot that is there already is skipped. */
  append(batch: readonly Append[]): Promise<LogResult<undefined>>;
  /** The room's current generation, or the one named. Never fails for damage: what is readable comes back, the rest is reported by `onDamage`. */
  load(room: RoomName, generation?: number): Promise<LogResult<StoredRoom>>;
  /**
   * Writes a snapshot of exactly the stored entries that `upTo` names, by a shadow document on a worker; re-reads and
   * checks it; then removes the entries it contains, by dot. Where a history is kept, the same goes for what they say in it.
   * `unnaming`: what the lineage's clock need not name from then on (`PrunedCut`).
   */
  compact(lineage: Lineage, upTo: VectorClock, unnaming?: Unnaming): Promise<LogResult<Compaction>>;
  /** How the room's current generation, or the one named, came to be, as far as it is kept. */
  history(room: RoomName, generation?: number): Promise<LogResult<RoomHistory>>;
  /** The document as it was, with all that what was written by then hangs on; undefined where nobody wrote in that minute. */
  version(ask: VersionAsk): Promise<LogResult<Uint8Array | undefined>>;
  /**
   * Takes from histories what is older than the horizon, where something in them is due; without one, all. In how many documents something
   * went. What is left begins with the state of exactly what went, in which nothing deleted is told any more.
   */
  expireHistory(horizon: HistoryHorizon | undefined): Promise<LogResult<number>>;
  /** Which dots a document's history tells of, and what the document contains; `sinceMs`: from when on what is told is told apart. */
  historyCoverage(lineage: Lineage, sinceMs: number): Promise<LogResult<CoveredHistory>>;
  /** The next of what a history lacks that asks so, as a piece that `takeHistory` understands. */
  historyPiece(lineage: Lineage, ask: HistoryAsk): Promise<LogResult<Uint8Array>>;
  /**
   * Writes what of a piece is lacking here, and re-reads it, where a history is kept. What is older than `sinceMs` may become a part of what the
   * history begins with, where that came.
   */
  takeHistory(lineage: Lineage, piece: Uint8Array, sinceMs: number): Promise<LogResult<TakenHistory>>;
  /** Documents, so many of them looked at, whose history lacks something that they contain. `after`: 0, or where to go on. */
  historyGaps(after: number, limit: number): Promise<LogResult<HistoryGaps>>;
  /**
   * Keeps a blob of a document, on disk when it resolves. One that is here already is not written again. Refused where the bytes do not hash to
   * the name (BLOB_MISMATCH), are too many (BLOB_TOO_BIG), the document has as many as it may (TOO_MANY_BLOBS), its generation is closed
   * (ROOM_DELETED), or too much waits (RELAY_BUSY).
   */
  putBlob(lineage: Lineage, name: BlobName, bytes: Uint8Array, keeping: BlobKeeping): Promise<LogResult<undefined>>;
  /** Undefined where it is not here. One that is not as it was written is set aside, reported, and not here from then on. */
  blob(lineage: Lineage, name: BlobName): Promise<LogResult<Uint8Array | undefined>>;
  /** Which blobs of a document are here, and which it mentions that are not. */
  blobsOf(lineage: Lineage): Promise<LogResult<HeldBlobs>>;
  /** Documents, so many of them looked at, that mention a blob which is not here. `after`: 0, or where to go on. */
  blobGaps(after: number, limit: number): Promise<LogResult<BlobGaps>>;
  /**
   * Removes blobs that nothing kept of their document mentions, neither the document, nor what is still in the log, nor its history with its
   * beginning, nor what was set aside of it, once that has been so for the grace. It begins anew with a log that is opened, whose relay was away
   * and heard of no edit. How many. Looks at so many documents in one call; refused as TOO_MANY_BLOBS where one mentions too many to be told apart.
   */
  collectBlobs(grace: BlobGrace): Promise<LogResult<number>>;
  /** Creates or replaces a room's record, durable when it resolves. Closing a generation also removes its content. `completes` as in `Append`. */
  putRecord(record: RoomRecord, completes?: boolean): Promise<LogResult<undefined>>;
  /**
   * Removes what is here of these rooms, up to the generations named, their histories, and the mark that they are complete here. Their records stay, so that
   * nobody takes such a room for one that was never used. One transaction for all.
   */
  dropCopies(lineages: readonly Lineage[]): Promise<LogResult<undefined>>;
  /**
   * What a lineage's content hashes to, for lists. Kept with the next append, or at closing, if the lineage is then what `hashed` names; gone
   * with the commit that changes its content. One that was lost costs reading the room.
   */
  keepHash(hashed: HashedContent): void;
  /** From now on the disk says that everything which `ring` places here is complete. */
  putWholeRing(ring: readonly RingRecord[]): Promise<LogResult<undefined>>;
  /** Rooms ordered by name; `search` matches a part of title or name, ignoring case. */
  rooms(page: RoomsAsk): Promise<LogResult<RoomPage>>;
  /** Checks every checksum. `progress`: rooms that were looked at, of how many. */
  verify(progress?: (done: number, total: number) => void): Promise<LogResult<readonly Damage[]>>;
  /** The same for the rooms behind `after`, a page of them, while others go on; without it the first page. Sets nothing aside. */
  inspect(after: string | undefined): Promise<LogResult<StoreInspection>>;
  /** Looks once more at these rooms, and at what belongs to none, and does with what is damaged what is done when reading meets it; so many. */
  setAsideDamage(rooms: readonly RoomName[]): Promise<LogResult<number>>;
  /** Bytes free where the store lives; undefined when unknown. */
  freeBytes(): Promise<number | undefined>;
  /** Called for damage found later than `open`. */
  onDamage(listener: (damage: Damage) => void): void;
  /** Commits what was asked for and closes. */
  close(): Promise<void>;
}
