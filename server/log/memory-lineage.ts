/**
 * MemoryLineage: what a log in memory holds of one generation of a room, and what that comes to.
 */
import { assert } from "@inkmesh/shared/base/assert";
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { DotRange } from "@inkmesh/shared/clock/dot-ranges";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { decodeEntry } from "@inkmesh/shared/wire/entry-codec";
import type { StoredSnapshot } from "../core/stored-room.ts";
import { contiguousClock, type ContiguousClock } from "./contiguous-clock.ts";
import type { KeptHistory } from "./history-piece.ts";
import type { HistorySegment } from "./history-segment.ts";

export interface MemoryLineage {
  readonly lineage: Lineage;
  snapshot: StoredSnapshot | undefined;
  /** By dot, in the order of admission. */
  readonly tail: Map<string, Uint8Array>;
  cover: VectorClock;
  /** Whether what the snapshot contains is in the history: in its base, or in segments. */
  hasHistory: boolean;
  base: StoredSnapshot | undefined;
  segments: readonly HistorySegment[];
  /** What was quarantined. */
  aside: readonly DotRange[];
  /** Blobs that this mentions. */
  asideMentions: readonly BlobName[];
  lastHlc: Hlc | undefined;
  created: Hlc | undefined;
  contentHash: string | undefined;
}

/** Without a history there is what the room is read from. */
export function keptOf(held: MemoryLineage | undefined): KeptHistory<HistorySegment> {
  if (held === undefined) return { base: undefined, segments: [], tail: [], aside: [] };
  const { aside } = held;
  const isKept = held.snapshot === undefined || held.hasHistory;
  const base = isKept ? held.base : held.snapshot;
  // A snapshot with which a history began may have been pruned.
  const told = base && { ...base, clock: base.clock.join(base.pruned) };
  return { base: told, segments: isKept ? held.segments : [], tail: entriesOf(held), aside };
}

export function entriesOf({ tail }: MemoryLineage): Entry[] {
  return [...tail.values()].map((record) => {
    const entry = decodeEntry(record);
    assert(entry.ok, "what the log holds was encoded by us");
    return entry.value;
  });
}

export function clockOf(held: MemoryLineage): VectorClock {
  return reachedBy(held).clock;
}

export function reachedBy(held: MemoryLineage): ContiguousClock {
  return contiguousClock(
    held.cover.join(held.snapshot?.clock ?? VectorClock.empty),
    entriesOf(held).map((entry) => entry.dot),
  );
}
