/**
 * The store's thread: everything that writes. Commits wait for the disk here, never on the event loop.
 */
import { workerData } from "node:worker_threads";
import type { Lineage, RelayId } from "@inkmesh/shared/base/ids";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { RoomRecord } from "../core/stored-room.ts";
import type { BlobLimits } from "./blob-admission.ts";
import type { NumberedLineage } from "./blob-reader.ts";
import type { BlobAsk, BlobBeginning, BlobHead } from "./blob-shelf.ts";
import type { SegmentParcel } from "./history-shelf.ts";
import type { HashParcel } from "./room-parcel.ts";
import type { DamagedRow } from "./damaged-rows.ts";
import type { MentionScan } from "./mention-scan.ts";
import type { SqliteStore, TakenBase } from "./sqlite-store.ts";
import { DotTaken, isCorruption } from "./store-error.ts";
import { openStore, storeFile } from "./store-opening.ts";
import type { SnapshotBody } from "./store-row.ts";
import type { BlobGrace, Damage, LogOpening } from "./update-log.ts";
import { answerCalls, sendNotice } from "./worker-line.ts";

export interface StoreThread {
  readonly folder: string;
  readonly freeBytesMin: number;
  readonly blobs: BlobLimits;
  /** Whose stamps the store keeps an upper bound of; undefined: all. */
  readonly relay: RelayId | undefined;
}

const settings = workerData as StoreThread;
let opened: SqliteStore | undefined;
let told = false;

/** A thread that took the place of one that died opens the store by itself and says what it found. */
function store(): SqliteStore {
  if (opened) return opened;
  for (const damage of open().damage) sendNotice(damage satisfies Damage);
  return store();
}

function open(): LogOpening {
  const { store: openedStore, opening } = openStore(settings);
  opened = openedStore;
  return opening;
}

/** A writer that meets corruption, or a dot given out twice, says so: the relay must not go on as the actor that it is. */
function writing<Args extends readonly unknown[], Value>(change: (into: SqliteStore, ...args: Args) => Value): (...args: Args) => Value {
  return (...args) => {
    try {
      return change(store(), ...args);
    } catch (error) {
      if (isCorruption(error) || error instanceof DotTaken) tellOnce(error as Error);
      throw error;
    }
  };
}

/** Once for each thread: whoever writes tries again and again. */
function tellOnce({ message }: Error): void {
  if (told) return;
  told = true;
  sendNotice({ where: storeFile(settings.folder), what: message, keptAs: undefined, room: undefined } satisfies Damage);
}

const calls = {
  open,
  append: writing((into, packed: Uint8Array, hashes: readonly HashParcel[]): void => into.append(packed, hashes)),
  putRecord: writing((into, record: RoomRecord, completes: boolean): void => into.putRecord(record, completes)),
  dropCopies: writing((into, lineages: readonly Lineage[]): void => into.dropCopies(lineages)),
  putWholeRing: writing((into, ring: readonly RingRecord[]): void => into.putWholeRing(ring)),
  nextSnapshot: writing((into): number => into.nextSnapshot()),
  putChunk: writing((into, snapshot: number, part: number, bytes: Uint8Array): void => into.putChunk(snapshot, part, bytes)),
  putSnapshot: writing((into, id: number, lineage: number, body: SnapshotBody): void => into.putSnapshot(id, lineage, body)),
  putSegments: writing((into, id: number, lineage: number, of: Lineage, segments: readonly SegmentParcel[]): void =>
    into.putSegments(id, lineage, of, segments),
  ),
  adoptBase: writing((into, id: number, lineage: Lineage, segments: readonly number[]): boolean => into.adoptBase(id, lineage, segments)),
  takeSegments: writing((into, id: number, of: Lineage, segments: readonly SegmentParcel[]): boolean =>
    into.takeSegments(id, of, segments),
  ),
  takeBase: writing((into, id: number, of: Lineage, base: TakenBase): boolean => into.takeBase(id, of, base)),
  beginBlob: writing((into, of: Lineage, blob: BlobAsk): BlobBeginning => into.beginBlob(of, blob)),
  putPiece: writing((into, blob: number, part: number, bytes: Uint8Array): void => into.putPiece(blob, part, bytes)),
  endBlob: writing((into, id: number, of: Lineage, blob: BlobHead): "here" | "closed" | "dropped" => into.endBlob(id, of, blob)),
  beginGrace: writing((into, nowMs: number): void => into.beginGrace(nowMs)),
  sweepBlobs: writing((into): "nothing" | "more" | "all" => into.sweepBlobs()),
  settleBlobs: writing((into, numbered: NumberedLineage, scan: MentionScan, grace: BlobGrace): number | undefined =>
    into.settleBlobs(numbered, scan, grace),
  ),
  forgetHistory: writing((into, lineage: number): void => into.forgetHistory(lineage)),
  adoptSnapshot: writing((into, id: number, lineage: Lineage): boolean => into.adoptSnapshot(id, lineage)),
  sweep: writing((into, id: number, lineage: Lineage): boolean => into.sweep(id, lineage)),
  removeSnapshot: writing((into, id: number): void => into.removeSnapshot(id)),
  setAside: writing((into, row: DamagedRow, lineage: Lineage | undefined, what: string): void => into.setAside(row, lineage, what)),
  close: (): void => {
    opened?.close();
    opened = undefined;
  },
};

/** What the store's thread can be asked for. */
export type StoreCalls = typeof calls;

answerCalls(calls);
