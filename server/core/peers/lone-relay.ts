/**
 * LoneRelay: the peers of a relay that was given no mesh: a ring of its own, nobody else on it, and nothing that ever happens.
 */
import { relayOf, type ActorId, type RingId } from "@inkmesh/shared/base/ids";
import { firstRing } from "../membership/belonging.ts";
import type { RingRecords } from "../membership/ring-records.ts";
import type { Peers } from "./peers.ts";

export class LoneRelay implements Peers {
  readonly self: ActorId;
  readonly ring: RingRecords;
  readonly linked: readonly ActorId[] = [];

  constructor(self: ActorId) {
    this.self = self;
    this.ring = firstRing(relayOf(self), { weight: 1, zone: "" });
  }

  get ringId(): RingId {
    return this.ring.id;
  }

  lifeOf(): undefined {
    return undefined;
  }

  tell(): void {
    // There is no link, so it is lost.
  }

  understands(): boolean {
    return false;
  }

  isCongested(): boolean {
    return false;
  }

  heardMs(): number {
    return 0;
  }

  advance(): void {
    // It is a member from the beginning.
  }
}
