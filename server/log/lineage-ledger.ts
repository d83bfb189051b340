/**
 * LineageLedger: for each lineage that is written to, what the store knows without reading its content: its number, its
 * clock, how much there is. Kept in memory between commits and in `summary` on disk, written in the transaction that
 * changes it, so that a list of a hundred thousand rooms reads no content.
 *
 * Invariants: what is cached equals what a commit left on disk (`forget` after every failed one); a summary is that of
 * the room's highest generation; a summary whose checksum fails is computed anew from the rows themselves. A content's hash
 * lies in the row that every change of the content writes anew: it stands for what is on disk with it, or is not there.
 */
import type { Database, Statement } from "better-sqlite3";
import type { ActorId, Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { compareHlc, type Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { decodeEntry } from "@inkmesh/shared/wire/entry-codec";
import type { RoomRecord } from "../core/stored-room.ts";
import { contiguousClock } from "./contiguous-clock.ts";
import { freeLineageId } from "./lineage-proof.ts";
import { coverOf } from "./replica-marks.ts";
import type { HashParcel } from "./room-parcel.ts";
import {
  foldedText,
  lineageChecksum,
  parseRecord,
  recordChecksum,
  summaryChecksum,
  type EntryRow,
  type LineageRow,
  type RecordRow,
  type SnapshotBody,
  type SnapshotRow,
  type SummaryBody,
  type SummaryRow,
} from "./store-row.ts";

/** One lineage's account; changed in place within a transaction. */
export interface Account {
  readonly id: number;
  readonly lineage: Lineage;
  clock: Map<ActorId, number>;
  beyond: boolean;
  bytes: number;
  entries: number;
  lastHlc: Hlc | undefined;
  created: Hlc | undefined;
  /** Whoever changes the content takes it away. */
  contentHash: string | undefined;
}

interface RoomAccounts {
  record: RoomRecord | undefined;
  /** Generations up to this one are closed: what comes for them is late and leaves nothing. */
  closedThrough: number;
  /** The highest generation that has a summary. */
  newest: number;
  readonly byGeneration: Map<number, Account>;
}

/** Rooms whose accounts stay in memory: about 1 KiB each. */
const cachedRoomsMax = 10_000;

export class LineageLedger {
  readonly #rooms = new Map<RoomName, RoomAccounts>();
  readonly #database: Database;
  readonly #recordOf: Statement<[string], RecordRow>;
  readonly #summaryOf: Statement<[string], SummaryRow>;
  readonly #lineageOf: Statement<[string, number], LineageRow>;
  readonly #addLineage: Statement<[number, string, number, number]>;
  readonly #putSummary: Statement<[string, number, number, number, string, string, number]>;

  constructor(database: Database) {
    this.#database = database;
    this.#recordOf = database.prepare("SELECT * FROM record WHERE room = ?");
    this.#summaryOf = database.prepare("SELECT * FROM summary WHERE room = ?");
    this.#lineageOf = database.prepare("SELECT * FROM lineage WHERE room = ? AND generation = ?");
    this.#addLineage = database.prepare("INSERT INTO lineage (id, room, generation, crc) VALUES (?, ?, ?, ?)");
    this.#putSummary = database.prepare("INSERT OR REPLACE INTO summary VALUES (?, ?, ?, ?, ?, ?, ?)");
  }

  /** The account of an open lineage, created where it has none; undefined when its generation is closed. */
  open(lineage: Lineage): Account | undefined {
    const room = this.#room(lineage.room);
    if (lineage.generation <= room.closedThrough) return undefined;
    const known = room.byGeneration.get(lineage.generation);
    if (known) return known;
    const account = this.#read(lineage, this.#idOf(lineage));
    room.byGeneration.set(lineage.generation, account);
    return account;
  }

  /** Undefined where it has none. */
  numberOf({ room, generation }: Lineage): number | undefined {
    return this.#lineageOf.get(room, generation)?.id;
  }

  /** Takes a lineage's number away where nothing is kept under it. */
  removeUnused({ id, lineage }: Account): void {
    const tables = ["entry", "quarantine", "cover", "snapshot", "segment", "blob", "mention", "unread", "summary"];
    const isUsed = tables.map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE lineage = $id)`).join(" OR ");
    const { changes } = this.#database.prepare(`DELETE FROM lineage WHERE id = $id AND NOT (${isUsed})`).run({ id });
    if (changes > 0) this.#rooms.delete(lineage.room);
  }

  /** Writes the account's summary, if it is that of the room's current generation. */
  save(account: Account): void {
    const { room, generation } = account.lineage;
    const known = this.#room(room);
    if (known.newest > generation) return;
    known.newest = generation;
    const { record, closedThrough } = known;
    const body: SummaryBody = {
      clock: [...account.clock],
      beyond: account.beyond,
      bytes: account.bytes,
      entries: account.entries,
      lastHlc: account.lastHlc,
      created: account.created,
      contentHash: account.contentHash,
    };
    const row = {
      room,
      lineage: account.id,
      generation,
      deleted: generation <= closedThrough ? 1 : 0,
      folded: foldedText(room, record?.title?.value),
      body: JSON.stringify(body),
    };
    this.#putSummary.run(row.room, row.lineage, row.generation, row.deleted, row.folded, row.body, summaryChecksum(row));
  }

  /** A record was written: shows it in the summary. The lineage it names is empty where it was just closed. */
  recordChanged(record: RoomRecord): void {
    this.#rooms.delete(record.room);
    const lineage = { room: record.room, generation: record.generation };
    const account = this.open(lineage) ?? emptyAccount(this.#idOf(lineage), lineage);
    account.created ??= record.created;
    this.save(account);
  }

  /** Notes what the content hashes to, if it is still what `hashed` names. */
  keepHash({ lineage, clock, entries, hash }: HashParcel): void {
    if (this.#room(lineage.room).newest !== lineage.generation || this.#readSummary(lineage.room) === undefined) return;
    const account = this.open(lineage);
    if (account === undefined || account.beyond || account.entries !== entries) return;
    if (VectorClock.of(account.clock).compare(VectorClock.of(clock)) !== "equal") return;
    account.contentHash = hash;
    this.save(account);
  }

  /** Computes a lineage's account from its rows, whatever its summary says, and writes it. */
  recompute(lineage: Lineage): void {
    const account = this.open(lineage);
    if (!account) return;
    Object.assign(account, this.#count(lineage, account.id));
    this.save(account);
  }

  /** After a failed transaction: what is in memory may not be on disk. */
  forget(): void {
    this.#rooms.clear();
  }

  #room(name: RoomName): RoomAccounts {
    const known = this.#rooms.get(name);
    if (known) return known;
    const record = this.#readRecord(name);
    const summary = this.#readSummary(name);
    const closedThrough = Math.max(closedBy(record), closedBy(summary));
    const room: RoomAccounts = { record, closedThrough, newest: summary?.generation ?? 0, byGeneration: new Map() };
    if (this.#rooms.size >= cachedRoomsMax) this.#rooms.delete(this.#rooms.keys().next().value as RoomName);
    this.#rooms.set(name, room);
    return room;
  }

  #readRecord(room: RoomName): RoomRecord | undefined {
    const row = this.#recordOf.get(room);
    return row !== undefined && row.crc === recordChecksum(row) ? parseRecord(row.body) : undefined;
  }

  #readSummary(room: RoomName): SummaryRow | undefined {
    const row = this.#summaryOf.get(room);
    return row !== undefined && row.crc === summaryChecksum(row) ? row : undefined;
  }

  #idOf(lineage: Lineage): number {
    const known = this.numberOf(lineage);
    if (known !== undefined) return known;
    const id = freeLineageId(this.#database);
    this.#addLineage.run(id, lineage.room, lineage.generation, lineageChecksum({ id, ...lineage }));
    return id;
  }

  #read(lineage: Lineage, id: number): Account {
    const row = this.#readSummary(lineage.room);
    // One that tells of content under another number tells nothing of what is under this one.
    if (row?.generation !== lineage.generation || row.lineage !== id) return this.#count(lineage, id);
    const body = JSON.parse(row.body) as SummaryBody;
    return {
      id,
      lineage,
      clock: new Map(body.clock),
      beyond: body.beyond,
      bytes: body.bytes,
      entries: body.entries,
      lastHlc: body.lastHlc,
      created: body.created,
      contentHash: body.contentHash,
    };
  }

  #count(lineage: Lineage, id: number): Account {
    const account = emptyAccount(id, lineage);
    const snapshot = this.#database
      .prepare<[number], SnapshotRow>("SELECT * FROM snapshot WHERE lineage = ? AND verified = 1 ORDER BY id DESC LIMIT 1")
      .get(id);
    const base = snapshot && (JSON.parse(snapshot.body) as SnapshotBody);
    account.bytes = base ? base.lengths.reduce((sum, length) => sum + length, 0) : 0;
    const clock = coverOf(this.#database, id).join(VectorClock.of(base?.clock ?? []));
    // What was pruned is contained without being named.
    const contained = clock.join(VectorClock.of(base?.pruned ?? []));
    const dots = [];
    for (const row of this.#database.prepare<[number], EntryRow>("SELECT * FROM entry WHERE lineage = ?").iterate(id)) {
      // Superfluous entries count until they are swept, which takes them off again.
      account.bytes += row.record.length;
      account.entries++;
      const entry = decodeEntry(row.record);
      if (!entry.ok) continue;
      noteStamp(account, entry.value.hlc);
      if (!contained.contains(entry.value.dot)) dots.push(entry.value.dot);
    }
    const reached = contiguousClock(clock, dots);
    account.clock = new Map(reached.clock.entries());
    account.beyond = reached.beyond;
    return account;
  }
}

/** Takes note of an entry's stamp. */
export function noteStamp(account: Account, hlc: Hlc): void {
  if (account.lastHlc === undefined || compareHlc(hlc, account.lastHlc) > 0) account.lastHlc = hlc;
  account.created ??= hlc;
}

/** Records and summaries both know which generations are closed, so that one damaged row does not reopen a room. */
function closedBy(known: { readonly generation: number; readonly deleted?: unknown } | undefined): number {
  return known === undefined ? -1 : known.deleted ? known.generation : known.generation - 1;
}

function emptyAccount(id: number, lineage: Lineage): Account {
  return {
    id,
    lineage,
    clock: new Map(),
    beyond: false,
    bytes: 0,
    entries: 0,
    lastHlc: undefined,
    created: undefined,
    contentHash: undefined,
  };
}

/** The store as it is may hold what nobody has looked at: rooms are to be read before anything is said of their content. */
export function forgetHashes(database: Database): void {
  const put = database.prepare("UPDATE summary SET body = ?, crc = ? WHERE room = ?");
  database.transaction(() => {
    for (const row of database.prepare<[], SummaryRow>("SELECT * FROM summary").all()) {
      if (row.crc !== summaryChecksum(row)) continue;
      const body = JSON.stringify({ ...(JSON.parse(row.body) as SummaryBody), contentHash: undefined });
      if (body !== row.body) put.run(body, summaryChecksum({ ...row, body }), row.room);
    }
  })();
}
