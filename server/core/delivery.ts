/**
 * Delivery: how a room's frames reach one session.
 *
 *     none ──joins──▶ direct                              frames go to the socket at once
 *        └─joins, a worker makes the difference──▶ held ──▶ direct     frames wait, in order, behind the difference
 *
 * Invariants: order is kept; what is held has a limit, past which the client is too slow for this room and resumes by
 * its clock; presence is never held, since everybody's is sent when the difference is.
 */
import type { Topic } from "./participant.ts";

type DeliveryState =
  | { readonly type: "none" }
  | { readonly type: "direct" }
  | { readonly type: "held"; readonly lists: (readonly Uint8Array[])[]; bytes: number };

export class Delivery {
  readonly #heldBytesMax: number;
  #state: DeliveryState = { type: "none" };

  constructor(options: { heldBytesMax: number }) {
    this.#heldBytesMax = options.heldBytesMax;
  }

  get hasJoined(): boolean {
    return this.#state.type !== "none";
  }

  get isHeld(): boolean {
    return this.#state.type === "held";
  }

  /** Whether frames go out now; "overflow" when more had to be held than may be. */
  take(frames: readonly Uint8Array[], topic: Topic): "send" | "keep" | "overflow" {
    const state = this.#state;
    if (state.type === "direct") return "send";
    if (state.type === "none" || topic === "presence") return "keep";
    state.lists.push(frames);
    for (const frame of frames) state.bytes += frame.length;
    return state.bytes > this.#heldBytesMax ? "overflow" : "keep";
  }

  hold(): void {
    this.#state = { type: "held", lists: [], bytes: 0 };
  }

  /** From now on frames go out; what was held goes first. */
  start(): readonly (readonly Uint8Array[])[] {
    const held = this.#state.type === "held" ? this.#state.lists : [];
    this.#state = { type: "direct" };
    return held;
  }
}
