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
import type { Result } from "@inkmesh/shared/base/result";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { HistoryMinute } from "../core/stored-history.ts";
import { decodeSegment, decodeSegmentHead, joinMinutes, minutesOf, type HistorySegment } from "./history-segment.ts";
import { isSound } from "./lineage-proof.ts";
import type { HistoryParcel, SnapshotParcel } from "./room-parcel.ts";
import type { FoundDamage, SqliteReader } from "./sqlite-reader.ts";
import { segmentChecksum, type LineageRow, type SegmentRow } from "./store-row.ts";

/** With the number of its row. */
interface Numbered {
  readonly id: number;
}

type Decode<Segment> = (body: Uint8Array) => Result<Segment>;

/** What there is of a lineage's history. */
interface KeptHistory<Segment = HistorySegment> {
  readonly lineage: number | undefined;
  readonly base: SnapshotParcel | undefined;
  /** By minute, and within one in the order in which they were written. */
  readonly segments: readonly (Segment & Numbered)[];
  /** Still in the log, in the order of admission. */
  readonly tail: readonly Entry[];
}

export interface AgedLineage {
  readonly id: number;
  readonly lineage: Lineage;
}

export class HistoryReader {
  readonly reader: SqliteReader;
  readonly #database: Database;
  readonly #onDamage: (damage: FoundDamage) => void;

  constructor(database: Database, reader: SqliteReader, onDamage: (damage: FoundDamage) => void) {
    this.#database = database;
    this.reader = reader;
    this.#onDamage = onDamage;
  }

  read(of: Lineage): KeptHistory {
    return this.#read(of, decodeSegment);
  }

  #read<Segment extends HistoryMinute>(of: Lineage, decode: Decode<Segment>): KeptHistory<Segment> {
    const { id, snapshot, tail } = this.reader.lineage(of);
    const entries = tail.map(({ entry }) => entry);
    if (id === undefined) return { lineage: id, base: undefined, segments: [], tail: entries };
    // Without a history there is what the room is read from.
    if (snapshot && !snapshot.history) return { lineage: id, base: snapshot, segments: [], tail: entries };
    const segments = this.#segments("lineage = ?", id, { of, decode });
    return { lineage: id, base: this.reader.base(of, id), segments, tail: entries };
  }

  /** The same as a list, without what was written. Without a generation the current one. */
  list(room: RoomName, wanted?: number): HistoryParcel {
    const generation = wanted ?? this.reader.currentGeneration(room);
    const { base, segments, tail } = this.#read({ room, generation }, decodeSegmentHead);
    const minutes = joinMinutes([...segments, ...minutesOf(tail)]);
    return { generation, base: base?.clock ?? [], minutes: minutes.map(({ deps, ...minute }) => ({ ...minute, deps: deps.entries() })) };
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
