/**
 * NumberedUpdates: a session's updates in our own protocol, taken strictly in order (go-back-N, as in HDLC).
 *
 *     in order ──number k refused──▶ refusing: whatever starts beyond k is ignored ──k is sent again──▶ in order
 *
 * Invariants: every number is taken once; after a refusal of k nothing beyond k is taken before k is; a number that was
 * taken and comes again is passed over. Acks are cumulative.
 */
import { AckQueue } from "./ack-queue.ts";

export type Numbering =
  /** Go on with the update at this place of the list. */
  | { readonly type: "take"; readonly from: number }
  | { readonly type: "ignore" }
  /** A number was skipped: that client counts wrongly. */
  | { readonly type: "out-of-order"; readonly expected: number };

export class NumberedUpdates {
  readonly acks = new AckQueue();
  #expected = 1;
  #isRefusing = false;

  /** The number that is taken next. */
  get expected(): number {
    return this.#expected;
  }

  /** What to do with `count` updates of which the first has number `first`. */
  receive(first: number, count: number): Numbering {
    if (first > this.#expected)
      return this.#isRefusing || count === 0 ? { type: "ignore" } : { type: "out-of-order", expected: this.#expected };
    const from = this.#expected - first;
    if (from >= count) return { type: "ignore" };
    this.#isRefusing = false;
    return { type: "take", from };
  }

  /** The expected update was taken; its ack waits for `position`. */
  taken(position: number): void {
    this.acks.add(this.#expected, position);
    this.#expected += 1;
  }

  /** The expected update was not taken. */
  refuse(): void {
    this.#isRefusing = true;
  }
}
