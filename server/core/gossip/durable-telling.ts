/**
 * DurableTelling: what a replica tells others about one room on its disk, coded as the change since it told them last.
 *
 * A room that many relays have edited names many actors; a keystroke moves one of them. A link keeps order and loses
 * everything or nothing, so a change is enough as long as the link lasts; on a new one the whole is said first.
 *
 * Invariants: what was told, put together, is exactly the durable clock at the moment of the last telling; nothing is told twice
 * unless completeness or ring changed.
 */
import type { ActorId, Lineage, RingId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";

/** How the room stands on this relay's disk. */
export interface DurableStanding {
  readonly ring: RingId;
  readonly isComplete: boolean;
  readonly clock: VectorClock;
}

export class DurableTelling {
  readonly #lineage: Lineage;
  readonly #told = new Map<ActorId, DurableStanding>();

  constructor(lineage: Lineage) {
    this.#lineage = lineage;
  }

  /** What to say to `to`; nothing where that is known there. */
  tell(to: ActorId, standing: DurableStanding): MeshRoomMessage | undefined {
    const before = this.#told.get(to);
    // A clock that does not name everything any more (actors were pruned from it) is told as a whole.
    const isWhole = before === undefined || !standing.clock.covers(before.clock);
    const change = isWhole ? standing.clock : changeOf(before.clock, standing.clock);
    const isNews = isWhole || change.size > 0 || before.ring !== standing.ring || before.isComplete !== standing.isComplete;
    this.#told.set(to, standing);
    return isNews ? { type: "durable", lineage: this.#lineage, isWhole, isComplete: standing.isComplete, clock: change } : undefined;
  }

  /** The link to `actor` is gone, or it asks for the whole: what it was told is told anew. */
  forget(actor: ActorId): void {
    this.#told.delete(actor);
  }
}

/** The actors of `now` that stand higher than in `before`. */
function changeOf(before: VectorClock, now: VectorClock): VectorClock {
  return VectorClock.of(now.entries().filter(([actor, counter]) => counter > before.counter(actor)));
}
