/**
 * AppendQueue: a room's entries on their way to disk.
 *
 * Every admitted entry has a position in the room: 1, 2, 3 … since the room was loaded. Entries leave for the log in
 * that order, a turn's worth at a time, and are durable in that order:
 *
 *     1 … durable │ durable+1 … sent │ sent+1 … position
 *      on disk       in flight          leave at the end of the turn
 *
 * When an append fails, all that is not durable counts as unsent again and goes out in one piece when the caller
 * retries; answers to appends from before are stale then. A log skips dots that it has, so a retry repeats nothing.
 *
 * Invariants: durable ≤ sent ≤ position; nothing that is not durable is ever forgotten; while it is held back after a
 * failure nothing leaves.
 */
import type { Entry } from "@inkmesh/shared/engine/entry";

interface Flight {
  readonly seq: number;
  readonly upTo: number;
}

export class AppendQueue {
  #durable = 0;
  #sent = 0;
  /** Entries durable+1 … position. */
  #waiting: Entry[] = [];
  #waitingBytes = 0;
  #flights: Flight[] = [];
  #heldBack = false;

  /** The last entry's position. */
  get position(): number {
    return this.#durable + this.#waiting.length;
  }

  /** Everything up to this position is on disk. */
  get durable(): number {
    return this.#durable;
  }

  get isSettled(): boolean {
    return this.#waiting.length === 0;
  }

  /** What is not known to be on disk. */
  get waiting(): readonly Entry[] {
    return this.#waiting;
  }

  get isInFlight(): boolean {
    return this.#flights.length > 0;
  }

  /** Nothing leaves until the caller says so. */
  get isHeldBack(): boolean {
    return this.#heldBack;
  }

  /** Payload bytes that are not on disk. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes the next entry; its position. */
  add(entry: Entry): number {
    this.#waiting.push(entry);
    this.#waitingBytes += entry.payload.length;
    return this.position;
  }

  /** What is to leave now as append `seq`; empty when there is nothing or everything is held back. */
  depart(seq: number): readonly Entry[] {
    if (this.#heldBack || this.#sent === this.position) return [];
    const entries = this.#waiting.slice(this.#sent - this.#durable);
    this.#sent = this.position;
    this.#flights.push({ seq, upTo: this.#sent });
    return entries;
  }

  /** Appends up to `seq` are on disk: the entries that became durable, in order. */
  landed(seq: number): readonly Entry[] {
    let upTo = this.#durable;
    while (this.#flights[0] !== undefined && this.#flights[0].seq <= seq) upTo = this.#flights.shift()?.upTo ?? upTo;
    const entries = this.#waiting.splice(0, upTo - this.#durable);
    this.#durable = upTo;
    for (const entry of entries) this.#waitingBytes -= entry.payload.length;
    return entries;
  }

  /** Append `seq` did not happen; whether that is news. From now on everything is held back. */
  failed(seq: number): boolean {
    if (!this.#flights.some((flight) => flight.seq === seq)) return false;
    this.#flights = [];
    this.#sent = this.#durable;
    this.#heldBack = true;
    return true;
  }

  /** What was held back may leave again. */
  release(): void {
    this.#heldBack = false;
  }
}
