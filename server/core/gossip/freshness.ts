/**
 * Freshness: whether a copy that is shown for the first time has what the others have.
 *
 * A relay that was away, or never held the room, would show something old as if it were all there is. So it asks the replicas
 * that it reaches, and shows the room when each of them has said what it has and that is here, or when that takes too long: what
 * comes later is merged in.
 *
 * Invariants: nobody is waited for who cannot be reached at first (a link that ends may come again at once, and is waited for
 * like a slow answer); once fresh, it stays it as long as what the others write comes here; without other relays it is fresh at once.
 */
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import type { RelayContext } from "../relay-context.ts";

export class Freshness {
  readonly #context: RelayContext;
  readonly #room: RoomName;
  readonly #becameFresh: () => void;
  /** Undefined: nobody wanted to see it yet. */
  #awaited: Set<RelayId> | undefined;
  #waiting: (() => void)[] = [];

  constructor(context: RelayContext, room: RoomName, becameFresh: () => void) {
    this.#context = context;
    this.#room = room;
    this.#becameFresh = becameFresh;
  }

  get isReached(): boolean {
    return this.#awaited?.size === 0;
  }

  /** Whether somebody has wanted to see it. */
  get isBegun(): boolean {
    return this.#awaited !== undefined;
  }

  isAwaiting(relay: RelayId): boolean {
    return this.#awaited?.has(relay) === true;
  }

  /** Nobody wants to see it any more: whoever does next gets it as it is by then. */
  end(): void {
    this.#awaited = undefined;
    this.#context.deadlines.clear({ type: "show-room", room: this.#room });
    this.#goOn();
  }

  /** Runs `then` when it is fresh: at once where it is, and also where nobody wants to see it any more. */
  whenReached(then: () => void): void {
    if (this.isReached) then();
    else this.#waiting.push(then);
  }

  /** These were asked what they have. */
  await(relays: Iterable<RelayId>): void {
    this.#awaited = new Set(relays);
    if (this.#awaited.size === 0) return;
    const { deadlines, now, placement } = this.#context;
    deadlines.set({ type: "show-room", room: this.#room }, now.monotonicMs + placement.limits.causalWaitMs);
  }

  /** What `relay` has is here, or it cannot say. */
  comparedWith(relay: RelayId): void {
    if (this.#awaited?.delete(relay) !== true || this.#awaited.size > 0) return;
    this.#context.deadlines.clear({ type: "show-room", room: this.#room });
    this.#becameFresh();
    this.#goOn();
  }

  #goOn(): void {
    for (const then of this.#waiting.splice(0)) then();
  }

  /** The others take too long. */
  giveUp(): void {
    for (const relay of [...(this.#awaited ?? [])]) this.comparedWith(relay);
  }
}
