/**
 * Reached: how far this client has come in one room, by entries: generation, clock, stamp and session token; and whether the relay
 * at the other end has all of that on its disk [P6].
 *
 *     nothing lacks ──"awaited"──▶ the old token is kept, the relay's wait ──it has it, or was sent all──▶ the relay's token
 *            └────────"lost"─────▶ the relay's token: no relay has what the old one names; behind until it was sent all
 *
 * Invariants: the clock advances only by what a relay says, and goes back to the relay's when what it named beyond that is on
 * no relay as those entries any more, but was sent anew; a token is replaced by one that names less only then. Knows no document.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Lacking, Stamp } from "@inkmesh/shared/wire/client-message";

/** What a relay says that is on its disk. */
interface Horizon {
  readonly clock: VectorClock;
  readonly token: string;
  readonly stamp?: Stamp;
}

export class Reached {
  generation: number | undefined;
  #clock = VectorClock.empty;
  #token = "";
  #stamp: Stamp | undefined;
  /** What this relay said last, in this session. */
  #told: Horizon | undefined;
  #lacks: Lacking = "nothing";

  get clock(): VectorClock {
    return this.#clock;
  }

  /** For the next relay: what it must have so as not to show less than was seen. */
  get token(): string {
    return this.#token;
  }

  get isBehind(): boolean {
    return this.#lacks !== "nothing";
  }

  /** For people to read. */
  get view() {
    const clock = this.#clock.entries().map(([actor, counter]) => `${actor}:${counter}`);
    return { generation: this.generation, clock: clock.join(" "), stamp: this.#stamp };
  }

  /** What this device kept. */
  loaded({ generation, clock, token }: Pick<Horizon, "clock" | "token"> & { readonly generation: number | undefined }): void {
    this.generation = generation;
    this.#clock = clock;
    this.#token = token;
  }

  /** A relay opened the room: what another one lacked is no news of this one. */
  begin(): void {
    this.#told = undefined;
    this.#lacks = "nothing";
  }

  told(horizon: Horizon): void {
    this.#told = horizon;
    this.#stamp = horizon.stamp ?? this.#stamp;
    this.#clock = this.#clock.join(horizon.clock);
    if (this.#lacks !== "awaited") this.#token = horizon.token;
  }

  /** What the relay lacks of what the token names. */
  lacks(lacks: Lacking): void {
    this.#lacks = lacks;
    if (lacks !== "awaited") this.#token = this.#told?.token ?? this.#token;
  }

  /** The relay has on its disk all that this client's document holds, under whatever names. */
  gaveAll(): void {
    if (!this.isBehind || this.#told === undefined) return;
    this.lacks("nothing");
    this.#clock = this.#told.clock;
  }
}
