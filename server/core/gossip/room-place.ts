/**
 * RoomPlace: whom the ring names for one room, and who may know of it: looked up once per ring.
 *
 * Invariant: replicas are those of the newest ring known, whoever is alive.
 */
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import type { RingRecords } from "../membership/ring-records.ts";
import { formerReplicas, type FormerReplicas } from "./completeness.ts";
import type { DurabilityLevel } from "./durable-copies.ts";

/** What is configured, the same for all relays of a mesh. */
export interface ReplicationChoice {
  /** Copies that a room shall have. */
  readonly replicas: number;
  readonly level: DurabilityLevel;
}

/** The rings as a relay knows them. */
export interface KnownRings {
  readonly ring: RingRecords;
  /** The ring under which everything placed on this disk was complete; undefined on one that never was whole. */
  readonly wholeRing: RingRecords | undefined;
}

export class RoomPlace {
  readonly #self: RelayId;
  readonly #room: RoomName;
  readonly #choice: ReplicationChoice;
  readonly #rings: KnownRings;
  #replicas: { readonly ring: RingRecords; readonly of: readonly RelayId[] } | undefined;
  #settled: { readonly ring: RingRecords; readonly of: readonly RelayId[] } | undefined;
  #former: { readonly ring: RingRecords; readonly whole: RingRecords | undefined; readonly of: FormerReplicas } | undefined;

  constructor(options: { self: RelayId; room: RoomName; choice: ReplicationChoice; rings: KnownRings }) {
    this.#self = options.self;
    this.#room = options.room;
    this.#choice = options.choice;
    this.#rings = options.rings;
  }

  get replicas(): readonly RelayId[] {
    const { ring } = this.#rings;
    if (this.#replicas?.ring !== ring) this.#replicas = { ring, of: ring.newest.preferenceList(this.#room, this.#choice.replicas) };
    return this.#replicas.of;
  }

  get isReplica(): boolean {
    return this.replicas.includes(this.#self);
  }

  /** Whether the ring names others, and not this relay. While no ring is known there is no elsewhere. */
  get isElsewhere(): boolean {
    return this.replicas.length > 0 && !this.isReplica;
  }

  isOn(relay: RelayId): boolean {
    return this.replicas.includes(relay);
  }

  /** Whom this relay compares with before it may vouch for the room. */
  former(): FormerReplicas {
    const { ring, wholeRing: whole } = this.#rings;
    const isKnown = this.#former?.ring === ring && this.#former.whole === whole;
    if (!isKnown) this.#former = { ring, whole, of: formerReplicas(this.#room, { now: ring, whole }, this.#choice) };
    return this.#former!.of;
  }

  /** Whether the ring says that `relay` holds the room, or has held it up to now. All who know the same ring say the same. */
  mayHold(relay: RelayId): boolean {
    const { ring } = this.#rings;
    if (this.#settled?.ring !== ring) this.#settled = { ring, of: ring.settled.preferenceList(this.#room, this.#choice.replicas) };
    return this.isOn(relay) || this.#settled.of.includes(relay);
  }

  /** Whether `relay` may have something of the room, by this ring or by the one under which this disk was whole. */
  mayKnow(relay: RelayId): boolean {
    return this.mayHold(relay) || this.former().all.includes(relay);
  }
}
