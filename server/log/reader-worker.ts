/**
 * A thread that reads the store: rooms for those who join, lists, and, in a second thread of the same kind, the heavy
 * work of compaction and verification, so that neither keeps a commit or a join waiting.
 */
import { workerData } from "node:worker_threads";
import type { Database } from "better-sqlite3";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { CrdtEngine } from "@inkmesh/shared/engine/crdt-engine";
import { LoadedEngines } from "@inkmesh/shared/engine/loaded-engines";
import { BlobReader, type CollectableAsk, type CollectableLineages, type NumberedLineage } from "./blob-reader.ts";
import { checkBase, draftBase, type BaseDraft } from "./history-expiry.ts";
import { checkTaken, draftTaken, pieceFor, type AskParcel, type TakenDraft } from "./history-intake.ts";
import { HistoryReader, type AgedLineage } from "./history-reader.ts";
import { segmentsOf } from "./history-segment.ts";
import type { MentionScan } from "./mention-scan.ts";
import type { BlobGaps, HeldBlobs } from "../core/stored-blob.ts";
import type { HistoryGaps, VersionAsk } from "../core/stored-history.ts";
import {
  packCovered,
  unpackUnnaming,
  type CoveredParcel,
  type HistoryParcel,
  type PageParcel,
  type RoomParcel,
  type UnnamingParcel,
} from "./room-parcel.ts";
import { partsThrough } from "./shown-history.ts";
import { checkSnapshot, draftSnapshot, type SnapshotDraft } from "./snapshot-draft.ts";
import { openReader } from "./sqlite-connection.ts";
import { SqliteReader, type FoundDamage } from "./sqlite-reader.ts";
import { storeFile } from "./store-opening.ts";
import type { Counters } from "./store-row.ts";
import { StoreVerification, type VerifiedPage } from "./store-verification.ts";
import { answerCalls, Moved, sendNotice } from "./worker-line.ts";

export interface ReaderThread {
  readonly folder: string;
  readonly nestingMax: number;
  /** Whether what leaves the log is to be in a history. */
  readonly keepsHistory: boolean;
}

const { folder, nestingMax, keepsHistory } = workerData as ReaderThread;
const file = storeFile(folder);
const engines = new LoadedEngines();
const engineOf = (room: RoomName): CrdtEngine => engines.of(room);
let kept: { readonly history: HistoryReader; readonly blobs: BlobReader } | undefined;

function readers(): typeof kept & object {
  if (kept !== undefined) return kept;
  const database = openReader(file);
  const history = historyIn(database);
  kept = { history, blobs: new BlobReader(database, history.reader, report) };
  return kept;
}

function history(): HistoryReader {
  return readers().history;
}

function blobs(): BlobReader {
  return readers().blobs;
}

function reader(): SqliteReader {
  return history().reader;
}

function historyIn(database: Database): HistoryReader {
  return new HistoryReader(database, new SqliteReader(database, engineOf, report), report);
}

function report(damage: FoundDamage): void {
  sendNotice(damage);
}

/** With a connection of its own, which has nothing of the file in memory. */
function afresh<Value>(work: (history: HistoryReader) => Value): Value {
  const database = openReader(file);
  try {
    return work(historyIn(database));
  } finally {
    database.close();
  }
}

/** With a connection of its own, too. */
function verifying<Value>(work: (verification: StoreVerification) => Value): Value {
  const database = openReader(file);
  try {
    return work(new StoreVerification(database));
  } finally {
    database.close();
  }
}

const calls = {
  load(room: RoomName, generation: number | undefined): Moved<RoomParcel> {
    const parcel = reader().load(room, generation);
    const state = parcel.snapshot?.state.buffer as ArrayBuffer | undefined;
    return new Moved(parcel, [parcel.tail.buffer, parcel.index.buffer as ArrayBuffer, ...(state ? [state] : [])]);
  },
  history: (room: RoomName, generation: number | undefined): HistoryParcel => history().list(room, generation),
  version({ format, minute, ...lineage }: VersionAsk): Uint8Array | undefined | Moved<Uint8Array | undefined> {
    const { base, segments, tail } = history().read(lineage);
    const engine = engineOf(lineage.room);
    const parts = partsThrough([...segments, ...segmentsOf(engine, tail)], minute);
    const content = parts && engine.contentOf({ base: base?.state, parts }, format).slice();
    return content && new Moved<Uint8Array | undefined>(content, [content.buffer]);
  },
  rooms: (page: Parameters<SqliteReader["rooms"]>[0]): PageParcel => reader().rooms(page),
  draft(lineage: Lineage, upTo: Counters, unnaming: UnnamingParcel): SnapshotDraft | undefined | Moved<SnapshotDraft | undefined> {
    const draft = draftSnapshot(
      { reader: reader(), engine: engineOf(lineage.room), nestingMax, keepsHistory },
      { lineage, upTo, unnaming: unpackUnnaming(unnaming) },
    );
    return draft?.type === "new" ? new Moved<SnapshotDraft | undefined>(draft, [draft.bytes.buffer]) : draft;
  },
  check: (lineage: Lineage, id: number, hash: string): Uint8Array | undefined =>
    afresh((fresh) => checkSnapshot(fresh, engineOf(lineage.room), { lineage, id, hash })),
  agedLineages: (due: number | undefined): readonly AgedLineage[] => history().aged(due),
  draftBase(lineage: Lineage, cut: number): BaseDraft | undefined | Moved<BaseDraft | undefined> {
    const draft = draftBase(history(), engineOf(lineage.room), lineage, cut);
    return draft === undefined ? draft : new Moved<BaseDraft | undefined>(draft, [draft.bytes.buffer]);
  },
  covered: (of: Lineage, since: number): CoveredParcel => packCovered(history().covered(of, since)),
  gaps: (after: number, limit: number): HistoryGaps => history().gaps(after, limit),
  pieceFor(of: Lineage, ask: AskParcel): Moved<Uint8Array> {
    const piece = pieceFor(history(), engineOf(of.room), { of, ask }).slice();
    return new Moved<Uint8Array>(piece, [piece.buffer]);
  },
  draftTaken: (of: Lineage, piece: Uint8Array, since: number): TakenDraft | undefined =>
    draftTaken(history(), engineOf(of.room), { of, piece, since }),
  checkTaken: (of: Lineage, id: number, digest: string): boolean => afresh((fresh) => checkTaken(fresh, id, { of, digest })),
  checkBase: (id: number, digest: string): boolean => afresh((fresh) => checkBase(fresh, id, digest)),
  blob(of: Lineage, name: BlobName): undefined | Moved<Uint8Array | undefined> {
    const bytes = blobs().bytes(of, name);
    return bytes && new Moved<Uint8Array | undefined>(bytes, [bytes.buffer]);
  },
  blobsOf: (of: Lineage): HeldBlobs => blobs().of(of),
  blobGaps: (after: number, limit: number): BlobGaps => blobs().gaps(after, limit),
  isBlobHere: (of: Lineage, name: BlobName): boolean => blobs().bytes(of, name) !== undefined,
  collectable: (ask: CollectableAsk): CollectableLineages => blobs().collectable(ask),
  scanMentions: (numbered: NumberedLineage): MentionScan => blobs().mentions(numbered),
  verifyPage: (after: string | undefined): VerifiedPage => verifying((verification) => verification.page(after)),
  /**
   * Tells what is damaged of `rooms`, and of what belongs to no room, as it is told when it is met by reading; how much that is. Content of no
   * lineage is left, and not told of: nobody relies on it, and another life would find it as it is.
   */
  reportDamage: (rooms: readonly RoomName[]): number =>
    verifying((verification) => {
      const found = verification.ofStore();
      for (const room of rooms) verification.room(room, (damage) => void found.push(damage));
      found.forEach(report);
      return found.length;
    }),
};

/** What a reading thread can be asked for. */
export type ReaderCalls = typeof calls;

/** A call is about a room where its first argument is one, or has one. */
answerCalls(calls, ([first]) => {
  const room = typeof first === "object" && first !== null && "room" in first ? first.room : first;
  return typeof room === "string" ? engines.ready(room as RoomName) : undefined;
});
