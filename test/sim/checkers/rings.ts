/**
 * Rings: where relays believe that rooms belong, now and ever. What a relay says of copies is held against the ring that it
 * believes in when it says so, since news of another one takes its time.
 */
import type { RelayId, RingId, RoomName } from "@inkmesh/shared/base/ids";
import type { RingStatus } from "@inkmesh/shared/ring/ring-record";
import type { RingRecords } from "../../../server/core/membership/ring-records.ts";
import type { SimRelay } from "../sim-relay.ts";

/** Who replicates which room, in somebody's view. */
export interface Placing {
  replicasOf(room: RoomName): readonly RelayId[];
}

/** How many copies "saved" needs there. */
export function neededFor(placing: Placing, room: RoomName): number {
  return Math.floor(placing.replicasOf(room).length / 2) + 1;
}

/** Copies of a room. */
const replicasWanted = 3;

class RingPlacing implements Placing {
  readonly #ring: RingRecords;
  readonly #known = new Map<RoomName, readonly RelayId[]>();

  constructor(ring: RingRecords) {
    this.#ring = ring;
  }

  replicasOf(room: RoomName): readonly RelayId[] {
    const known = this.#known.get(room) ?? this.#ring.newest.preferenceList(room, replicasWanted);
    this.#known.set(room, known);
    return known;
  }
}

interface Belief {
  readonly placing: Placing;
  readonly before: Placing | undefined;
  readonly ring: RingRecords;
  readonly sinceMs: number;
}

export interface StatusChange {
  readonly relay: SimRelay;
  readonly before: RingStatus | undefined;
  readonly now: RingStatus | undefined;
  readonly placing: Placing;
}

export class Rings {
  readonly #nowMs: () => number;
  /** What holds where there are no rings: one relay, alone. */
  readonly #alone: Placing | undefined;
  /** A relay believes something else of its own place. */
  onStatusChanged: (change: StatusChange) => void = () => undefined;
  readonly #placings = new Map<RingId, Placing>();
  readonly #beliefs = new Map<SimRelay, Belief>();

  /** `alone`: the only relay there is, without a mesh. */
  constructor(nowMs: () => number, alone: RelayId | undefined) {
    this.#nowMs = nowMs;
    this.#alone = alone === undefined ? undefined : { replicasOf: () => [alone] };
  }

  /** All that anybody ever believed in, the latest first. */
  get ever(): readonly Placing[] {
    return this.#alone === undefined ? [...this.#placings.values()].reverse() : [this.#alone];
  }

  /** To be called after every event of the relay: what it believes in. */
  look(relay: SimRelay): void {
    const { ring } = relay;
    const belief = this.#beliefs.get(relay);
    if (ring === undefined || ring === belief?.ring) return;
    const placing = this.of(ring);
    this.#beliefs.set(relay, { ring, placing, before: belief?.placing, sinceMs: this.#nowMs() });
    const [before, now] = [belief?.ring.status(relay.self), ring.status(relay.self)];
    if (now !== before) this.onStatusChanged({ relay, before, now, placing });
  }

  /** What it believes in, or did last; and what it believed in before where that changed in this very event. */
  believedBy(relay: SimRelay): readonly Placing[] {
    if (this.#alone !== undefined) return [this.#alone];
    this.look(relay);
    const belief = this.#beliefs.get(relay);
    if (belief === undefined) return [];
    return belief.before !== undefined && belief.sinceMs === this.#nowMs() ? [belief.placing, belief.before] : [belief.placing];
  }

  /** Whether one of the machines that have that name believes that the room belongs to it. */
  isNamed(self: RelayId, room: RoomName): boolean {
    if (this.#alone !== undefined) return true;
    return [...this.#beliefs].some(([relay, { placing }]) => relay.self === self && placing.replicasOf(room).includes(self));
  }

  of(ring: RingRecords): Placing {
    if (this.#alone !== undefined) return this.#alone;
    const placing = this.#placings.get(ring.id) ?? new RingPlacing(ring);
    this.#placings.set(ring.id, placing);
    return placing;
  }
}
