/**
 * RoomNames: with which other relays this one has been found to know the same documents by name, whatever is in them.
 *
 * A relay is whole when it has all that the ring places on it. What is in a document it compares one by one (`Completeness`), but of
 * which there are it has to hear. A mesh in which people write is alike at no moment; which documents there are changes seldom.
 *
 *     ask ──names, answer──▶ the same there? ──names──▶ the same here, too
 *                            not: silence, and sweeps name what is missing (`AntiEntropy`)
 *
 * Invariants: it holds under the ring under which it was found, and as long as its link; what comes to be later is told by whoever takes
 * it, since this relay is on the ring.
 */
import { relayOf, type ActorId, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import { comparePositions } from "@inkmesh/shared/ring/hash";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { Peers } from "../peers/peers.ts";
import type { RoomCatalogue } from "./room-catalogue.ts";

export class RoomNames {
  readonly #peers: Peers;
  readonly #catalogue: RoomCatalogue;
  readonly #same = new Set<RelayId>();

  constructor(peers: Peers, catalogue: RoomCatalogue) {
    this.#peers = peers;
    this.#catalogue = catalogue;
  }

  isSameWith(relay: RelayId): boolean {
    return this.#same.has(relay);
  }

  ringChanged(): void {
    this.#same.clear();
  }

  linkDown(relay: RelayId): void {
    this.#same.delete(relay);
  }

  ask(actor: ActorId): void {
    this.#tell(actor, true);
  }

  /** Whether `from` knows the same as this relay, as far as that is said. */
  came(from: ActorId, ring: RingId, { names, answer }: Extract<MeshRoomMessage, { type: "names" }>): boolean {
    if (ring !== this.#peers.ringId || !this.#catalogue.isKnown || comparePositions(this.#namesWith(from), names) !== 0) return false;
    if (answer) this.#tell(from, false);
    this.#same.add(relayOf(from));
    return true;
  }

  #tell(to: ActorId, answer: boolean): void {
    if (this.#catalogue.isKnown) this.#peers.tell(to, { type: "names", answer, names: this.#namesWith(to) });
  }

  #namesWith(actor: ActorId): ReturnType<RoomCatalogue["namesWith"]> {
    return this.#catalogue.namesWith(relayOf(actor));
  }
}
