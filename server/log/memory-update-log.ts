/**
 * MemoryUpdateLog: the same contract without a disk, for tests: what a closed log held is gone with the object, and
 * nothing is ever damaged. Entries are kept encoded, so that nobody shares bytes with the log.
 */
import { mentionedBlobs, type BlobName } from "@inkmesh/shared/base/blob-name";
import { noBytes, sameBytes } from "@inkmesh/shared/base/bytes";
import { lineageKey, type Lineage, type RoomName } from "@inkmesh/shared/base/ids";
import { dotKey, type Dot } from "@inkmesh/shared/clock/dot";
import { compareHlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { rangeOf } from "@inkmesh/shared/clock/dot-ranges";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { CrdtEngine } from "@inkmesh/shared/engine/crdt-engine";
import type { EngineOfRoom } from "@inkmesh/shared/engine/engine-of";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import { encodeEntry } from "@inkmesh/shared/wire/entry-codec";
import type { BlobGaps, HeldBlobs } from "../core/stored-blob.ts";
import {
  isWithoutGap,
  type CoveredHistory,
  type HistoryAsk,
  type HistoryGaps,
  type RoomHistory,
  type TakenHistory,
  type VersionAsk,
} from "../core/stored-history.ts";
import {
  nothingUnnamed,
  type Compaction,
  type HashedContent,
  type RoomPage,
  type RoomRecord,
  type RoomSummary,
  type StoredRoom,
  type StoreInspection,
} from "../core/stored-room.ts";
import { firstBlobLimits, type BlobLimits } from "./blob-admission.ts";
import { compactionCut } from "./compaction-cut.ts";
import { cutBefore } from "./history-cut.ts";
import { minutesOfHorizon } from "./history-expiry.ts";
import { coveredOf, decodePiece, draftPiece, fitPiece } from "./history-piece.ts";
import { decodeSegment, encodeSegment, joinMinutes, minuteOf, minutesOf, segmentsOf } from "./history-segment.ts";
import { MemoryBlobs } from "./memory-blobs.ts";
import { clockOf, entriesOf, keptOf, reachedBy, type MemoryLineage } from "./memory-lineage.ts";
import { prunedCut } from "./pruned-cut.ts";
import { partsThrough, shownMinutes } from "./shown-history.ts";
import { foldedText } from "./store-row.ts";
import type { Append, BlobGrace, BlobKeeping, Damage, HistoryHorizon, LogOpening, LogResult, RoomsAsk, UpdateLog } from "./update-log.ts";

const inspectedRooms = 256;

export class MemoryUpdateLog implements UpdateLog {
  readonly #engineOf: EngineOfRoom;
  readonly #nestingMax: number;
  readonly #keepsHistory: boolean;
  readonly #lineages = new Map<string, MemoryLineage>();
  readonly #records = new Map<RoomName, RoomRecord>();
  readonly #marks = new Set<RoomName>();
  readonly #blobs: MemoryBlobs;
  #wholeRing: readonly RingRecord[] | undefined;

  constructor(options: { engineOf: EngineOfRoom; nestingMax: number; keepsHistory?: boolean; blobs?: BlobLimits }) {
    this.#blobs = new MemoryBlobs(options.blobs ?? firstBlobLimits);
    this.#keepsHistory = options.keepsHistory ?? false;
    this.#engineOf = options.engineOf;
    this.#nestingMax = options.nestingMax;
  }

  async open(): Promise<LogOpening> {
    return { complete: true, damage: [], hlcFloorMs: 0, wholeRing: this.#wholeRing };
  }

  async append(batch: readonly Append[]): Promise<LogResult<undefined>> {
    const clash = batch.flatMap(({ lineage, entries }) => entries.filter((entry) => this.#clashes(lineage, entry)))[0];
    if (clash)
      return { ok: false, refusal: { code: "STORE_FAILED", detail: `the dot ${dotKey(clash.dot)} names another payload already` } };
    for (const { lineage, entries, cover, completes } of batch) {
      if (completes === true) this.#marks.add(lineage.room);
      if (this.#isClosed(lineage) || (entries.length === 0 && cover === undefined)) continue;
      for (const entry of entries) this.#add(lineage, entry);
      const held = this.#held(lineage);
      if (cover !== undefined) held.cover = held.cover.join(cover);
    }
    return done;
  }

  async load(room: RoomName, wanted?: number): Promise<LogResult<StoredRoom>> {
    const generation = wanted ?? this.#currentGeneration(room);
    const held = this.#lineages.get(lineageKey({ room, generation }));
    const tail = held ? entriesOf(held) : [];
    const parts = [...(held?.snapshot ? [held.snapshot.state] : []), ...tail.map((entry) => entry.payload)];
    const value: StoredRoom = {
      record: this.#records.get(room),
      snapshot: held?.snapshot,
      tail,
      index: this.#engineOf(room).indexOf(parts).index.encode(),
      clock: held ? clockOf(held) : VectorClock.empty,
      isMarked: this.#marks.has(room),
    };
    return { ok: true, value };
  }

  async compact(lineage: Lineage, upTo: VectorClock, unnaming = nothingUnnamed): Promise<LogResult<Compaction>> {
    const held = this.#lineages.get(lineageKey(lineage));
    if (!held) return { ok: false, refusal: { code: "STORE_FAILED", detail: "nothing was ever written to this generation" } };
    const base = held.snapshot;
    const tail = entriesOf(held);
    const inTail = tail.map((entry) => entry.dot);
    const clock = compactionCut({ base: base?.clock ?? VectorClock.empty, cover: held.cover, tail: inTail }, upTo);
    const covered = tail.filter((entry) => clock.contains(entry.dot));
    const engine = this.#engineOf(lineage.room);
    const shadow = engine.shadow([...(base ? [base.state] : []), ...covered.map((entry) => entry.payload)], {
      nestingMax: this.#nestingMax,
    });
    const unapplied = new Set(shadow.unapplied.map((part) => covered[base ? part - 1 : part]));
    const rest = tail.filter((entry) => !clock.contains(entry.dot));
    const { clock: named, pruned } = prunedCut({ clock, covered, rest, prunedBefore: base?.pruned ?? VectorClock.empty }, unnaming);
    const { state, stateVector, deleteSetUpdate } = shadow;
    const snapshot = { clock: named, pruned, state, stateVector, deleteSetUpdate };
    this.#tell(
      engine,
      held,
      covered.filter((entry) => !unapplied.has(entry)),
    );
    held.snapshot = snapshot;
    held.cover = held.cover.past(clock.past(named));
    held.contentHash = undefined;
    for (const entry of covered) held.tail.delete(dotKey(entry.dot));
    const aside = [...unapplied].filter((entry) => entry !== undefined);
    held.aside = [...held.aside, ...aside.map(({ dot }) => rangeOf(dot))];
    held.asideMentions = [...held.asideMentions, ...aside.flatMap(({ payload }) => mentionedBlobs(payload))];
    const { index } = engine.indexOf([snapshot.state, ...entriesOf(held).map((entry) => entry.payload)]);
    const dots = (quarantined: boolean): Dot[] => covered.filter((entry) => unapplied.has(entry) === quarantined).map((entry) => entry.dot);
    return { ok: true, value: { snapshot, index: index.encode(), removed: dots(false), quarantined: dots(true) } };
  }

  async history(room: RoomName, wanted?: number): Promise<LogResult<RoomHistory>> {
    const generation = wanted ?? this.#currentGeneration(room);
    const held = this.#lineages.get(lineageKey({ room, generation }));
    const { base, segments, tail } = keptOf(held);
    const { coverage, clock } = this.covered({ room, generation }, 0);
    const isWhole = isWithoutGap(coverage, clock);
    const minutes = joinMinutes(shownMinutes([...segments, ...minutesOf(tail)], isWhole));
    return { ok: true, value: { generation, base: base?.clock ?? VectorClock.empty, minutes } };
  }

  async version({ room, generation, minute, format }: VersionAsk): Promise<LogResult<Uint8Array | undefined>> {
    const held = this.#lineages.get(lineageKey({ room, generation }));
    if (held === undefined) return done;
    const { base, segments, tail } = keptOf(held);
    const engine = this.#engineOf(room);
    const parts = partsThrough([...segments, ...segmentsOf(engine, tail)], minute);
    return { ok: true, value: parts && engine.contentOf({ base: base?.state, parts }, format) };
  }

  /** As `historyCoverage` answers, at once. */
  covered(lineage: Lineage, sinceMs: number): CoveredHistory {
    const held = this.#lineages.get(lineageKey(lineage));
    const clock = held === undefined ? VectorClock.empty : clockOf(held);
    return coveredOf(keptOf(held), clock, minuteOf(sinceMs));
  }

  async historyCoverage(lineage: Lineage, sinceMs: number): Promise<LogResult<CoveredHistory>> {
    return { ok: true, value: this.covered(lineage, sinceMs) };
  }

  async historyPiece(lineage: Lineage, ask: HistoryAsk): Promise<LogResult<Uint8Array>> {
    const held = this.#lineages.get(lineageKey(lineage));
    const isKept = held?.snapshot === undefined || held.hasHistory;
    const kept = isKept ? keptOf(held) : { ...keptOf(held), base: undefined };
    return { ok: true, value: draftPiece(this.#engineOf(lineage.room), kept, { ask, bodyOf: encodeSegment }) };
  }

  async takeHistory(lineage: Lineage, bytes: Uint8Array, sinceMs: number): Promise<LogResult<TakenHistory>> {
    const held = this.#lineages.get(lineageKey(lineage));
    const piece = decodePiece(bytes);
    const isKept = held !== undefined && (held.snapshot === undefined || held.hasHistory) && clockOf(held).size > 0;
    if (!isKept || !piece.ok) return { ok: false, refusal: { code: "STORE_FAILED", detail: "there is no history that could take it in" } };
    const { segments, base } = fitPiece(this.#engineOf(lineage.room), keptOf(held), { piece: piece.value, since: minuteOf(sinceMs) });
    const contained = new Set(base?.contained);
    if (base) held.base = { ...base, pruned: VectorClock.empty, stateVector: noBytes, deleteSetUpdate: noBytes };
    const taken = segments.flatMap(({ body }) => {
      const segment = decodeSegment(body);
      return segment.ok ? [segment.value] : [];
    });
    held.segments = [...held.segments.filter((_, at) => !contained.has(at)), ...taken].sort((left, right) => left.minute - right.minute);
    const isNew = base !== undefined || segments.length > 0;
    held.hasHistory ||= isNew;
    return { ok: true, value: { ...this.covered(lineage, sinceMs), isNew, isLast: piece.value.isLast } };
  }

  async historyGaps(after: number, limit: number): Promise<LogResult<HistoryGaps>> {
    const some = [...this.#lineages.values()].slice(after, after + limit);
    const lineages = some
      .map(({ lineage }) => lineage)
      .filter((lineage) => {
        const { coverage, clock } = this.covered(lineage, 0);
        return !isWithoutGap(coverage, clock);
      });
    return { ok: true, value: { lineages, next: some.length < limit ? undefined : after + limit } };
  }

  async expireHistory(horizon: HistoryHorizon | undefined): Promise<LogResult<number>> {
    const kept = [...this.#lineages.values()].filter(({ hasHistory }) => hasHistory);
    if (horizon === undefined) for (const held of kept) Object.assign(held, { base: undefined, segments: [], hasHistory: false });
    const went = horizon === undefined ? kept : kept.filter((held) => this.#expire(this.#engineOf(held.lineage.room), held, horizon));
    return { ok: true, value: went.length };
  }

  async putBlob(lineage: Lineage, name: BlobName, bytes: Uint8Array, keeping: BlobKeeping): Promise<LogResult<undefined>> {
    if (this.#isClosed(lineage)) return { ok: false, refusal: { code: "ROOM_DELETED", detail: "its generation is closed" } };
    return this.#blobs.put(lineage, name, bytes, keeping);
  }

  async blob(lineage: Lineage, name: BlobName): Promise<LogResult<Uint8Array | undefined>> {
    return { ok: true, value: this.#blobs.bytes(lineage, name) };
  }

  async blobsOf(lineage: Lineage): Promise<LogResult<HeldBlobs>> {
    return { ok: true, value: this.#blobs.of(lineage, this.#lineages.get(lineageKey(lineage))) };
  }

  async blobGaps(after: number, limit: number): Promise<LogResult<BlobGaps>> {
    const some = [...this.#lineages.values()].slice(after, after + limit);
    const lacking = some.filter((held) => this.#blobs.of(held.lineage, held).lacking.length > 0);
    return { ok: true, value: { lineages: lacking.map(({ lineage }) => lineage), next: some.length < limit ? undefined : after + limit } };
  }

  async collectBlobs(grace: BlobGrace): Promise<LogResult<number>> {
    return this.#blobs.collect(grace, (key) => this.#lineages.get(key));
  }

  async putRecord(record: RoomRecord, completes = false): Promise<LogResult<undefined>> {
    if (completes) this.#marks.add(record.room);
    this.#records.set(record.room, structuredClone(record));
    for (const [key, { lineage }] of this.#lineages) {
      if (lineage.room === record.room && this.#isClosed(lineage)) this.#lineages.delete(key);
    }
    this.#blobs.remove({ room: record.room, generation: record.deleted ? record.generation : record.generation - 1 });
    return done;
  }

  async dropCopies(lineages: readonly Lineage[]): Promise<LogResult<undefined>> {
    for (const { room, generation } of lineages) {
      this.#marks.delete(room);
      this.#blobs.remove({ room, generation });
      for (const [key, { lineage }] of this.#lineages)
        if (lineage.room === room && lineage.generation <= generation) this.#lineages.delete(key);
    }
    return done;
  }

  keepHash({ lineage, clock, entries, hash }: HashedContent): void {
    const hasRecord = this.#records.get(lineage.room)?.generation === lineage.generation;
    if (!hasRecord || this.#isClosed(lineage)) return;
    const held = this.#held(lineage);
    if (held.tail.size !== entries || reachedBy(held).beyond) return;
    if (clockOf(held).compare(clock) === "equal") held.contentHash = hash;
  }

  async putWholeRing(ring: readonly RingRecord[]): Promise<LogResult<undefined>> {
    this.#wholeRing = structuredClone(ring);
    return done;
  }

  async rooms(page: RoomsAsk): Promise<LogResult<RoomPage>> {
    const search = page.search?.toLowerCase() ?? "";
    const names = new Set([...this.#records.keys(), ...[...this.#lineages.values()].map(({ lineage }) => lineage.room)]);
    const found = [...names]
      .sort(byBytes)
      .filter((room) => page.after === undefined || byBytes(room, page.after) > 0)
      .flatMap((room) => this.#summaryOf(room, page) ?? [])
      .filter(({ record }) => foldedText(record.room, record.title?.value).includes(search));
    const rooms = found.slice(0, page.limit);
    return { ok: true, value: { rooms, next: found.length > page.limit ? rooms.at(-1)?.record.room : undefined } };
  }

  async verify(): Promise<LogResult<readonly Damage[]>> {
    return { ok: true, value: [] };
  }

  async inspect(after: string | undefined): Promise<LogResult<StoreInspection>> {
    const listed = await this.rooms({ after, limit: inspectedRooms, deleted: true });
    if (!listed.ok) return listed;
    const { rooms, next } = listed.value;
    const inspected = rooms.map(({ record: { room, generation }, bytes, clock }) => ({ room, generation, bytes, clock }));
    return { ok: true, value: { rooms: inspected, flaws: [], total: after === undefined ? this.#lineages.size : undefined, next } };
  }

  async setAsideDamage(): Promise<LogResult<number>> {
    return { ok: true, value: 0 };
  }

  async freeBytes(): Promise<number | undefined> {
    return undefined;
  }

  onDamage(): void {
    // Memory is never damaged.
  }

  async close(): Promise<void> {
    this.#lineages.clear();
    this.#records.clear();
  }

  #add(lineage: Lineage, entry: Entry): void {
    const held = this.#held(lineage);
    if (held.snapshot?.clock.contains(entry.dot) || held.snapshot?.pruned.contains(entry.dot) || held.tail.has(dotKey(entry.dot))) return;
    held.tail.set(dotKey(entry.dot), encodeEntry(entry));
    held.contentHash = undefined;
    held.created ??= entry.hlc;
    if (!held.lastHlc || compareHlc(entry.hlc, held.lastHlc) > 0) held.lastHlc = entry.hlc;
  }

  /** What leaves the log is in the history from now on. */
  #tell(engine: CrdtEngine, held: MemoryLineage, entries: readonly Entry[]): void {
    if (this.#keepsHistory && held.snapshot !== undefined && !held.hasHistory) held.base = held.snapshot;
    held.hasHistory = this.#keepsHistory;
    held.segments = this.#keepsHistory ? [...held.segments, ...segmentsOf(engine, entries)] : [];
  }

  /** Whether anything went. */
  #expire(engine: CrdtEngine, held: MemoryLineage, horizon: HistoryHorizon): boolean {
    const { due, cut } = minutesOfHorizon(horizon);
    if (!held.segments.some(({ minute }) => minute < due)) return false;
    const { base, aside } = keptOf(held);
    const { older, clock } = cutBefore(held.segments, cut, { base: base?.clock ?? VectorClock.empty, aside });
    if (older.length === 0) return false;
    const state = engine.collectHistory({ base: base?.state, parts: older.map(({ part }) => part) });
    held.base = { clock, pruned: VectorClock.empty, state, stateVector: noBytes, deleteSetUpdate: noBytes };
    held.segments = held.segments.filter((segment) => !older.includes(segment));
    return true;
  }

  #held(lineage: Lineage): MemoryLineage {
    const known = this.#lineages.get(lineageKey(lineage));
    if (known !== undefined) return known;
    const begun = {
      ...{ lineage, snapshot: undefined, tail: new Map(), cover: VectorClock.empty },
      ...{ base: undefined, segments: [], aside: [], asideMentions: [], hasHistory: false },
      ...{ lastHlc: undefined, created: undefined, contentHash: undefined },
    };
    this.#lineages.set(lineageKey(lineage), begun);
    return begun;
  }

  #clashes(lineage: Lineage, entry: Entry): boolean {
    const there = this.#lineages.get(lineageKey(lineage))?.tail.get(dotKey(entry.dot));
    return there !== undefined && !sameBytes(there, encodeEntry(entry));
  }

  #isClosed({ room, generation }: Lineage): boolean {
    const record = this.#records.get(room);
    return record !== undefined && (generation < record.generation || (generation === record.generation && record.deleted !== undefined));
  }

  #currentGeneration(room: RoomName): number {
    const written = [...this.#lineages.values()].filter(({ lineage }) => lineage.room === room).map(({ lineage }) => lineage.generation);
    return Math.max(0, this.#records.get(room)?.generation ?? 0, ...written);
  }

  #summaryOf(room: RoomName, { deleted, hashes }: RoomsAsk): RoomSummary | undefined {
    const lineage = { room, generation: this.#currentGeneration(room) };
    if (this.#isClosed(lineage) && deleted !== true) return undefined;
    const held = this.#lineages.get(lineageKey(lineage));
    const created = held?.created ?? { physicalMs: 0, logical: 0, relay: "" as never };
    const implicit: RoomRecord = { ...lineage, title: undefined, kind: undefined, deleted: undefined, everDeleted: false, created };
    const snapshot = held?.snapshot;
    const parts = [...(snapshot ? [snapshot.state, snapshot.stateVector, snapshot.deleteSetUpdate] : []), ...(held?.tail.values() ?? [])];
    const record = this.#records.get(room);
    return {
      record: record ?? implicit,
      contentHash: hashes === true && record?.generation === lineage.generation ? held?.contentHash : undefined,
      isMarked: this.#marks.has(room),
      clock: held ? clockOf(held) : VectorClock.empty,
      bytes: parts.reduce((sum, part) => sum + part.length, 0),
      entries: held?.tail.size ?? 0,
      lastHlc: held?.lastHlc,
    };
  }
}

const done = { ok: true, value: undefined } as const;

/** The order of SQLite: by UTF-8 bytes. */
function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
