/**
 * The store's thread: everything that writes. Commits wait for the disk here, never on the event loop.
 */
import { workerData } from "node:worker_threads";
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { RoomRecord } from "../core/stored-room.ts";
import { openStore } from "./store-opening.ts";
import type { DamagedRow, SqliteStore } from "./sqlite-store.ts";
import type { SnapshotBody } from "./store-row.ts";
import type { Damage, LogOpening } from "./update-log.ts";
import { answerCalls, sendNotice } from "./worker-line.ts";

export interface StoreThread {
  readonly folder: string;
  readonly freeBytesMin: number;
}

const { folder, freeBytesMin } = workerData as StoreThread;
let opened: SqliteStore | undefined;

/** A thread that took the place of one that died opens the store by itself and says what it found. */
function store(): SqliteStore {
  if (opened) return opened;
  for (const damage of open().damage) sendNotice(damage satisfies Damage);
  return store();
}

function open(): LogOpening {
  const { store: openedStore, opening } = openStore(folder, freeBytesMin);
  opened = openedStore;
  return opening;
}

const calls = {
  open,
  append: (packed: Uint8Array): void => store().append(packed),
  putRecord: (record: RoomRecord): void => store().putRecord(record),
  nextSnapshot: (): number => store().nextSnapshot(),
  putChunk: (snapshot: number, part: number, bytes: Uint8Array): void => store().putChunk(snapshot, part, bytes),
  putSnapshot: (id: number, lineage: number, body: SnapshotBody): void => store().putSnapshot(id, lineage, body),
  adoptSnapshot: (id: number, lineage: Lineage): boolean => store().adoptSnapshot(id, lineage),
  sweep: (id: number, lineage: Lineage): boolean => store().sweep(id, lineage),
  removeSnapshot: (id: number): void => store().removeSnapshot(id),
  setAside: (row: DamagedRow, lineage: Lineage, what: string): void => store().setAside(row, lineage, what),
  close: (): void => {
    opened?.close();
    opened = undefined;
  },
};

/** What the store's thread can be asked for. */
export type StoreCalls = typeof calls;

answerCalls(calls);
