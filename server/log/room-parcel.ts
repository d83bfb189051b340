/**
 * RoomParcel: a room as it travels from the thread that read it to the event loop: encoded entries in one buffer, so
 * that handing it over copies nothing.
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import type { DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { decodeEntry } from "@inkmesh/shared/wire/entry-codec";
import type { HashedContent, RoomPage, RoomRecord, RoomSummary, StoredRoom, StoredSnapshot, Unnaming } from "../core/stored-room.ts";
import type { CoveredHistory, HistoryMinute, RoomHistory } from "../core/stored-history.ts";
import type { Counters } from "./store-row.ts";

export interface RoomParcel {
  readonly record: RoomRecord | undefined;
  readonly snapshot: SnapshotParcel | undefined;
  /** `varBytes` per entry. */
  readonly tail: Uint8Array<ArrayBuffer>;
  readonly index: Uint8Array<ArrayBuffer>;
  readonly clock: Counters;
  readonly isMarked: boolean;
}

export type SnapshotParcel = Omit<StoredSnapshot, "clock" | "pruned"> & { readonly clock: Counters; readonly pruned: Counters };

export interface PageParcel {
  readonly rooms: readonly (Omit<RoomSummary, "clock"> & { readonly clock: Counters })[];
  readonly next: string | undefined;
}

/** A list of what a history has, as it travels. */
export interface HistoryParcel {
  readonly generation: number;
  readonly base: Counters;
  readonly minutes: readonly (Omit<HistoryMinute, "deps"> & { readonly deps: Counters })[];
}

/** What a history tells of, as it travels. */
export interface CoveredParcel {
  readonly base: Counters;
  readonly old: readonly DotRange[];
  readonly told: readonly DotRange[];
  readonly clock: Counters;
}

export type HashParcel = Omit<HashedContent, "clock"> & { readonly clock: Counters };

export function packRecords(records: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return encoding.encode((encoder) => {
    for (const record of records) encoding.writeVarUint8Array(encoder, record);
  }) as Uint8Array<ArrayBuffer>;
}

export function unpackRoom({ record, snapshot, tail, index, clock, isMarked }: RoomParcel): StoredRoom {
  return { record, snapshot: snapshot && unpackSnapshot(snapshot), tail: unpackTail(tail), index, clock: VectorClock.of(clock), isMarked };
}

/** `Unnaming` on its way to the worker. */
export interface UnnamingParcel {
  readonly prunable: Counters;
  readonly told: { readonly clock: Counters; readonly pruned: Counters };
  readonly rememberedMax: number;
}

export function packUnnaming({ prunable, told, rememberedMax }: Unnaming): UnnamingParcel {
  return { prunable: prunable.entries(), told: { clock: told.clock.entries(), pruned: told.pruned.entries() }, rememberedMax };
}

export function unpackUnnaming({ prunable, told, rememberedMax }: UnnamingParcel): Unnaming {
  const [clock, pruned] = [VectorClock.of(told.clock), VectorClock.of(told.pruned)];
  return { prunable: VectorClock.of(prunable), told: { clock, pruned }, rememberedMax };
}

export function unpackSnapshot({ clock, pruned, state, stateVector, deleteSetUpdate }: SnapshotParcel): StoredSnapshot {
  return { clock: VectorClock.of(clock), pruned: VectorClock.of(pruned), state, stateVector, deleteSetUpdate };
}

export function unpackPage({ rooms, next }: PageParcel): RoomPage {
  return { rooms: rooms.map((room) => ({ ...room, clock: VectorClock.of(room.clock) })), next };
}

export function unpackHistory({ generation, base, minutes }: HistoryParcel): RoomHistory {
  const unpacked = minutes.map((minute) => ({ ...minute, deps: VectorClock.of(minute.deps) }));
  return { generation, base: VectorClock.of(base), minutes: unpacked };
}

export function packCovered({ coverage: { base, old, told }, clock }: CoveredHistory): CoveredParcel {
  return { base: base.entries(), old, told, clock: clock.entries() };
}

export function unpackCovered({ base, old, told, clock }: CoveredParcel): CoveredHistory {
  return { coverage: { base: VectorClock.of(base), old, told }, clock: VectorClock.of(clock) };
}

function unpackTail(tail: Uint8Array): Entry[] {
  const decoder = decoding.createDecoder(tail);
  const entries: Entry[] = [];
  while (decoding.hasContent(decoder)) {
    const entry = decodeEntry(decoding.readVarUint8Array(decoder));
    if (entry.ok) entries.push(entry.value);
  }
  return entries;
}
