/**
 * PeerLoads: how busy each relay is, so that clients can be told where there is room.
 *
 * Every relay says it of itself, over each of its links: at once over a new one, then at most every `loadEveryMs`, and only when it
 * is about a tenth more or less than what was said last. It is a hint for choosing, and counts for nothing else.
 *
 * Invariants: what was said on a link is gone with it; without links nothing is counted and there is no deadline.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";

interface Peer {
  /** What it was told here last; undefined: nothing yet. */
  told: number | undefined;
  /** What it said of itself last. */
  said: number | undefined;
}

export class PeerLoads {
  readonly #everyMs: number;
  readonly #peers = new Map<ActorId, Peer>();
  #own = 0;
  #lookMs = Number.NEGATIVE_INFINITY;
  #isOneNew = false;

  constructor(options: { loadEveryMs: number }) {
    this.#everyMs = options.loadEveryMs;
  }

  /** Sessions here when they were counted last. */
  get own(): number {
    return this.#own;
  }

  /** Sessions at `actor`; undefined where it is not linked or has not said it yet. */
  of(actor: ActorId): number | undefined {
    return this.#peers.get(actor)?.said;
  }

  linkUp(actor: ActorId): void {
    this.#peers.set(actor, { told: undefined, said: undefined });
    this.#isOneNew = true;
  }

  linkDown(actor: ActorId): void {
    this.#peers.delete(actor);
  }

  heard(actor: ActorId, sessions: number): void {
    const peer = this.#peers.get(actor);
    if (peer !== undefined) peer.said = sessions;
  }

  /** Whom to tell now how many sessions there are here (`own`); `count` is asked when that is due. */
  toTell(count: () => number, nowMs: number): readonly ActorId[] {
    if (!this.#isOneNew && (this.#peers.size === 0 || this.#lookMs > nowMs)) return [];
    this.#isOneNew = false;
    this.#lookMs = nowMs + this.#everyMs;
    this.#own = count();
    const unaware = [...this.#peers].filter(([, { told }]) => told === undefined || isNews(told, this.#own));
    for (const [, peer] of unaware) peer.told = this.#own;
    return unaware.map(([actor]) => actor);
  }

  /** When `toTell` has something to look at. */
  nextDeadline(): number {
    return this.#peers.size === 0 ? Number.POSITIVE_INFINITY : this.#lookMs;
  }
}

function isNews(told: number, now: number): boolean {
  return Math.abs(now - told) > told / 10;
}
