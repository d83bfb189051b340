/**
 * AskedReplicas: which of a room's other replicas were asked, on the link as it is, how far it is on their disks. They tell it from
 * then on, until they are told that nobody asks any more.
 */
import type { ActorId, Lineage, RelayId } from "@inkmesh/shared/base/ids";
import type { RelayContext } from "../relay-context.ts";
import type { RoomPlace } from "./room-place.ts";

export class AskedReplicas {
  readonly #context: RelayContext;
  readonly #lineage: Lineage;
  readonly #place: RoomPlace;
  readonly #actors = new Set<ActorId>();

  constructor(context: RelayContext, lineage: Lineage, place: RoomPlace) {
    this.#context = context;
    this.#lineage = lineage;
    this.#place = place;
  }

  get actors(): readonly ActorId[] {
    return [...this.#actors];
  }

  /** Asks all that can be reached and were not asked yet, and answers who that was. */
  ask(): readonly ActorId[] {
    const { peers, self } = this.#context;
    const fresh = this.#place.replicas.flatMap((relay: RelayId) => {
      const actor = relay === self ? undefined : peers.lifeOf(relay);
      return actor === undefined || this.#actors.has(actor) ? [] : [actor];
    });
    for (const actor of fresh) {
      this.#actors.add(actor);
      this.again(actor);
    }
    return fresh;
  }

  /** What `actor` said is not understood, or lost: it is to say the whole. */
  again(actor: ActorId): void {
    this.#context.peers.tell(actor, { type: "durable-query", lineage: this.#lineage, isAsking: true });
  }

  /** Nobody here wants to know it any more. */
  cease(): void {
    for (const actor of this.#actors) this.#context.peers.tell(actor, { type: "durable-query", lineage: this.#lineage, isAsking: false });
    this.#actors.clear();
  }

  linkDown(actor: ActorId): void {
    this.#actors.delete(actor);
  }
}
