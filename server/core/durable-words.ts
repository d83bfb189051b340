/**
 * DurableWords: what a room says of its own disk: the state vector that a Yjs handshake takes for an ack, and the clock that
 * clients resume from.
 *
 * Invariants: [C3] both name only what is on disk; while the disk fails, what was true before is said.
 */
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { ClockTelling } from "./clock-telling.ts";
import type { RelayContext } from "./relay-context.ts";
import type { RoomAudience } from "./room-audience.ts";
import type { RoomContent } from "./room-content.ts";
import type { RoomLog } from "./room-log.ts";

export class DurableWords {
  readonly #context: RelayContext;
  readonly #handle: number;
  readonly #clockTelling: ClockTelling;
  /** The last state vector that was asked for while everything was on disk. */
  #stateVector: Uint8Array = Uint8Array.of(0);

  constructor(context: RelayContext, room: RoomName, handle: number) {
    this.#context = context;
    this.#handle = handle;
    this.#clockTelling = new ClockTelling(context, room);
  }

  /** This is on disk, and whoever joins is told so. */
  begin(stateVector: Uint8Array, clock: VectorClock): void {
    this.#stateVector = stateVector;
    this.#clockTelling.told(clock);
  }

  /** Runs `then` with a state vector that names only what is on disk. */
  withStateVector(content: RoomContent, log: RoomLog, then: (stateVector: Uint8Array) => void): void {
    if (!log.isSettled && this.#context.store.isFailing) return then(this.#stateVector);
    const stateVector = content.stateVector();
    log.whenDurable(() => {
      this.#stateVector = stateVector;
      then(stateVector);
    });
  }

  /** Whether clients may be told of the clock now; if not, the deadline will see to it. */
  get clockIsDue(): boolean {
    return this.#clockTelling.isDue();
  }

  /** Tells clients with clocks that the room is on disk as far as `clock`. */
  tellClock(clock: VectorClock, log: RoomLog, audience: RoomAudience): void {
    if (!this.#clockTelling.isNews(clock)) return;
    this.#clockTelling.told(clock);
    const horizon = log.horizon(clock);
    audience.send("clock", (dialect) => (dialect.acknowledges ? dialect.encode({ type: "clock", handle: this.#handle, ...horizon }) : []));
  }
}
