/**
 * Upstream: from which replica a relay that is none of them, an edge, gets what others write into a room that somebody has open here.
 *
 *     somebody opens it ──▶ the first reachable replica ──silent, or its link is gone──▶ the next reachable one … back when it is heard
 *                              │ subscribe{clock}, again every `subscribeEveryMs`
 *     nobody has it open ──▶ no more
 *
 * One is enough: it sends all that comes to its own disk, whoever wrote it. A clock that is said again shows it what was lost. The other
 * replicas are compared with when that one has told what it has, so that a whole document comes once.
 *
 * Invariants: at most one replica is subscribed to; while this relay is a replica, or nobody has the room open, none is. Being silent is
 * judged by the link: a relay that nothing else is said to is probed and answers.
 */
import { relayOf, type ActorId, type Lineage, type RelayId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RelayContext } from "../relay-context.ts";
import type { RoomPlace } from "./room-place.ts";

/** Milliseconds until the clock is said again. */
const subscribeEveryMs = 1_000;

interface UpstreamOptions {
  readonly context: RelayContext;
  readonly lineage: Lineage;
  readonly place: RoomPlace;
  /** What is on this disk. */
  readonly clock: () => VectorClock;
  /** The room's replicas that can be reached. */
  readonly others: () => readonly ActorId[];
  /** Says what is here and asks for the same in return. */
  readonly compareWith: (actor: ActorId) => void;
}

export class Upstream {
  readonly #options: UpstreamOptions;
  #current: ActorId | undefined;
  #isWanted = false;
  /** It has told what it has, or takes long: what the others have beyond that is small, or needed. */
  #isCaughtUp = false;

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /** Where this relay, if it is no replica, gets from what it does not write itself. */
  get relay(): RelayId | undefined {
    const { place, context } = this.#options;
    if (place.isReplica) return undefined;
    const reachable = place.replicas.filter((relay) => context.peers.lifeOf(relay) !== undefined);
    return reachable.find((relay) => !this.#isSilent(relay)) ?? reachable[0];
  }

  /** Whether it is subscribed to `relay`. */
  is(relay: RelayId): boolean {
    return this.#current !== undefined && relayOf(this.#current) === relay;
  }

  /** Whether to compare with `actor` now: an edge with nothing would get everything from each at once. */
  mayCompareWith(actor: ActorId): boolean {
    return this.#options.place.isReplica || (this.#isCaughtUp && actor !== this.#current);
  }

  /** Somebody here has the room open. */
  want(): void {
    this.#isWanted = true;
    this.review();
  }

  unwant(): void {
    this.#isWanted = false;
    this.#isCaughtUp = false;
    this.review();
  }

  linkDown(actor: ActorId): void {
    if (this.#current === actor) this.#current = undefined;
    this.review();
  }

  /** Everything that `relay` has is here. */
  compared(relay: RelayId): void {
    if (this.is(relay)) this.#catchUp();
  }

  /** Something about who can be reached changed. */
  review(): void {
    const { context, compareWith } = this.#options;
    const before = this.#current;
    const relay = this.#isWanted ? this.relay : undefined;
    this.#current = relay === undefined ? undefined : context.peers.lifeOf(relay);
    this.#schedule();
    if (this.#current === before) return;
    if (before !== undefined) this.#say(before, false);
    if (this.#current === undefined) return;
    this.#say(this.#current, true);
    compareWith(this.#current);
  }

  /** Its time has come. */
  due(): void {
    const before = this.#current;
    this.review();
    if (before !== undefined && before === this.#current) this.#say(before, true);
    this.#catchUp();
  }

  #catchUp(): void {
    if (this.#isCaughtUp || !this.#isWanted || this.#options.place.isReplica) return;
    this.#isCaughtUp = true;
    for (const actor of this.#options.others()) if (actor !== this.#current) this.#options.compareWith(actor);
  }

  #schedule(): void {
    const { context, lineage, place } = this.#options;
    const deadline = { type: "subscribe", room: lineage.room } as const;
    const isEdge = this.#isWanted && !place.isReplica && context.peers.linked.length > 0;
    if (isEdge) context.deadlines.set(deadline, context.now.monotonicMs + subscribeEveryMs);
    else context.deadlines.clear(deadline);
  }

  #say(to: ActorId, isSubscribing: boolean): void {
    const { context, lineage, clock } = this.#options;
    context.peers.tell(to, { type: "subscribe", lineage, isSubscribing, clock: clock() });
  }

  #isSilent(relay: RelayId): boolean {
    const { peers, now, limits } = this.#options.context;
    const actor = peers.lifeOf(relay);
    return actor === undefined || now.monotonicMs - peers.heardMs(actor) >= limits.presenceSilentMs;
  }
}
