/**
 * Departure: in which order clients are sent away from a relay that ends or leaves the mesh: in groups, so that they do not all come to the
 * others at one moment.
 *
 *     group 1 ─muted─▶ gone │ group 2 ─muted─▶ gone │ …          a step each: one group goes, the next one is muted
 *
 * What a muted client says is not heard any more, so that it keeps it; what was heard before has the time of a step to come to disk and be
 * acknowledged.
 *
 * Invariant: everybody who was there when it began is in one group; who comes later is in none.
 */
import type { ConnectionId } from "@inkmesh/shared/base/ids";

/** So many at least: a relay with few clients sends them away at once. */
const groupMin = 16;
/** So many groups at most. */
const groupsMax = 10;

export class Departure {
  #groups: (readonly ConnectionId[])[] = [];
  #muted: ReadonlySet<ConnectionId> = new Set();

  /** Groups that have not begun to go. */
  get groupsLeft(): number {
    return this.#groups.length;
  }

  get isOver(): boolean {
    return this.#groups.length === 0 && this.#muted.size === 0;
  }

  /** Who was to go already goes first. */
  begin(all: readonly ConnectionId[]): void {
    const connections = all.filter((connection) => !this.#muted.has(connection));
    const size = Math.max(groupMin, Math.ceil(connections.length / groupsMax));
    const groups = Math.ceil(connections.length / size);
    this.#groups = Array.from({ length: groups }, (_, index) => connections.slice(index * size, (index + 1) * size));
  }

  isMuted(connection: ConnectionId): boolean {
    return this.#muted.has(connection);
  }

  /** Who goes now. */
  step(): readonly ConnectionId[] {
    const going = [...this.#muted];
    this.#muted = new Set(this.#groups.shift());
    return going;
  }
}
