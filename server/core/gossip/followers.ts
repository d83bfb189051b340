/**
 * Followers: who is told how far a room is on this disk: whoever asked, or sent something of it, on the link as it is.
 *
 * Who speaks of a generation that is not known here yet follows it as soon as it is. Who asked is remembered while the room is not
 * in memory (`askers.ts`).
 *
 * Invariants: only a replica tells how far it is; what is told is on this disk; a link that ends ends following.
 */
import { relayOf, type ActorId, type Lineage, type RoomName } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RelayContext } from "../relay-context.ts";
import type { RoomRecord } from "../stored-room.ts";
import { DurableTelling } from "./durable-telling.ts";
import type { RoomPlace } from "./room-place.ts";

/** The room on this disk. */
interface Standing {
  readonly isComplete: boolean;
  readonly durableClock: VectorClock;
}

export class Followers {
  readonly #context: RelayContext;
  readonly #room: RoomName;
  readonly #place: RoomPlace;
  readonly #standing: Standing;
  readonly #telling: DurableTelling;
  readonly #actors = new Set<ActorId>();
  readonly #ahead = new Set<ActorId>();

  /** `before`: the followers of the generation before this one. */
  constructor(options: { context: RelayContext; lineage: Lineage; place: RoomPlace; standing: Standing; before: Followers | undefined }) {
    this.#context = options.context;
    this.#room = options.lineage.room;
    this.#place = options.place;
    this.#standing = options.standing;
    this.#telling = new DurableTelling(options.lineage);
    const { askers } = this.#context;
    if (options.before !== undefined) askers.begin(this.#room, options.before.takeAhead());
    for (const actor of askers.of(this.#room)) this.#actors.add(actor);
  }

  has(actor: ActorId): boolean {
    return this.#actors.has(actor);
  }

  add(actor: ActorId): void {
    this.#actors.add(actor);
  }

  /** It asks for the whole, or no more. */
  queried(actor: ActorId, isAsking: boolean): void {
    if (isAsking) this.#asked(actor);
    else this.#ceased(actor);
  }

  #asked(actor: ActorId): void {
    this.#actors.add(actor);
    this.#context.askers.add(this.#room, actor);
    this.#telling.forget(actor);
    this.tell(actor);
  }

  #ceased(actor: ActorId): void {
    this.#actors.delete(actor);
    this.#context.askers.remove(this.#room, actor);
    this.#telling.forget(actor);
  }

  /** It speaks of a generation that is not known here yet. */
  isAhead(actor: ActorId): void {
    this.#ahead.add(actor);
  }

  /** What was told on another link counts no more. */
  linkUp(actor: ActorId): void {
    this.#telling.forget(actor);
  }

  linkDown(actor: ActorId): void {
    this.#telling.forget(actor);
    this.#actors.delete(actor);
    this.#ahead.delete(actor);
  }

  tellAll(): void {
    for (const actor of this.#actors) this.tell(actor);
  }

  tell(to: ActorId): void {
    if (!this.#place.isReplica) return;
    const { peers } = this.#context;
    const { isComplete, durableClock: clock } = this.#standing;
    const message = this.#telling.tell(to, { ring: peers.ringId, isComplete, clock });
    if (message !== undefined) peers.tell(to, message);
  }

  /** Those who hold the room and are none of its replicas hear of its record; the replicas are told anyway. */
  tellRecord(record: RoomRecord): void {
    for (const actor of this.#actors) if (!this.#place.isOn(relayOf(actor))) this.#context.peers.tell(actor, { type: "record", record });
  }

  /** Who follows the next generation. */
  takeAhead(): readonly ActorId[] {
    const ahead = [...this.#ahead];
    this.#ahead.clear();
    return ahead;
  }
}
