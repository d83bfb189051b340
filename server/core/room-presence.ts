/**
 * RoomPresence: who is in a room, as its sessions are told: coalesced, one frame per turn and dialect.
 *
 * The rules of who may speak for which id are the PresenceMap's. Here is when: changes go out at the end of the turn,
 * expiry is a deadline.
 *
 * Invariant: presence is never logged and never delays an update.
 */
import type { ConnectionId, RoomName } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import { PresenceMap, type PresenceChanges, type PresenceOutcome, type PresenceSender } from "@inkmesh/shared/presence/presence-map";
import type { Deadline } from "./deadlines.ts";
import type { RelayContext } from "./relay-context.ts";

export class RoomPresence {
  readonly #context: RelayContext;
  readonly #map: PresenceMap;
  readonly #deadline: Deadline;

  constructor(context: RelayContext, room: RoomName) {
    this.#context = context;
    this.#map = new PresenceMap(context.limits);
    this.#deadline = { type: "expire-presence", room };
  }

  receive(sender: PresenceSender, bytes: Uint8Array): Result<PresenceOutcome> {
    const outcome = this.#map.apply(sender, bytes, this.#context.now.monotonicMs);
    this.#schedule();
    return outcome;
  }

  /** A connection is gone, and its cursors with it. Whether anything changed. */
  leave(connection: ConnectionId): boolean {
    return this.#map.leave(connection);
  }

  expire(): void {
    this.#map.expire(this.#context.now.monotonicMs);
    this.#schedule();
  }

  /** Everybody, for one who joins; undefined when nobody is here. */
  snapshot(): Uint8Array | undefined {
    return this.#map.snapshot();
  }

  takeChanges(): PresenceChanges | undefined {
    return this.#map.takeChanges();
  }

  #schedule(): void {
    const atMs = this.#map.nextExpiryMs();
    if (atMs === undefined) this.#context.deadlines.clear(this.#deadline);
    else if (!this.#context.deadlines.has(this.#deadline)) this.#context.deadlines.set(this.#deadline, atMs);
  }
}
