/**
 * StoreRow: the rows of the store, and what the checksum of each covers: its kind, its key, its content. So a row whose
 * bytes were flipped, torn, or brought to the wrong place is known for damaged, and salvage can tell rows apart without
 * the tables around them.
 *
 * Bodies that no checksum of a hot path needs are JSON, so that a newer version may add a field.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { ActorId, RoomName } from "@inkmesh/shared/base/ids";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import type { RoomRecord } from "../core/stored-room.ts";
import { rowChecksum } from "./checksum.ts";

export interface StoreRow {
  readonly name: string;
  /** Transactions since the store was created. */
  readonly commits: number;
  /** The highest sequence number given out. */
  readonly seq: number;
  readonly hlc_ms: number;
  readonly crc: number;
}

export interface LineageRow {
  readonly id: number;
  readonly room: RoomName;
  readonly generation: number;
  readonly crc: number;
}

/** A row of `entry` or of `quarantine`. */
export interface EntryRow {
  readonly lineage: number;
  readonly actor: number;
  readonly counter: number;
  /** The order of admission, over all rooms. */
  readonly seq: number;
  /** The encoded entry. */
  readonly record: Uint8Array;
  readonly crc: number;
}

export interface RecordRow {
  readonly room: RoomName;
  /** Grows with every write of the record. */
  readonly revision: number;
  readonly body: string;
  readonly crc: number;
}

/** What `verified` says of a snapshot. */
export const snapshotKinds = {
  /** Being written: nobody may rely on it. */
  draft: 0,
  /** Re-read and found equal: what a room is read from. */
  serving: 1,
  /** The same, of an earlier time: what the room's history begins with. */
  base: 2,
} as const;

export interface SnapshotRow {
  readonly id: number;
  readonly lineage: number;
  /** One of `snapshotKinds`. */
  readonly verified: number;
  readonly body: string;
  readonly crc: number;
}

export interface ChunkRow {
  readonly snapshot: number;
  readonly part: number;
  readonly bytes: Uint8Array;
  readonly crc: number;
}

/** What one author wrote in one minute. */
export interface SegmentRow {
  readonly id: number;
  readonly lineage: number;
  /** With which it was written. */
  readonly snapshot: number;
  readonly minute: number;
  /** `history-segment.ts`. */
  readonly body: Uint8Array;
  readonly crc: number;
}

/** An image that is here. */
export interface BlobRow {
  readonly id: number;
  readonly lineage: number;
  readonly name: BlobName;
  /** Bytes of all its pieces. */
  readonly size: number;
  readonly pieces: number;
  /** The wall time at which it came, or was given again. */
  readonly since_ms: number;
  readonly crc: number;
}

export interface PieceRow {
  readonly blob: number;
  readonly part: number;
  readonly bytes: Uint8Array;
  readonly crc: number;
}

/** What is kept of the lineage mentions the blob. */
export interface MentionRow {
  readonly lineage: number;
  readonly name: BlobName;
  /** The commit that brought it. */
  readonly noted: number;
  readonly crc: number;
}

export interface SummaryRow {
  readonly room: RoomName;
  readonly lineage: number;
  readonly generation: number;
  readonly deleted: number;
  /** Name and title in lower case, for search. */
  readonly folded: string;
  readonly body: string;
  readonly crc: number;
}

/** A room that is complete on this disk. */
export interface MarkRow {
  readonly room: RoomName;
  readonly crc: number;
}

/** What a lineage's content contains beside what its entries name. */
export interface CoverRow {
  readonly lineage: number;
  /** `Counters`. */
  readonly body: string;
  readonly crc: number;
}

/** The ring under which everything placed on this disk was complete. */
export interface WholeRow {
  readonly ring: Uint8Array;
  readonly crc: number;
}

/** Counters per actor, as JSON: `[[actor, counter], …]`. */
export type Counters = readonly (readonly [ActorId, number])[];

export interface SnapshotBody {
  readonly room: RoomName;
  readonly generation: number;
  readonly clock: Counters;
  /** What it names no more, and contains: not there where nothing was pruned yet. */
  readonly pruned?: Counters;
  /** Entries that it contains by name and that did not apply. */
  readonly quarantined: Counters;
  /** Bytes of state, state vector and delete set update, which lie behind each other in the chunks. */
  readonly lengths: readonly [number, number, number];
  readonly chunks: number;
  /**
   * Of a serving snapshot, where a history is kept: whether that begins with the snapshot before this one, or goes on. Not there: what this
   * one contains is in no history.
   */
  readonly history?: "begins" | "goes-on" | undefined;
}

export interface SummaryBody {
  readonly clock: Counters;
  /** Whether there are entries past a gap, which the clock does not name. */
  readonly beyond: boolean;
  readonly bytes: number;
  readonly entries: number;
  readonly lastHlc: Hlc | undefined;
  /** The stamp of the first thing that was written. */
  readonly created: Hlc | undefined;
  /** What the content hashes to. Not there where nobody said so since it changed. */
  readonly contentHash?: string | undefined;
}

export const storeChecksum = (row: Omit<StoreRow, "crc">): number =>
  rowChecksum(`store\n${row.commits}\n${row.seq}\n${row.hlc_ms}\n${row.name}`, "");

export const lineageChecksum = (row: Omit<LineageRow, "crc">): number =>
  rowChecksum(`lineage\n${row.id}\n${row.generation}\n${row.room}`, "");

/** `kind` tells an accepted entry from one that was set aside because it does not apply. */
export function entryChecksum(
  kind: "entry" | "quarantine",
  of: { room: string; generation: number },
  seq: number,
  record: Uint8Array,
): number {
  return rowChecksum(`${kind}\n${seq}\n${of.generation}\n${of.room}`, record);
}

export const recordChecksum = (row: Omit<RecordRow, "crc">): number => rowChecksum(`record\n${row.revision}\n${row.room}`, row.body);

export const snapshotChecksum = (row: Omit<SnapshotRow, "crc">): number =>
  rowChecksum(`snapshot\n${row.id}\n${row.lineage}\n${row.verified}`, row.body);

export const chunkChecksum = (row: Omit<ChunkRow, "crc">): number => rowChecksum(`chunk\n${row.snapshot}\n${row.part}`, row.bytes);

export const segmentChecksum = (row: Omit<SegmentRow, "crc">, of: { room: string; generation: number }): number =>
  rowChecksum(`segment\n${row.id}\n${row.lineage}\n${row.snapshot}\n${row.minute}\n${of.generation}\n${of.room}`, row.body);

export const blobChecksum = (row: Omit<BlobRow, "crc">): number =>
  rowChecksum(`blob\n${row.id}\n${row.lineage}\n${row.size}\n${row.pieces}\n${row.since_ms}\n${row.name}`, "");

export const pieceChecksum = (row: Omit<PieceRow, "crc">): number => rowChecksum(`piece\n${row.blob}\n${row.part}`, row.bytes);

export const mentionChecksum = (row: Omit<MentionRow, "crc">): number =>
  rowChecksum(`mention\n${row.lineage}\n${row.noted}\n${row.name}`, "");

export const summaryChecksum = (row: Omit<SummaryRow, "crc">): number =>
  rowChecksum(`summary\n${row.lineage}\n${row.generation}\n${row.deleted}\n${row.room}\n${row.folded}`, row.body);

export const markChecksum = (row: Omit<MarkRow, "crc">): number => rowChecksum(`mark\n${row.room}`, "");

export const coverChecksum = (row: Omit<CoverRow, "crc">): number => rowChecksum(`cover\n${row.lineage}`, row.body);

export const wholeChecksum = (row: Omit<WholeRow, "crc">): number => rowChecksum("whole", row.ring);

/** What search looks into. */
export function foldedText(room: string, title: string | undefined): string {
  return `${room}\n${title ?? ""}`.toLowerCase();
}

/** A record row's body; fields that JSON leaves out are there and undefined. */
export function parseRecord(body: string): RoomRecord {
  return { title: undefined, kind: undefined, deleted: undefined, ...(JSON.parse(body) as Omit<RoomRecord, "title" | "kind" | "deleted">) };
}
