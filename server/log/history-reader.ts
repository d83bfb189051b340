/**
 * HistoryReader: the reading side of histories, beside the reader of rooms, on its connection.
 *
 *     base ── what is older than the horizon, or from before a history was kept
 *       └─▶ segments ── by minute ──▶ the tail, still in the log
 *
 * Invariants: it changes nothing; a segment that is not as it was written is left out and told of; what a compaction or an expiry moves
 * meanwhile is seen at least once, since tail, segments and base are read in the order in which entries move.
 */
import type { Database } from "better-sqlite3";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { ok, type Result } from "@inkmesh/shared/base/result";
import type { DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { isWithoutGap, type CoveredHistory, type HistoryMinute } from "../core/stored-history.ts";
import { contiguousClock } from "./contiguous-clock.ts";
import { coveredOf, type HistoryBase } from "./history-piece.ts";
import { decodeSegment, decodeSegmentHead, joinMinutes, minutesOf, type HistorySegment } from "./history-segment.ts";
import { isSound } from "./lineage-proof.ts";
import { shownMinutes } from "./shown-history.ts";
import type { HistoryParcel, SnapshotParcel } from "./room-parcel.ts";
import type { FoundDamage, LoggedLineage, SqliteReader } from "./sqlite-reader.ts";
import { segmentChecksum, type LineageRow, type SegmentRow } from "./store-row.ts";

/** With the number of its row. */
interface Numbered {
  readonly id: number;
}

type Decode<Segment> = (body: Uint8Array) => Result<Segment>;

/** A segment as it lies on disk, of which only the head was read. */
interface RawSegment extends HistoryMinute {
  readonly body: Uint8Array;
}

/** What there is of a lineage's history. */
interface StoredHistory<Segment = HistorySegment> {
  readonly lineage: number | undefined;
  /** Whether what leaves the log goes into it. */
  readonly isKept: boolean;
  readonly base: SnapshotParcel | undefined;
  /** By minute, and within one in the order in which they were written. */
  readonly segments: readonly (Segment & Numbered)[];
  /** Still in the log, in the order of admission. */
  readonly tail: readonly Entry[];
  /** Of what left it, what was set aside. */
  readonly aside: readonly DotRange[];
  /** What the document contains. */
  readonly clock: VectorClock;
}

export interface AgedLineage {
  readonly id: number;
  readonly lineage: Lineage;
}

export class HistoryReader {
  readonly reader: SqliteReader;
  readonly #database: Database;
  readonly #onDamage: (damage: FoundDamage) => void;
  /** Whether all lineages are still to be looked at; not known before the first look. */
  #isSalvaged: boolean | undefined;

  constructor(database: Database, reader: SqliteReader, onDamage: (damage: FoundDamage) => void) {
    this.#database = database;
    this.reader = reader;
    this.#onDamage = onDamage;
  }

  read(of: Lineage): StoredHistory {
    return this.#read(of, decodeSegment);
  }

  /** The same with segments as they lie here. */
  raw(of: Lineage): StoredHistory<RawSegment> {
    return this.#read(of, (body) => {
      const head = decodeSegmentHead(body);
      return head.ok ? ok({ ...head.value, body }) : head;
    });
  }

  #read<Segment extends HistoryMinute>(of: Lineage, decode: Decode<Segment>): StoredHistory<Segment> {
    const logged = this.reader.lineage(of);
    const { id, snapshot } = logged;
    const tail = logged.tail.map(({ entry }) => entry);
    const clock = clockOf(logged);
    if (id === undefined) return { lineage: id, isKept: true, base: undefined, segments: [], tail, aside: [], clock };
    const aside = this.reader.quarantined(of, id, snapshot);
    // Without a history there is what the room is read from.
    if (snapshot && !snapshot.history) return { lineage: id, isKept: false, base: snapshot, segments: [], tail, aside, clock };
    const segments = this.#segments("lineage = ?", id, { of, decode });
    return { lineage: id, isKept: true, base: this.reader.base(of, id), segments, tail, aside, clock };
  }

  /** The same as a list, without what was written. Without a generation the current one. */
  list(room: RoomName, wanted?: number): HistoryParcel {
    const generation = wanted ?? this.reader.currentGeneration(room);
    const stored = this.#read({ room, generation }, decodeSegmentHead);
    const { coverage, clock } = coveredOf(keptOf(stored), stored.clock, 0);
    const isWhole = isWithoutGap(coverage, clock);
    const minutes = joinMinutes(shownMinutes([...stored.segments, ...minutesOf(stored.tail)], isWhole));
    const parcels = minutes.map(({ deps, ...minute }) => ({ ...minute, deps: deps.entries() }));
    return { generation, base: stored.base?.clock ?? [], minutes: parcels };
  }

  /** What it tells of; `since`: the minute from which on that is told apart. */
  covered(of: Lineage, since: number): CoveredHistory {
    const stored = this.#read(of, decodeSegmentHead);
    return coveredOf(keptOf(stored), stored.clock, since);
  }

  /**
   * Of the lineages behind `after`, so many at a time, those whose history lacks something that they contain. Looks only where that may be:
   * at those that took over a state, or lost a segment or a state; where the store was salvaged, which says not of what, once at all of them.
   */
  gaps(after: number, limit: number): { readonly lineages: readonly Lineage[]; readonly next: number | undefined } {
    const lost = "SELECT l.id FROM lineage l JOIN damage d ON d.room = l.room WHERE d.place IN ('segment', 'snapshot')";
    this.#isSalvaged ??= this.#database.prepare("SELECT 1 FROM damage WHERE room IS NULL LIMIT 1").get() !== undefined;
    const which = this.#isSalvaged ? "SELECT id FROM lineage" : `SELECT lineage AS id FROM cover UNION ${lost}`;
    const ids = this.#database
      .prepare<[number, number], number>(`SELECT id FROM (${which}) WHERE id > ? ORDER BY id LIMIT ?`)
      .pluck()
      .all(after, limit);
    const rows = ids.flatMap((id) => this.#database.prepare<[number], LineageRow>("SELECT * FROM lineage WHERE id = ?").get(id) ?? []);
    const lineages = rows.filter(isSound).map(({ room, generation }) => ({ room, generation }));
    const lacking = lineages.filter((of) => {
      const { coverage, clock } = this.covered(of, 0);
      return !isWithoutGap(coverage, clock);
    });
    const isEnd = ids.length < limit;
    if (isEnd) this.#isSalvaged = false;
    return { lineages: lacking, next: isEnd ? undefined : ids.at(-1) };
  }

  /** Those whose history tells of something before the minute `due`; without it, those that have one. */
  aged(due: number | undefined): readonly AgedLineage[] {
    const ids =
      due === undefined
        ? this.#database
            .prepare<[], number>("SELECT lineage FROM segment UNION SELECT lineage FROM snapshot WHERE verified = 2")
            .pluck()
            .all()
        : this.#database.prepare<[number], number>("SELECT lineage FROM segment GROUP BY lineage HAVING min(minute) < ?").pluck().all(due);
    const rows = ids.flatMap((id) => this.#database.prepare<[number], LineageRow>("SELECT * FROM lineage WHERE id = ?").get(id) ?? []);
    return rows.filter(isSound).map(({ id, room, generation }) => ({ id, lineage: { room, generation } }));
  }

  /** Those that came with a snapshot. */
  segmentsOf(of: Lineage, snapshot: number): readonly HistorySegment[] {
    return this.#segments("snapshot = ?", snapshot, { of, decode: decodeSegment });
  }

  /** The same as they lie here. */
  bodiesOf(of: Lineage, snapshot: number): readonly Uint8Array[] {
    return this.#segments("snapshot = ?", snapshot, { of, decode: (body) => ok({ body }) }).map(({ body }) => body);
  }

  #segments<Segment>(which: string, key: number, { of, decode }: { of: Lineage; decode: Decode<Segment> }): (Segment & Numbered)[] {
    const rows = this.#database.prepare<[number], SegmentRow>(`SELECT * FROM segment WHERE ${which} ORDER BY minute, id`).all(key);
    return rows.flatMap((row) => {
      const segment = row.crc === segmentChecksum(row, of) ? decode(row.body) : undefined;
      if (segment?.ok) return [{ id: row.id, ...segment.value }];
      const damaged = { table: "segment", id: row.id } as const;
      this.#onDamage({ where: "segment", what: "a segment of a history does not match its checksum", lineage: of, row: damaged });
      return [];
    });
  }
}

/** As far as it concerns other relays. */
export function keptOf<Segment extends HistoryMinute>({
  base,
  segments,
  tail,
  aside,
}: StoredHistory<Segment>): {
  readonly base: HistoryBase | undefined;
  readonly segments: readonly (Segment & Numbered)[];
  readonly tail: readonly Entry[];
  readonly aside: readonly DotRange[];
} {
  // A snapshot with which a history began may have been pruned.
  const clockOfBase = VectorClock.of(base?.clock ?? []).join(VectorClock.of(base?.pruned ?? []));
  return { base: base && { clock: clockOfBase, state: base.state }, segments, tail, aside };
}

function clockOf({ snapshot, cover, tail }: LoggedLineage): VectorClock {
  return contiguousClock(
    cover.join(VectorClock.of(snapshot?.clock ?? [])),
    tail.map(({ entry }) => entry.dot),
  ).clock;
}
