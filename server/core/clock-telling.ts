/**
 * ClockTelling: when a room's sessions hear how far it is on disk: at once after a pause, and at most every
 * `clockEveryMs`, since all that a newer clock does for a client is to shorten its next resume.
 *
 * Invariant: what is told moves forward; the last clock is always told in the end.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Deadline } from "./deadlines.ts";
import type { RelayContext } from "./relay-context.ts";

export class ClockTelling {
  readonly #context: RelayContext;
  readonly #deadline: Deadline;
  #told = VectorClock.empty;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(context: RelayContext, room: RoomName) {
    this.#context = context;
    this.#deadline = { type: "tell-clock", room };
  }

  isNews(clock: VectorClock): boolean {
    return !this.#told.covers(clock);
  }

  /** The clock moved; whether it may be told now. If not, the deadline will see to it. */
  isDue(): boolean {
    const { deadlines, limits, now } = this.#context;
    const dueMs = this.#toldAtMs + limits.clockEveryMs;
    if (dueMs <= now.monotonicMs) return true;
    if (!deadlines.has(this.#deadline)) deadlines.set(this.#deadline, dueMs);
    return false;
  }

  told(clock: VectorClock): void {
    this.#told = clock;
    this.#toldAtMs = this.#context.now.monotonicMs;
  }
}
