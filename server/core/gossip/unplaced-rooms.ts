/**
 * UnplacedRooms: rooms on this disk that the ring does not place here, and that may have something which a replica has not: edits that
 * this relay took for them (hints, hinted handoff, Dynamo, SOSP 2007), or what it held before the ring placed them elsewhere.
 *
 *     noted ──due, `handOverRoomsMax` at a time──▶ handed over ──every replica holds all of it──▶ nothing is owed any more
 *       ▲                                             └──not all of them could be reached──▶ rests ──┐
 *       └─────────────────────────── a link comes up, the ring changes, or the rest is over ───────┘
 *
 * They lie on disk, so that a restart in between loses none of them, and need no memory while they rest. Such a copy never counts.
 *
 * Invariants: what is owed is noted; of two rooms that are due the one that was noted first is first.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { ReplicationLimits } from "./replication-limits.ts";

/** Rooms that are handed over at once: each is loaded for it. */
const handOverRoomsMax = 64;

export class UnplacedRooms {
  readonly #limits: ReplicationLimits;
  readonly #due = new Set<RoomName>();
  /** Until when; all for the same time but for a moment after it changed, so the first is about the first to be due. */
  readonly #resting = new Map<RoomName, number>();
  #nextMs = Number.NEGATIVE_INFINITY;
  #most = 0;

  constructor(limits: ReplicationLimits) {
    this.#limits = limits;
  }

  /** Whether something of the room may be owed. */
  note(room: RoomName, isOwed: boolean): void {
    if (!isOwed) {
      this.#due.delete(room);
      this.#resting.delete(room);
      return;
    }
    if (this.size === 0) this.#most = 0;
    if (!this.#resting.has(room)) this.#due.add(room);
    this.#most = Math.max(this.#most, this.size);
  }

  has(room: RoomName): boolean {
    return this.#due.has(room) || this.#resting.has(room);
  }

  /** Somebody can be reached who could not, or others are to hold them. */
  wake(): void {
    for (const room of this.#resting.keys()) this.#due.add(room);
    this.#resting.clear();
  }

  /** How many may owe something. */
  get size(): number {
    return this.#due.size + this.#resting.size;
  }

  /** How many there were at most, since there were none last: how far it is. */
  get most(): number {
    return this.#most;
  }

  /** What is to be handed over now; where that comes to nothing it is tried again after `restMs`. */
  take(nowMs: number, restMs: number): readonly RoomName[] {
    for (const [room, untilMs] of this.#resting) {
      if (untilMs > nowMs) break;
      this.#resting.delete(room);
      this.#due.add(room);
    }
    if (this.#nextMs > nowMs) return [];
    const taken = [...this.#due].slice(0, handOverRoomsMax);
    if (taken.length > 0) this.#nextMs = nowMs + this.#limits.compareChangedMs;
    for (const room of taken) {
      this.#due.delete(room);
      this.#resting.set(room, nowMs + restMs);
    }
    return taken;
  }

  nextDeadline(): number {
    if (this.#due.size > 0) return this.#nextMs;
    const [first] = this.#resting.values();
    return first ?? Number.POSITIVE_INFINITY;
  }
}
