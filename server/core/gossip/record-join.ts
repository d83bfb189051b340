/**
 * RecordJoin: what two relays know of a room beside its content, put together: a join-semilattice, so that order, repetition
 * and delay of news do not matter.
 *
 * A later generation replaces an earlier one whole. Within one generation a tombstone wins over everything and the earlier of two
 * stays; title and kind are last-writer-wins registers by their stamps; of two first uses the earlier one is the creation.
 *
 * Invariants: `joinRecords` is commutative, associative and idempotent; a closed generation never opens again; a name that was
 * ever deleted stays one.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { compareHlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import type { Register, RoomRecord } from "../stored-room.ts";

export function joinRecords(left: RoomRecord, right: RoomRecord): RoomRecord {
  assert(left.room === right.room, "a record is joined with one of the same room");
  const everDeleted = left.everDeleted || right.everDeleted || left.generation !== right.generation;
  if (left.generation !== right.generation) return { ...(left.generation > right.generation ? left : right), everDeleted };
  return {
    room: left.room,
    generation: left.generation,
    title: laterRegister(left.title, right.title),
    kind: laterRegister(left.kind, right.kind),
    deleted: earlierTombstone(left.deleted, right.deleted),
    everDeleted,
    created: compareHlc(left.created, right.created) <= 0 ? left.created : right.created,
  };
}

/** What an entry, a hint or a difference of `generation` is to a relay with this record. */
export type GenerationStanding =
  | "current"
  /** That generation is closed: what speaks of it is never applied, and its sender is told the record. */
  | "closed"
  /** A creation that is not known here opened it: its record is asked for first. */
  | "ahead";

export function standingOf(generation: number, record: RoomRecord | undefined): GenerationStanding {
  const current = record?.generation ?? 0;
  if (generation > current) return "ahead";
  return generation < current || record?.deleted !== undefined ? "closed" : "current";
}

function laterRegister(left: Register | undefined, right: Register | undefined): Register | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return (compareHlc(left.hlc, right.hlc) || order(left.value, right.value)) >= 0 ? left : right;
}

function earlierTombstone(left: RoomRecord["deleted"], right: RoomRecord["deleted"]): RoomRecord["deleted"] {
  if (left === undefined || right === undefined) return left ?? right;
  return (compareHlc(left.hlc, right.hlc) || order(left.by, right.by)) <= 0 ? left : right;
}

/** Any order that all share: two writes of one stamp are a clock's mistake. */
function order(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
