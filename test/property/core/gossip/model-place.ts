/**
 * ModelPlace: whom the rings of one relay name for the room.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import { formerReplicas, type FormerReplicas } from "../../../../server/core/gossip/completeness.ts";
import type { RingRecords } from "../../../../server/core/membership/ring-records.ts";
import { room, type ModelDisk } from "./model-disk.ts";

export class ModelPlace {
  readonly #self: RelayId;
  readonly #disk: ModelDisk;
  readonly #copies: number;

  constructor(self: RelayId, disk: ModelDisk, copies: number) {
    this.#self = self;
    this.#disk = disk;
    this.#copies = copies;
  }

  get ring(): RingRecords {
    return this.#disk.ring;
  }

  get replicas(): readonly RelayId[] {
    return this.ring.newest.preferenceList(room, this.#copies);
  }

  get isReplica(): boolean {
    return this.replicas.includes(this.#self);
  }

  former(): FormerReplicas {
    return formerReplicas(room, { now: this.ring, whole: this.#disk.wholeRing }, { replicas: this.#copies, level: "majority" });
  }

  /** Whether the ring says that this relay and `peer` both hold the room, or have held it up to now. */
  isSharedWith(peer: RelayId): boolean {
    const holding = new Set([...this.replicas, ...this.ring.settled.preferenceList(room, this.#copies)]);
    return holding.has(peer) && holding.has(this.#self);
  }
}
