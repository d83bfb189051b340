/**
 * Subscribers: the edges that took this replica as their upstream for one room: they are sent all that comes to this disk.
 *
 * Each says again and again what it has. What it lacks of what was here when it said so the time before was lost on the way, or was
 * never sent: then both compare.
 *
 * Invariants: only a replica has subscribers; a link that ends takes its subscriber away.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";

export class Subscribers {
  /** By what it should have by now. */
  readonly #actors = new Map<ActorId, VectorClock>();

  get size(): number {
    return this.#actors.size;
  }

  has(actor: ActorId): boolean {
    return this.#actors.has(actor);
  }

  /** It has `clock`, and `own` is on this disk; whether it lacks something that it should have. */
  heard(actor: ActorId, clock: VectorClock, own: VectorClock): boolean {
    const expected = this.#actors.get(actor) ?? VectorClock.empty;
    this.#actors.set(actor, own);
    return !clock.covers(expected);
  }

  remove(actor: ActorId): void {
    this.#actors.delete(actor);
  }

  clear(): void {
    this.#actors.clear();
  }
}
