/**
 * EntryForwarding: who is sent which entries of one room when they are on this disk: the replicas what this relay wrote, and the edges
 * whose upstream it is, if it is a replica, all.
 *
 * Invariant: nothing is sent that is not on this disk.
 */
import { relayOf, type ActorId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { RelayContext } from "../relay-context.ts";
import { durableTail, entriesMessages } from "./missing-entries.ts";
import type { RoomCopy } from "./room-copy.ts";
import type { RoomPlace } from "./room-place.ts";
import type { Subscribers } from "./subscribers.ts";
import type { Upstream } from "./upstream.ts";

interface EntryForwardingOptions {
  readonly context: RelayContext;
  readonly copy: RoomCopy;
  readonly place: RoomPlace;
  readonly subscribers: Subscribers;
  readonly upstream: Upstream;
}

export class EntryForwarding {
  readonly #options: EntryForwardingOptions;

  constructor(options: EntryForwardingOptions) {
    this.#options = options;
  }

  /** They came to this disk. */
  forward(entries: readonly Entry[]): void {
    const { context, copy, place, subscribers, upstream } = this.#options;
    const { linked } = context.peers;
    if (linked.length === 0 || entries.length === 0) return;
    const written = entries.filter((entry) => this.#isOwn(entry));
    const own = entriesMessages(copy.lineage, upstream.relay, written);
    const all = place.isReplica ? entriesMessages(copy.lineage, undefined, entries) : [];
    for (const actor of linked) {
      if (place.isOn(relayOf(actor))) this.#sayAll(actor, own);
      else if (subscribers.has(actor)) this.#sayAll(actor, all);
    }
  }

  /** A replica has `clock` on a new link: what it lacks of this relay's entries is sent again. */
  sendOwed(to: ActorId, clock: VectorClock): void {
    const { copy, place, upstream } = this.#options;
    if (!place.isOn(relayOf(to))) return;
    const owed = durableTail(copy).filter((entry) => this.#isOwn(entry) && !clock.contains(entry.dot));
    this.#sayAll(to, entriesMessages(copy.lineage, upstream.relay, owed));
  }

  #isOwn({ dot }: Entry): boolean {
    return relayOf(dot.actor) === this.#options.context.self;
  }

  #sayAll(to: ActorId, messages: readonly MeshRoomMessage[]): void {
    for (const message of messages) this.#options.context.peers.tell(to, message);
  }
}
