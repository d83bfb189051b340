/**
 * PresenceNeighbours: whose cursors are shown of the relays that share a room with this one: those that are believed alive and are
 * heard. A cursor whose relay died, froze or was cut off is gone within 5 s [P10], long before that relay counts as dead.
 *
 *     shown ──suspect, or silent for `presenceSilentMs`──▶ hidden ──alive and heard again──▶ shown: it is asked for all of it anew
 *       └──its link is gone: its cursors are, too
 *
 * That a link carries something every second sees `peers/link-silence.ts` to.
 *
 * Invariants: nothing that a hidden relay says of cursors is shown; time for which this relay itself stood still counts against nobody;
 * where no room is shared nothing is sent and no deadline set.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import type { MemberChange } from "../membership/members.ts";
import type { RelayContext } from "../relay-context.ts";
import type { Rooms } from "../rooms.ts";
import type { PresenceMessage } from "./presence-exchange.ts";

export class PresenceNeighbours {
  readonly #context: RelayContext;
  readonly #rooms: Rooms;
  /** Linked relays that are believed suspect or dead. */
  readonly #doubted = new Set<ActorId>();
  readonly #hidden = new Set<ActorId>();
  /** When this relay last looked, and when it came to itself after it had stood still. */
  #lookedMs = 0;
  #awakeMs = 0;

  constructor(context: RelayContext, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
  }

  peerUp(actor: ActorId): void {
    for (const room of this.#rooms.inMemory()) room.presence.ask(actor);
  }

  peerDown(actor: ActorId): void {
    this.#doubted.delete(actor);
    this.#hidden.delete(actor);
    for (const room of this.#rooms.inMemory()) room.presence.linkDown(actor);
  }

  memberChanged({ member: { actor, state } }: MemberChange): void {
    if (!this.#context.peers.linked.includes(actor)) return;
    if (state === "alive") this.#doubted.delete(actor);
    else this.#doubted.add(actor);
    this.#review(actor);
  }

  received(from: ActorId, message: PresenceMessage): void {
    this.#review(from);
    // It is asked for all of it when it is shown again.
    if (message.type === "presence" && this.#hidden.has(from)) return;
    const room = this.#rooms.find(message.lineage.room);
    if (room !== undefined && room.sessions > 0) room.presence.receivedFromPeer(from, message);
  }

  /** Whom this relay has not heard for too long. */
  look(): void {
    const { deadlines, limits } = this.#context;
    const watchers = new Set(this.#rooms.inMemory().flatMap((room) => room.presence.watchers));
    if (this.#nowMs - this.#lookedMs > 2 * limits.presenceLookMs) this.#awakeMs = this.#nowMs;
    this.#lookedMs = this.#nowMs;
    for (const actor of watchers) this.#review(actor);
    if (watchers.size > 0) deadlines.set({ type: "presence-look" }, this.#nowMs + limits.presenceLookMs);
  }

  #review(actor: ActorId): void {
    const { peers, limits } = this.#context;
    const isSilent = this.#nowMs - Math.max(peers.heardMs(actor), this.#awakeMs) >= limits.presenceSilentMs;
    const isHidden = isSilent || this.#doubted.has(actor);
    if (isHidden === this.#hidden.has(actor)) return;
    if (isHidden) this.#hidden.add(actor);
    else this.#hidden.delete(actor);
    for (const { presence } of this.#rooms.inMemory()) {
      if (isHidden) presence.hide(actor);
      else presence.ask(actor);
    }
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }
}
