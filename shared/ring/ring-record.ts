/**
 * RingRecord: one relay's place on the ring, as a value that two relays may change apart and put together again: a
 * join-semilattice (Shapiro et al., "Conflict-free replicated data types", 2011).
 *
 *     joining ──every room placed here is complete──▶ member ──drain──▶ leaving ──every room is elsewhere──▶ left
 *        ▲                                                                    forgotten ◀── an operator, from any of them
 *        └──────────────── a new --join: counter + 1 ─────────────────────────────────────────────────────────┘
 *
 * `counter` says how often the relay has joined. Within one counter the status only goes forward, in the order above, and
 * `forgotten` is the last: so a relay that goes on writing while an operator forgets it elsewhere stays forgotten, and
 * only a new `--join` brings it back. Weight and zone are a register of their own, counted by `moves`, since changing
 * them must not decide about belonging: a relay that changes its weight while it is being forgotten stays forgotten.
 *
 * Invariants: `mergeRingRecords` is commutative, associative and idempotent. Being alive or dead is no status here: a
 * relay that is merely dead keeps its place.
 */
import { assert } from "../base/assert.ts";
import type { RelayId } from "../base/ids.ts";

/** From the earliest to the latest: of two with one counter, the later counts. */
export const ringStatuses = ["joining", "member", "leaving", "left", "forgotten"] as const;
export type RingStatus = (typeof ringStatuses)[number];

export interface RingRecord {
  readonly relay: RelayId;
  readonly status: RingStatus;
  /** How often the relay has joined, from 1 on. */
  readonly counter: number;
  /** Times the share of a relay of weight 1; whole, 1 to `weightMax`. */
  readonly weight: number;
  /** What fails together; empty when nothing is known. */
  readonly zone: string;
  /** How often weight or zone were changed. */
  readonly moves: number;
}

/** A machine with sixteen times another's disk should rather run several relays. */
export const weightMax = 16;

/** Records of one ring, those of relays that are gone included. A full mesh of links stays far below. */
export const ringRecordsMax = 256;

/** Whether `text` may name a zone: up to 63 of `A-Z a-z 0-9 . _ -`. */
export function isZone(text: string): boolean {
  return /^[A-Za-z0-9._-]{0,63}$/.test(text);
}

/** Both together; they must be of one relay. */
export function mergeRingRecords(left: RingRecord, right: RingRecord): RingRecord {
  assert(left.relay === right.relay, "a record is merged with one of the same relay");
  const { relay } = left;
  const { counter, status } = belongingOrder(left, right) >= 0 ? left : right;
  const { moves, weight, zone } = placeOrder(left, right) >= 0 ? left : right;
  return { relay, status, counter, weight, zone, moves };
}

export function sameRingRecord(left: RingRecord, right: RingRecord): boolean {
  return left.relay === right.relay && belongingOrder(left, right) === 0 && placeOrder(left, right) === 0;
}

/** The higher counter counts, then the later status. */
function belongingOrder(left: RingRecord, right: RingRecord): number {
  return left.counter - right.counter || ringStatuses.indexOf(left.status) - ringStatuses.indexOf(right.status);
}

/** The last move counts; of two at once the heavier one, then the later zone by name: any rule that all share will do. */
function placeOrder(left: RingRecord, right: RingRecord): number {
  return left.moves - right.moves || left.weight - right.weight || (left.zone === right.zone ? 0 : left.zone < right.zone ? -1 : 1);
}
