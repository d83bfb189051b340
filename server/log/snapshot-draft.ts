/**
 * SnapshotDraft: a snapshot of a stated set of stored entries, built from a shadow document, before anything of it is
 * on disk; and the check of one that has been written.
 *
 * The set is the previous snapshot and the entries that `upTo` names, as far as they lie here without a gap, so that
 * the snapshot's clock claims nothing that is missing. What of them does not apply is named, to be kept aside.
 */
import { concatBytes } from "@inkmesh/shared/base/bytes";
import type { Lineage } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { CrdtEngine, Shadow } from "@inkmesh/shared/engine/crdt-engine";
import { compactionCut } from "./compaction-cut.ts";
import type { SnapshotParcel } from "./room-parcel.ts";
import { chunkBytes } from "./snapshot-shelf.ts";
import type { LoggedEntry, LoggedLineage, SqliteReader } from "./sqlite-reader.ts";
import type { Counters, SnapshotBody } from "./store-row.ts";

export type SnapshotDraft =
  /** There is nothing that `base` does not contain already. */
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
      readonly quarantined: Counters;
    };

/** Undefined where nothing was ever written to the lineage. Throws when the previous snapshot itself does not apply. */
export function draftSnapshot(
  reader: SqliteReader,
  engine: CrdtEngine,
  of: Lineage,
  upTo: Counters,
  nestingMax: number,
): SnapshotDraft | undefined {
  const logged = reader.lineage(of);
  if (logged.id === undefined) return undefined;
  const base = logged.snapshot;
  const clock = cutOf(logged, VectorClock.of(upTo));
  const covered = logged.tail.filter(({ entry }) => clock.contains(entry.dot));
  if (base && covered.length === 0)
    return { type: "current", id: base.id, base, index: engine.indexOf([base.state, ...payloads(logged.tail)]).index.encode() };
  const shadow = engine.shadow([...(base ? [base.state] : []), ...payloads(covered)], { nestingMax });
  const unapplied = shadow.unapplied.map((part) => (base ? part - 1 : part));
  if (unapplied.includes(-1)) throw new Error("the previous snapshot does not apply");
  const quarantined = unapplied.map((part) => dotOf(covered[part] as LoggedEntry));
  const kept = new Set(unapplied);
  return {
    type: "new",
    lineage: logged.id,
    body: bodyOf(of, clock, [...leftAside(logged), ...quarantined], shadow),
    bytes: concatBytes([shadow.state, shadow.stateVector, shadow.deleteSetUpdate]) as Uint8Array<ArrayBuffer>,
    hash: hashOf(engine, shadow),
    removed: covered.filter((_, part) => !kept.has(part)).map(dotOf),
    quarantined,
  };
}

/** Reads a written snapshot; answers the index of it and of what it does not contain, or undefined when it is not what the draft was. */
export function checkSnapshot(reader: SqliteReader, engine: CrdtEngine, of: Lineage, id: number, hash: string): Uint8Array | undefined {
  const snapshot = reader.snapshot(id);
  if (!snapshot || engine.indexOf([snapshot.state]).index.hash() !== hash) return undefined;
  const clock = VectorClock.of(snapshot.clock);
  const rest = reader.lineage(of).tail.filter(({ entry }) => !clock.contains(entry.dot));
  return engine
    .indexOf([snapshot.state, ...payloads(rest)])
    .index.encode()
    .slice();
}

function cutOf({ snapshot, cover, tail }: LoggedLineage, upTo: VectorClock): VectorClock {
  const base = VectorClock.of(snapshot?.clock ?? []);
  return compactionCut({ base, cover, tail: tail.map(({ entry }) => entry.dot) }, upTo);
}

/** Entries that an earlier, interrupted compaction meant to set aside and that are still there. */
function leftAside({ snapshot, superfluous }: LoggedLineage): Counters {
  const meant = new Set(snapshot?.quarantined.map(([actor, counter]) => `${actor}:${counter}`));
  return superfluous.map(dotOf).filter(([actor, counter]) => meant.has(`${actor}:${counter}`));
}

function bodyOf({ room, generation }: Lineage, clock: VectorClock, quarantined: Counters, shadow: Shadow): SnapshotBody {
  const lengths = [shadow.state.length, shadow.stateVector.length, shadow.deleteSetUpdate.length] as const;
  const chunks = Math.ceil((lengths[0] + lengths[1] + lengths[2]) / chunkBytes);
  return { room, generation, clock: clock.entries(), quarantined, lengths, chunks };
}

function hashOf(engine: CrdtEngine, shadow: Shadow): string {
  const index = engine.decodeIndex(shadow.index);
  if (!index.ok) throw new Error("a shadow's index cannot be read");
  return index.value.hash();
}

function payloads(logged: readonly LoggedEntry[]): Uint8Array[] {
  return logged.map(({ entry }) => entry.payload);
}

function dotOf({ entry }: LoggedEntry): Counters[number] {
  return [entry.dot.actor, entry.dot.counter];
}
