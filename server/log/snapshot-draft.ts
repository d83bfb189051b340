/**
 * SnapshotDraft: a snapshot of a stated set of stored entries, built from a shadow document, before anything of it is
 * on disk; and the check of one that has been written.
 *
 * Where a history is kept, the segments of what is to leave the log are drafted with it, and checked with it against the entries as they lie
 * on disk. A document that had no history begins one with the snapshot that it had.
 *
 * The set is the previous snapshot and the entries that `upTo` names, as far as they lie here without a gap, so that
 * the snapshot's clock claims nothing that is missing. What of them does not apply is named, to be kept aside.
 */
import { concatBytes } from "@inkmesh/shared/base/bytes";
import type { Lineage } from "@inkmesh/shared/base/ids";
import { dotKey } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { CrdtEngine, Shadow } from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { Unnaming } from "../core/stored-room.ts";
import { compactionCut } from "./compaction-cut.ts";
import type { HistoryReader } from "./history-reader.ts";
import { byMinute, encodeSegment, isInSegment, segmentKey, segmentsOf, type HistorySegment } from "./history-segment.ts";
import type { SegmentParcel } from "./history-shelf.ts";
import { prunedCut, type PrunedCut } from "./pruned-cut.ts";
import type { SnapshotParcel } from "./room-parcel.ts";
import { chunkBytes } from "./snapshot-shelf.ts";
import type { LoggedEntry, LoggedLineage, SqliteReader } from "./sqlite-reader.ts";
import type { Counters, SnapshotBody } from "./store-row.ts";

export type SnapshotDraft =
  /** There is nothing that `base` does not contain already, and nothing that its clock need not name. */
  | { readonly type: "current"; readonly id: number; readonly base: SnapshotParcel; readonly index: Uint8Array }
  | {
      readonly type: "new";
      readonly lineage: number;
      readonly body: SnapshotBody;
      /** State, state vector and delete set update behind each other. */
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** `ContentIndex.hash()` of the shadow's state, which what is re-read must equal. */
      readonly hash: string;
      /** What the snapshot contains and the tail had. */
      readonly removed: Counters;
      /** The same for its history; none where none is kept. */
      readonly segments: readonly SegmentParcel[];
      readonly quarantined: Counters;
      /** The snapshot before, if what it contains has not all left the log. */
      readonly unswept: number | undefined;
    };

export interface DraftOptions {
  readonly reader: SqliteReader;
  readonly engine: CrdtEngine;
  /** How deep types may nest in a document. */
  readonly nestingMax: number;
  readonly keepsHistory: boolean;
}

/** As `UpdateLog.compact` is asked. */
interface DraftAsk {
  readonly lineage: Lineage;
  readonly upTo: Counters;
  readonly unnaming: Unnaming;
}

/** Undefined where nothing was ever written to the lineage. Throws when the previous snapshot itself does not apply. */
export function draftSnapshot(
  { reader, engine, nestingMax, keepsHistory }: DraftOptions,
  { lineage: of, upTo, unnaming }: DraftAsk,
): SnapshotDraft | undefined {
  const logged = reader.lineage(of);
  if (logged.id === undefined) return undefined;
  const base = logged.snapshot;
  const clock = cutOf(logged, VectorClock.of(upTo));
  const covered = logged.tail.filter(({ entry }) => clock.contains(entry.dot));
  const cut = prunedOf(logged, clock, unnaming);
  if (base && covered.length === 0 && cut.clock.size === clock.size)
    return { type: "current", id: base.id, base, index: engine.indexOf([base.state, ...payloads(logged.tail)]).index.encode() };
  const shadow = engine.shadow([...(base ? [base.state] : []), ...payloads(covered)], { nestingMax });
  const unapplied = shadow.unapplied.map((part) => (base ? part - 1 : part));
  if (unapplied.includes(-1)) throw new Error("the previous snapshot does not apply");
  const quarantined = unapplied.map((part) => dotOf(covered[part] as LoggedEntry));
  const kept = new Set(unapplied);
  const removed = covered.filter((_, part) => !kept.has(part));
  const history = keepsHistory ? (base && !base.history ? "begins" : "goes-on") : undefined;
  return {
    type: "new",
    lineage: logged.id,
    body: { ...bodyOf(of, cut, [...leftAside(logged), ...quarantined], shadow), history },
    bytes: concatBytes([shadow.state, shadow.stateVector, shadow.deleteSetUpdate]) as Uint8Array<ArrayBuffer>,
    hash: hashOf(engine, shadow),
    removed: removed.map(dotOf),
    segments: keepsHistory
      ? segmentsOf(
          engine,
          removed.map(({ entry }) => entry),
        ).map(parcelOf)
      : [],
    quarantined,
    unswept: logged.superfluous.length > 0 ? base?.id : undefined,
  };
}

/**
 * Reads a written snapshot, and the segments that came with it; answers the index of it and of what it does not contain, or undefined when it
 * is not what the draft was, or an entry that is to leave the log is not in the history, word for word.
 */
export function checkSnapshot(
  history: HistoryReader,
  engine: CrdtEngine,
  { lineage: of, id, hash }: { readonly lineage: Lineage; readonly id: number; readonly hash: string },
): Uint8Array | undefined {
  const { reader } = history;
  const snapshot = reader.snapshot(id);
  if (!snapshot || engine.indexOf([snapshot.state]).index.hash() !== hash) return undefined;
  const contained = VectorClock.of(snapshot.clock).join(VectorClock.of(snapshot.pruned));
  const { tail } = reader.lineage(of);
  const rest = tail.filter(({ entry }) => !contained.contains(entry.dot));
  const aside = new Set(snapshot.quarantined.map(keyOf));
  const leaving = tail.filter(({ entry }) => contained.contains(entry.dot) && !aside.has(dotKey(entry.dot))).map(({ entry }) => entry);
  if (snapshot.history !== undefined && !tellTheSame(engine, history.segmentsOf(of, id), leaving)) return undefined;
  return engine
    .indexOf([snapshot.state, ...payloads(rest)])
    .index.encode()
    .slice();
}

/** Whether each entry is in a segment, and the segments say what the entries say. */
function tellTheSame(engine: CrdtEngine, segments: readonly HistorySegment[], entries: readonly Entry[]): boolean {
  const inSegment = byMinute(entries);
  let told = 0;
  for (const segment of segments) {
    const group = (inSegment.get(segmentKey(segment)) ?? []).filter(({ dot }) => isInSegment(segment, dot));
    if (group.length !== segment.entries) return false;
    if (!engine.saysTheSame(segment.part, payloadsOf(group))) return false;
    told += group.length;
  }
  return told === entries.length;
}

function cutOf({ snapshot, cover, tail }: LoggedLineage, upTo: VectorClock): VectorClock {
  const base = VectorClock.of(snapshot?.clock ?? []);
  return compactionCut({ base, cover, tail: tail.map(({ entry }) => entry.dot) }, upTo);
}

function prunedOf({ snapshot, tail }: LoggedLineage, clock: VectorClock, unnaming: Unnaming): PrunedCut {
  const entries = tail.map(({ entry }) => entry);
  const [covered, rest] = [true, false].map((isIn) => entries.filter(({ dot }) => clock.contains(dot) === isIn)) as [Entry[], Entry[]];
  return prunedCut({ clock, covered, rest, prunedBefore: VectorClock.of(snapshot?.pruned ?? []) }, unnaming);
}

/** Entries that an earlier, interrupted compaction meant to set aside and that are still there. */
function leftAside({ snapshot, superfluous }: LoggedLineage): Counters {
  const meant = new Set(snapshot?.quarantined.map(keyOf));
  return superfluous.map(dotOf).filter((dot) => meant.has(keyOf(dot)));
}

function bodyOf({ room, generation }: Lineage, { clock, pruned }: PrunedCut, quarantined: Counters, shadow: Shadow): SnapshotBody {
  const lengths = [shadow.state.length, shadow.stateVector.length, shadow.deleteSetUpdate.length] as const;
  const chunks = Math.ceil((lengths[0] + lengths[1] + lengths[2]) / chunkBytes);
  return { room, generation, clock: clock.entries(), pruned: pruned.entries(), quarantined, lengths, chunks };
}

function hashOf(engine: CrdtEngine, shadow: Shadow): string {
  const index = engine.decodeIndex(shadow.index);
  if (!index.ok) throw new Error("a shadow's index cannot be read");
  return index.value.hash();
}

function payloads(logged: readonly LoggedEntry[]): Uint8Array[] {
  return payloadsOf(logged.map(({ entry }) => entry));
}

function payloadsOf(entries: readonly Entry[]): Uint8Array[] {
  return entries.map(({ payload }) => payload);
}

function parcelOf(segment: HistorySegment): SegmentParcel {
  return { minute: segment.minute, body: encodeSegment(segment) };
}

function keyOf([actor, counter]: Counters[number]): string {
  return dotKey({ actor, counter });
}

function dotOf({ entry }: LoggedEntry): Counters[number] {
  return [entry.dot.actor, entry.dot.counter];
}
