/**
 * SqliteFolder: a store in a folder of its own, used without threads, so that a test can open, damage and reopen it in
 * milliseconds.
 */
import * as fs from "node:fs";
import { firstBlobLimits } from "../../../server/log/blob-admission.ts";
import * as os from "node:os";
import * as path from "node:path";
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { YjsEngine } from "@inkmesh/shared/engine/yjs-engine";
import { nothingUnnamed } from "../../../server/core/stored-room.ts";
import type { Counters } from "../../../server/log/store-row.ts";
import type { StoredRoom } from "../../../server/core/stored-room.ts";
import { packAppends } from "../../../server/log/append-batch.ts";
import { HistoryReader } from "../../../server/log/history-reader.ts";
import { unpackRoom } from "../../../server/log/room-parcel.ts";
import { checkSnapshot, draftSnapshot } from "../../../server/log/snapshot-draft.ts";
import { chunkBytes } from "../../../server/log/snapshot-shelf.ts";
import { openReader } from "../../../server/log/sqlite-connection.ts";
import { SqliteReader, type FoundDamage } from "../../../server/log/sqlite-reader.ts";
import type { SqliteStore } from "../../../server/log/sqlite-store.ts";
import { openStore, storeFile } from "../../../server/log/store-opening.ts";
import type { Append, LogOpening } from "../../../server/log/update-log.ts";

const engine = new YjsEngine();
const nestingMax = 64;

/** What makes a store one of version 3, but for its number. */
export const dropBlobTables = ["blob", "piece", "leftover", "mention", "unread"].map((table) => `DROP TABLE ${table}`);

export class SqliteFolder {
  readonly path: string;
  readonly file: string;
  /** What reading found. */
  readonly found: FoundDamage[] = [];
  /** Whether what leaves the log is in a history. */
  keepsHistory = true;
  #store: SqliteStore | undefined;

  constructor(folder = fs.mkdtempSync(path.join(os.tmpdir(), "inkmesh-store-"))) {
    this.path = folder;
    this.file = storeFile(folder);
  }

  /** `relay`: whose folder it is. */
  open(relay?: RelayId): LogOpening {
    const { store, opening } = openStore({ folder: this.path, freeBytesMin: 0, relay, blobs: firstBlobLimits });
    this.#store = store;
    return opening;
  }

  get store(): SqliteStore {
    if (!this.#store) throw new Error("not open");
    return this.#store;
  }

  append(...batch: readonly Append[]): void {
    this.store.append(packAppends(batch));
  }

  load(room: string, generation?: number): StoredRoom {
    return this.read((reader) => unpackRoom(reader.load(room as RoomName, generation)));
  }

  read<Value>(work: (reader: SqliteReader) => Value): Value {
    const database = openReader(this.file);
    try {
      return work(
        new SqliteReader(
          database,
          () => engine,
          (damage) => this.found.push(damage),
        ),
      );
    } finally {
      database.close();
    }
  }

  readHistory<Value>(work: (history: HistoryReader) => Value): Value {
    const database = openReader(this.file);
    const note = (damage: FoundDamage): unknown => this.found.push(damage);
    try {
      return work(new HistoryReader(database, new SqliteReader(database, () => engine, note), note));
    } finally {
      database.close();
    }
  }

  /** A whole compaction, or its beginning up to a step. */
  compact(room: string, upTo: Counters, until: "written" | "adopted" | "swept" = "swept", unnaming = nothingUnnamed): void {
    const lineage = { room: room as RoomName, generation: 0 };
    const options = { engine, nestingMax, keepsHistory: this.keepsHistory };
    const draft = this.read((reader) => draftSnapshot({ reader, ...options }, { lineage, upTo, unnaming }));
    if (draft?.type !== "new") return;
    const id = this.store.nextSnapshot();
    for (let part = 0; part < draft.body.chunks; part++)
      this.store.putChunk(id, part, draft.bytes.slice(part * chunkBytes, (part + 1) * chunkBytes));
    this.store.putSnapshot(id, draft.lineage, draft.body);
    this.store.putSegments(id, draft.lineage, lineage, draft.segments);
    if (until === "written") return;
    if (!this.readHistory((history) => checkSnapshot(history, engine, { lineage, id, hash: draft.hash })))
      throw new Error("the snapshot is not the draft");
    this.store.adoptSnapshot(id, lineage);
    while (until === "swept" && !this.store.sweep(id, lineage)) continue;
  }

  close(): void {
    this.#store?.close();
    this.#store = undefined;
  }

  /** The files as a killed process leaves them: with the write-ahead log, into a folder of their own. */
  killed(): SqliteFolder {
    const copy = new SqliteFolder();
    for (const name of fs.readdirSync(this.path))
      if (!name.endsWith("-shm")) fs.copyFileSync(path.join(this.path, name), path.join(copy.path, name));
    return copy;
  }

  /** Overwrites bytes of one of its files. */
  overwrite(file: string, offset: number, bytes: Uint8Array): void {
    const opened = fs.openSync(file, "r+");
    fs.writeSync(opened, bytes, 0, bytes.length, offset);
    fs.closeSync(opened);
  }

  names(): string[] {
    return fs.readdirSync(this.path).sort();
  }

  dispose(): void {
    this.close();
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}
