/**
 * LogMarks: what goes to disk with a room's entries and is none: that the room is complete here, and what its content
 * contains beside what entries name. It leaves with the turn's append and comes back with it.
 *
 * Invariants: a mark is there when `landed` says so; one whose append failed leaves with the next one.
 */
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";

/** What an append says beside its entries. */
export interface Marks {
  readonly completes?: true;
  readonly cover?: VectorClock;
}

export class LogMarks {
  #next: Marks | undefined;
  #flights: { readonly seq: number; readonly marks: Marks }[] = [];

  /** Whether something has still to come to disk. */
  get isWaiting(): boolean {
    return this.#next !== undefined || this.isInFlight;
  }

  get isInFlight(): boolean {
    return this.#flights.length > 0;
  }

  complete(): void {
    if (!this.#flights.some(({ marks }) => marks.completes === true)) this.#next = { ...this.#next, completes: true };
  }

  cover(clock: VectorClock): void {
    this.#next = joined(this.#next, { cover: clock });
  }

  /** What leaves with append `seq`. */
  depart(seq: number): Marks | undefined {
    const marks = this.#next;
    this.#next = undefined;
    if (marks !== undefined) this.#flights.push({ seq, marks });
    return marks;
  }

  /** Appends up to `seq` are on disk; whether the room is complete from now on. */
  landed(seq: number): boolean {
    const landed = this.#flights.filter((flight) => flight.seq <= seq);
    this.#flights = this.#flights.filter((flight) => flight.seq > seq);
    return landed.some(({ marks }) => marks.completes === true);
  }

  /** Append `seq` did not happen, and none behind it; whether it had something with it. */
  failed(seq: number): boolean {
    if (!this.#flights.some((flight) => flight.seq === seq)) return false;
    for (const { marks } of this.#flights.splice(0)) this.#next = joined(this.#next, marks);
    return true;
  }
}

function joined(left: Marks | undefined, right: Marks): Marks {
  const cover = left?.cover === undefined || right.cover === undefined ? (left?.cover ?? right.cover) : left.cover.join(right.cover);
  const completes = left?.completes ?? right.completes;
  return { ...(completes === undefined ? {} : { completes }), ...(cover === undefined ? {} : { cover }) };
}
