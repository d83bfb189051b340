/**
 * RoundTrips: how long a word takes to a peer and back, as the probes of the failure detector find out by the way.
 *
 * A probe leaves with the end of its turn and its ack is heard in a later one: the time is that of the line, and of both relays' turns.
 * Times are monotonic.
 *
 * Invariants: only the ack of the latest probe to that very peer counts; what was measured is gone with the link.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";

interface Trip {
  /** The probe under way. */
  seq: number;
  askedMs: number;
  /** What the latest one that came back took. */
  tookMs: number | undefined;
}

export class RoundTrips {
  readonly #trips = new Map<ActorId, Trip>();

  /** A probe goes to `actor`. */
  asked(actor: ActorId, seq: number, nowMs: number): void {
    this.#trips.set(actor, { seq, askedMs: nowMs, tookMs: this.#trips.get(actor)?.tookMs });
  }

  /** An ack came from `actor`. */
  answered(actor: ActorId, seq: number, nowMs: number): void {
    const trip = this.#trips.get(actor);
    if (trip?.seq === seq) trip.tookMs = nowMs - trip.askedMs;
  }

  linkDown(actor: ActorId): void {
    this.#trips.delete(actor);
  }

  /** Milliseconds that the latest probe took; undefined while none has come back on this link. */
  of(actor: ActorId): number | undefined {
    return this.#trips.get(actor)?.tookMs;
  }
}
