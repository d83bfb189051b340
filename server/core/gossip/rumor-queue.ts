/**
 * RumorQueue: news that others have not heard often enough. It rides on every probe and answer, and goes to a few random
 * members besides; after `transmitMultiplier · ⌈log₁₀(members + 1)⌉` times it is taken to be known (SWIM, section 4.1).
 *
 * What was told least often goes first, of those the newest. Later news about the same life takes the older one's place
 * and starts anew: nobody needs to hear that somebody was suspect who has refuted since.
 *
 * Invariants: one rumor per life, so the queue is as bounded as the table of members; what is taken fits into the bytes that
 * the caller has. Knows nothing about who hears it.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import type { Rumor } from "@inkmesh/shared/wire/mesh-message";

interface Waiting {
  readonly rumor: Rumor;
  /** Rises with every rumor: what is new is told before what is old. */
  readonly order: number;
  sent: number;
}

export class RumorQueue {
  readonly #transmitMultiplier: number;
  readonly #waiting = new Map<ActorId, Waiting>();
  #order = 0;

  constructor(options: { transmitMultiplier: number }) {
    this.#transmitMultiplier = options.transmitMultiplier;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(rumor: Rumor): void {
    this.#waiting.set(rumor.actor, { rumor, order: this.#order++, sent: 0 });
  }

  /** What to tell one of `members` members in at most `bytesMax` bytes; each counts as told once. */
  take(members: number, bytesMax: number): readonly Rumor[] {
    const limit = this.#transmitMultiplier * Math.ceil(Math.log10(members + 1));
    const taken: Rumor[] = [];
    let bytesLeft = bytesMax;
    for (const waiting of this.#inOrder()) {
      const bytes = rumorBytesMax(waiting.rumor);
      if (bytes > bytesLeft) continue;
      bytesLeft -= bytes;
      taken.push(waiting.rumor);
      waiting.sent += 1;
      if (waiting.sent >= limit) this.#waiting.delete(waiting.rumor.actor);
    }
    return taken;
  }

  #inOrder(): readonly Waiting[] {
    return [...this.#waiting.values()].sort((left, right) => left.sent - right.sent || right.order - left.order);
  }
}

/** No rumor is longer on the wire: names and addresses are ASCII, numbers and lengths take a few bytes. */
export function rumorBytesMax(rumor: Rumor): number {
  const accuser = rumor.state === "suspect" ? rumor.accuser.length : 0;
  return rumor.actor.length + rumor.address.length + accuser + 16;
}
