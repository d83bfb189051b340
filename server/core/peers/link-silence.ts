/**
 * LinkSilence: links that are dead although nobody closed them: a cable that was pulled, a firewall that forgot the connection. The
 * system notices after minutes, and membership not at all, as long as others reach the relay and say that it lives.
 *
 *     every `linkSignMs` a sign of life goes over each link that carries nothing else
 *     up ──nothing came for `linkSilentMs`──▶ given up, and dialled anew
 *
 * Invariants: time for which this relay itself stood still counts against nobody; without links there is no deadline.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";

export interface LinkSilenceLimits {
  readonly linkSignMs: number;
  readonly linkSilentMs: number;
}

/** The links that are up, and when something came over each last, in monotonic ms. */
interface Links {
  readonly linked: readonly ActorId[];
  heardMs(actor: ActorId): number;
}

export class LinkSilence {
  readonly #limits: LinkSilenceLimits;
  readonly #links: Links;
  #lookMs: number;
  #awakeMs: number;

  constructor(limits: LinkSilenceLimits, links: Links, nowMs: number) {
    this.#limits = limits;
    this.#links = links;
    this.#lookMs = nowMs;
    this.#awakeMs = nowMs;
  }

  /** Who is to get a sign of life now, and whose link is to be given up. */
  look(nowMs: number): { readonly signs: readonly ActorId[]; readonly silent: readonly ActorId[] } {
    if (this.nextDeadline() > nowMs) return { signs: [], silent: [] };
    const { linkSignMs, linkSilentMs } = this.#limits;
    if (nowMs - this.#lookMs > linkSignMs) this.#awakeMs = nowMs;
    this.#lookMs = nowMs + linkSignMs;
    const isSilent = (actor: ActorId): boolean => nowMs - Math.max(this.#links.heardMs(actor), this.#awakeMs) >= linkSilentMs;
    const { linked } = this.#links;
    return { signs: linked.filter((actor) => !isSilent(actor)), silent: linked.filter(isSilent) };
  }

  /** When `look` has something to look at. */
  nextDeadline(): number {
    return this.#links.linked.length === 0 ? Number.POSITIVE_INFINITY : this.#lookMs;
  }
}
