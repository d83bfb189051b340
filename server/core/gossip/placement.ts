/**
 * Placement: which relays a room belongs to, as this relay knows the ring, and what is configured of that.
 *
 * Invariant: the ring is a hint (P5): it says who does the work and who is counted, never what is correct.
 */
import { relayOf, type RelayId, type RoomName } from "@inkmesh/shared/base/ids";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import { RingRecords } from "../membership/ring-records.ts";
import type { Peers } from "../peers/peers.ts";
import type { DurabilityLevel } from "./durable-copies.ts";
import type { ReplicationLimits } from "./replication-limits.ts";
import { RoomPlace, type KnownRings, type ReplicationChoice } from "./room-place.ts";

export class Placement implements KnownRings {
  readonly choice: ReplicationChoice;
  readonly limits: ReplicationLimits;
  readonly #peers: Peers;
  #wholeRing: RingRecords | undefined;

  constructor(options: {
    peers: Peers;
    replicas: number;
    level: DurabilityLevel;
    limits: ReplicationLimits;
    wholeRing: readonly RingRecord[] | undefined;
  }) {
    const { peers, replicas, level, limits, wholeRing } = options;
    this.#peers = peers;
    this.choice = { replicas, level };
    this.limits = limits;
    this.#wholeRing = wholeRing === undefined ? undefined : RingRecords.empty.merge(wholeRing);
  }

  get ring(): RingRecords {
    return this.#peers.ring;
  }

  /** The ring under which everything placed on this disk was complete; undefined on one that never was whole. */
  get wholeRing(): RingRecords | undefined {
    return this.#wholeRing;
  }

  /** Whether this relay belongs, and does not leave. */
  get isPlaced(): boolean {
    const status = this.ring.status(relayOf(this.#peers.self));
    return status === "joining" || status === "member";
  }

  /** Whether this relay hands over all that it has, to leave. */
  get isLeaving(): boolean {
    return this.ring.status(relayOf(this.#peers.self)) === "leaving";
  }

  /** Whether no other relay has copies of rooms, or may have some. */
  get isAlone(): boolean {
    return this.#peers.linked.length === 0 && this.others.length === 0;
  }

  /** The other relays of the ring, which may have copies. */
  get others(): readonly RelayId[] {
    const self = relayOf(this.#peers.self);
    return this.ring
      .entries()
      .flatMap(({ relay, status }) => (relay === self || status === "left" || status === "forgotten" ? [] : [relay]));
  }

  /** The disk says so. */
  becameWhole(ring: RingRecords): void {
    this.#wholeRing = ring;
  }

  of(room: RoomName): RoomPlace {
    return new RoomPlace({ self: relayOf(this.#peers.self), room, choice: this.choice, rings: this });
  }
}
