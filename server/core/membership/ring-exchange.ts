/**
 * RingExchange: brings the ring's records of two relays together. Every mesh frame names the state of its sender's ring;
 * where the names differ the records themselves are exchanged, and nothing is guessed about who is ahead.
 *
 *     a frame with another RingId ──▶ ring{mine, answer please} ──▶ merge ──▶ ring{yours and mine}, if that says more
 *
 * What this relay learns it also tells a few others at once; the rest find out by the names.
 *
 * Invariants: merging is a join, so it does not matter which exchange comes first, or twice; one peer is asked at most once per
 * `ringExchangeMs`, since it goes on sending the old name until it has merged.
 */
import type { ActorId, RingId } from "@inkmesh/shared/base/ids";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import type { MembershipLimits } from "./membership-limits.ts";
import type { RingRecords } from "./ring-records.ts";

export class RingExchange {
  readonly #limits: MembershipLimits;
  readonly #askedMs = new Map<ActorId, number>();
  #ring: RingRecords;

  constructor(options: { ring: RingRecords; limits: MembershipLimits }) {
    this.#ring = options.ring;
    this.#limits = options.limits;
  }

  get ring(): RingRecords {
    return this.#ring;
  }

  /** `from` named the state of its ring: what to say to it, if anything. */
  named(from: ActorId, id: RingId, nowMs: number): MeshMessage | undefined {
    if (id === this.#ring.id || (this.#askedMs.get(from) ?? Number.NEGATIVE_INFINITY) + this.#limits.ringExchangeMs > nowMs)
      return undefined;
    this.#askedMs.set(from, nowMs);
    return this.tell(true);
  }

  /** This relay's records as a message. */
  tell(answer: boolean): MeshMessage {
    return { type: "ring", records: this.#ring.entries(), answer };
  }

  /** Takes in records; whether they said something new. */
  merge(records: readonly RingRecord[]): boolean {
    const before = this.#ring;
    this.#ring = before.merge(records);
    return this.#ring !== before;
  }

  /** The link is gone, and with it what was asked over it. */
  linkDown(actor: ActorId): void {
    this.#askedMs.delete(actor);
  }
}
