/**
 * BlobQueues: images that wait to be fetched: those that rest until they are due, and those that are ready, by urgency and then in the order in which
 * they came.
 *
 * Invariants: each waits in one place; every second turn is the most urgent ones', and of the other turns each kind has its own, so that none waits
 * for ever for the others; to find the next one looks at `lookedAtMax` of a kind.
 */

/** Of one kind: that those wait who can be asked for nothing now delays others by a moment. */
const lookedAtMax = 8;
/** Who is first, turn by turn; then the others as they are. */
const turns = [0, 1, 0, 2] as const;

/** 0: the most urgent. */
type Urgency = 0 | 1 | 2;

export interface WaitingBlob {
  /** Where it waits. */
  place:
    | { readonly type: "ready"; readonly urgency: Urgency }
    | { readonly type: "resting"; readonly ms: number; readonly dueMs: number }
    | undefined;
}

export class BlobQueues<Item extends WaitingBlob> {
  readonly #ready: readonly [Set<Item>, Set<Item>, Set<Item>] = [new Set(), new Set(), new Set()];
  /** By how long they rest, which is the same for all of a queue: in each the first is due first. */
  readonly #resting = new Map<number, Set<Item>>();
  #turn = 0;

  isReady({ place }: Item): boolean {
    return place?.type === "ready";
  }

  ready(item: Item, urgency: Urgency): void {
    if (item.place?.type === "ready" && item.place.urgency === urgency) return;
    this.leave(item);
    item.place = { type: "ready", urgency };
    this.#ready[urgency].add(item);
  }

  rest(item: Item, nowMs: number, ms: number): void {
    this.leave(item);
    item.place = { type: "resting", ms, dueMs: nowMs + ms };
    const queue = this.#resting.get(ms);
    if (queue === undefined) this.#resting.set(ms, new Set([item]));
    else queue.add(item);
  }

  leave(item: Item): void {
    const { place } = item;
    item.place = undefined;
    if (place?.type === "ready") this.#ready[place.urgency].delete(item);
    if (place?.type !== "resting") return;
    const queue = this.#resting.get(place.ms);
    if (queue?.delete(item) === true && queue.size === 0) this.#resting.delete(place.ms);
  }

  /** Those that have rested. */
  rested(nowMs: number): readonly Item[] {
    const due: Item[] = [];
    for (const queue of this.#resting.values())
      for (const item of queue) {
        if (dueOf(item) > nowMs) break;
        due.push(item);
      }
    return due;
  }

  nextDeadline(): number {
    return Math.min(...[...this.#resting.values()].map(([first]) => (first === undefined ? Number.POSITIVE_INFINITY : dueOf(first))));
  }

  /** Takes the next one that is fit. */
  next(isFit: (item: Item) => boolean): Item | undefined {
    const first = turns[this.#turn % turns.length]!;
    for (const urgency of new Set<Urgency>([first, 0, 1, 2])) {
      let looked = 0;
      for (const item of this.#ready[urgency]) {
        if (looked++ >= lookedAtMax) break;
        if (!isFit(item)) continue;
        this.#turn += 1;
        this.leave(item);
        return item;
      }
    }
    return undefined;
  }
}

function dueOf({ place }: WaitingBlob): number {
  return place?.type === "resting" ? place.dueMs : Number.NEGATIVE_INFINITY;
}
