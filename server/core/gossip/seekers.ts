/**
 * Seekers: those who have seen more of a room than is on this disk [P6]: readers with a token, and clients that come from another
 * relay with one.
 *
 *     seek(clock) ─▶ whoever may have it is asked to compare ─▶ all of it is on this disk ──▶ "here"
 *                                                           └─▶ none of them has it ───────▶ "nowhere"
 *
 * Whoever may have it: the room's replicas, and the relays that gave the missing dots their names, as long as the ring has them. Who
 * cannot be reached may still have it, and is asked when a link to it comes up.
 *
 * Invariants: "nowhere" is said once at most, after all who may have it were compared with since it was sought; "here" is the last
 * word, and may follow: whoever has seen it may bring it. Knows no clients, nor how long they wait.
 */
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RelayContext } from "../relay-context.ts";
import type { RoomPlace } from "./room-place.ts";

export type Found = "here" | "nowhere";

interface Seeker {
  readonly clock: VectorClock;
  /** Who may have it and has not been compared with. */
  readonly awaited: Set<RelayId>;
  readonly then: (found: Found) => void;
  isToldNowhere: boolean;
}

interface SeekersOptions {
  readonly context: RelayContext;
  readonly place: RoomPlace;
  /** What is on this disk. */
  readonly durable: () => VectorClock;
}

export class Seekers {
  readonly #context: RelayContext;
  readonly #place: RoomPlace;
  readonly #durable: () => VectorClock;
  readonly #seekers = new Set<Seeker>();
  #askMs = Number.NEGATIVE_INFINITY;

  constructor({ context, place, durable }: SeekersOptions) {
    this.#context = context;
    this.#place = place;
    this.#durable = durable;
  }

  /** Runs `then` when it is known where what `clock` names is: at once where it is. Answers how to stop. */
  seek(clock: VectorClock, then: (found: Found) => void): () => void {
    const seeker = { clock, awaited: this.#whoMayHave(clock), then, isToldNowhere: false };
    this.#seekers.add(seeker);
    this.#askMs = Number.NEGATIVE_INFINITY;
    this.#review(seeker);
    return () => void this.#seekers.delete(seeker);
  }

  isAwaiting(relay: RelayId): boolean {
    return [...this.#seekers].some(({ awaited }) => awaited.has(relay));
  }

  /** Whom to ask now: each time it is due all of them, since what was asked may be lost. */
  toAsk(nowMs: number): readonly ActorId[] {
    if (nowMs < this.#askMs) return [];
    this.#askMs = nowMs + this.#context.placement.limits.compareChangedMs;
    return this.#reachable();
  }

  nextDeadline(): number {
    return this.#reachable().length === 0 ? Number.POSITIVE_INFINITY : this.#askMs;
  }

  /** More is on this disk. */
  advanced(): void {
    for (const seeker of [...this.#seekers]) this.#review(seeker);
  }

  /** What `relay` has is here, or there is nothing to get from it. */
  comparedWith(relay: RelayId): void {
    for (const seeker of [...this.#seekers]) if (seeker.awaited.delete(relay)) this.#review(seeker);
  }

  /** A new link: whoever is linked now may be asked at once. */
  linkUp(): void {
    this.#askMs = Number.NEGATIVE_INFINITY;
  }

  ringChanged(): void {
    for (const seeker of [...this.#seekers]) {
      for (const relay of [...seeker.awaited]) if (!this.#belongs(relay)) seeker.awaited.delete(relay);
      this.#review(seeker);
    }
  }

  #review(seeker: Seeker): void {
    if (this.#durable().covers(seeker.clock)) {
      if (this.#seekers.delete(seeker)) seeker.then("here");
    } else if (seeker.awaited.size === 0 && !seeker.isToldNowhere) {
      seeker.isToldNowhere = true;
      seeker.then("nowhere");
    }
  }

  #whoMayHave(clock: VectorClock): Set<RelayId> {
    const durable = this.#durable();
    const missing = clock.entries().filter(([actor, counter]) => durable.counter(actor) < counter);
    const names = missing.map(([actor]) => relayOf(actor)).filter((relay) => this.#belongs(relay));
    return new Set([...this.#place.replicas, ...names].filter((relay) => relay !== this.#context.self));
  }

  #belongs(relay: RelayId): boolean {
    const status = this.#context.peers.ring.status(relay);
    return status !== undefined && status !== "left" && status !== "forgotten";
  }

  #reachable(): readonly ActorId[] {
    const { peers } = this.#context;
    const awaited = new Set([...this.#seekers].flatMap((seeker) => [...seeker.awaited]));
    return [...awaited].flatMap((relay) => peers.lifeOf(relay) ?? []);
  }
}
