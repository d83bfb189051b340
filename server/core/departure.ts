/**
 * Departure: in which order clients are sent away from a relay that ends or leaves the mesh: in groups, so that they do not all come to the
 * others at one moment.
 *
 *     group 1 ─muted─▶ gone │ group 2 ─muted─▶ gone │ …          a step each: one group goes, the next one is muted
 *     who came back ──────── quiet: all muted, nobody let in ─────▶ gone
 *
 * What a muted client says is not heard any more, so that it keeps it; what was heard before has the time of a step to come to disk and be
 * acknowledged.
 *
 * Who knows no other relay comes back. As long as such clients write, there may be no moment at which everything is proven elsewhere; a quiet
 * one has nothing new, and then they may come back again.
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
  #isQuiet = false;

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

  /** Whether nobody is let in until the next step. */
  get isQuiet(): boolean {
    return this.#isQuiet;
  }

  /** Everybody goes with the next step, and is not heard until then. */
  beginQuiet(all: readonly ConnectionId[]): void {
    this.#groups = [];
    this.#muted = new Set(all);
    this.#isQuiet = true;
  }

  isMuted(connection: ConnectionId): boolean {
    return this.#muted.has(connection);
  }

  /** Who goes now. */
  step(): readonly ConnectionId[] {
    const going = [...this.#muted];
    this.#isQuiet = false;
    this.#muted = new Set(this.#groups.shift());
    return going;
  }
}
