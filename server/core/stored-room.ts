/**
 * StoredRoom and its neighbours: what the core is told of a room's state on disk. The core never reads a disk itself;
 * an update log answers with these.
 */
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import type { Dot } from "@inkmesh/shared/clock/dot";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";

/** A last-writer-wins register of a room's metadata. */
export interface Register {
  readonly value: string;
  readonly hlc: Hlc;
}

/** What is known of a room beside its content. One record per name; the highest generation is the current one. */
export interface RoomRecord {
  readonly room: RoomName;
  readonly generation: number;
  readonly title: Register | undefined;
  readonly kind: Register | undefined;
  /** Set while the current generation is closed. */
  readonly deleted: { readonly hlc: Hlc; readonly by: string } | undefined;
  /** Whether some generation of this name was ever closed: then dialects without lineage are refused for good. */
  readonly everDeleted: boolean;
  readonly created: Hlc;
}

/** A room as it stands on disk. */
export interface StoredRoom {
  readonly record: RoomRecord | undefined;
  readonly snapshot: StoredSnapshot | undefined;
  /** Entries that the snapshot does not contain, in the order of admission. */
  readonly tail: readonly Entry[];
  /** `ContentIndex.encode()` of snapshot and tail, computed off the event loop. */
  readonly index: Uint8Array;
  /** Everything that snapshot and tail name. */
  readonly clock: VectorClock;
  /** Whether the disk carries the mark that the room is complete here. */
  readonly isMarked: boolean;
}

export interface StoredSnapshot {
  /** What entries it contains: causally closed, and without those actors that need no name any more. */
  readonly clock: VectorClock;
  /** Of such actors those that were pruned last: what this names is contained, too. */
  readonly pruned: VectorClock;
  readonly state: Uint8Array;
  readonly stateVector: Uint8Array;
  /** An update that carries only the whole delete set. */
  readonly deleteSetUpdate: Uint8Array;
}

/** What may be left out of the clock of a snapshot. */
export interface Unnaming {
  /** Actors, with exactly these counters, that need no name if something else in the snapshot builds on them. */
  readonly prunable: VectorClock;
  /** Another relay's word: whoever has all of `clock` has all of `pruned`, whatever this disk still knows of what builds on what. */
  readonly told: { readonly clock: VectorClock; readonly pruned: VectorClock };
  /** So many actors that were pruned are remembered, those that go now among them; more only if more go now. */
  readonly rememberedMax: number;
}

export const nothingUnnamed: Unnaming = {
  prunable: VectorClock.empty,
  told: { clock: VectorClock.empty, pruned: VectorClock.empty },
  rememberedMax: 0,
};

export interface RoomSummary {
  readonly record: RoomRecord;
  readonly clock: VectorClock;
  /** What the content on this disk hashes to; undefined where nobody asked, the disk does not know, or `record` is not one that was written. */
  readonly contentHash: string | undefined;
  /** As in `StoredRoom`. */
  readonly isMarked: boolean;
  /** Bytes of snapshot and tail. */
  readonly bytes: number;
  readonly entries: number;
  readonly lastHlc: Hlc | undefined;
}

/** What a lineage's content hashes to when it is what the rest names. */
export interface HashedContent {
  readonly lineage: Lineage;
  readonly clock: VectorClock;
  /** Entries beyond the snapshot. */
  readonly entries: number;
  /** `ContentIndex.hash()`. */
  readonly hash: string;
}

export interface RoomPage {
  readonly rooms: readonly RoomSummary[];
  /** Pass as `after` for the next page; undefined on the last. */
  readonly next: string | undefined;
}

export interface Compaction {
  readonly snapshot: StoredSnapshot;
  /** `ContentIndex.encode()` of snapshot and remaining tail. */
  readonly index: Uint8Array;
  /** What left the log because the snapshot contains it. */
  readonly removed: readonly Dot[];
  /** What decodes but does not apply: kept aside, out of snapshot, tail and joins. */
  readonly quarantined: readonly Dot[];
}

// What the disk says when every row of some rooms is compared with its checksum.

/** A page of rooms, in the order of their names. */
export interface StoreInspection {
  readonly rooms: readonly InspectedRoom[];
  /** Of these rooms; on the first page also of what belongs to no room. */
  readonly flaws: readonly StoreFlaw[];
  /** Names on the disk, those of deleted documents among them; on the first page only. */
  readonly total: number | undefined;
  /** Pass as `after` for the next page; undefined on the last. */
  readonly next: string | undefined;
}

export interface InspectedRoom {
  readonly room: RoomName;
  /** What the disk said of the room before anybody looked; undefined where that cannot be read either. */
  readonly generation: number | undefined;
  readonly clock: VectorClock | undefined;
  /** That were read for it. */
  readonly bytes: number;
}

/** Something that is not as it was written. */
export interface StoreFlaw {
  /** The table. */
  readonly where: string;
  readonly what: string;
  readonly room: RoomName | undefined;
}
