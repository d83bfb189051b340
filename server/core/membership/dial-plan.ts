/**
 * DialPlan: which addresses to dial, and when. Seeds (`--join`) are retried for ever, so that the order in which relays
 * start does not matter; so is every address at which a relay was heard of, until its name leaves the ring. Waits double up to
 * `dialAfterMsMax`, and half of each is drawn at random, so that relays that lost each other do not return all at once.
 *
 *     waiting ──due──▶ dialling ──link up──▶ linked ──link down──▶ waiting
 *        ▲                │ failed, or nobody told the end of it: a longer wait
 *        └────────────────┘
 *
 * Of two relays that hear of each other the one with the lower name dials at once, the other one a little later, if it
 * must: mostly there is one attempt instead of two.
 *
 * Invariants: one attempt per address at a time; none to an address whose relay is linked, nor to the one at which this
 * relay is reached itself; at most `addressesMax` addresses.
 */
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import type { RelayId } from "@inkmesh/shared/base/ids";
import type { MembershipLimits } from "./membership-limits.ts";

/** Where a relay was reached or heard of. */
export interface KnownAddress {
  readonly relay: RelayId;
  readonly address: string;
}

interface Place {
  /** Who was reached or heard of there. */
  relay: RelayId | undefined;
  readonly isSeed: boolean;
  phase: "waiting" | "dialling";
  /** Waiting: when to dial. Dialling: when the attempt counts as failed. */
  atMs: number;
  attempts: number;
}

/** After so many attempts every wait has reached `dialAfterMsMax`. */
const longWait = 20;

export class DialPlan {
  readonly #self: RelayId;
  readonly #limits: MembershipLimits;
  readonly #random: Random;
  readonly #places = new Map<string, Place>();
  readonly #linked = new Map<RelayId, number>();

  constructor(options: {
    self: RelayId;
    ownAddress: string;
    seeds: readonly string[];
    remembered: readonly KnownAddress[];
    limits: MembershipLimits;
    random: Random;
    nowMs: number;
  }) {
    this.#self = options.self;
    this.#limits = options.limits;
    this.#random = options.random;
    for (const seed of options.seeds) this.#add(seed, { relay: undefined, isSeed: true, atMs: options.nowMs });
    for (const { relay, address } of options.remembered) this.#add(address, { relay, isSeed: false, atMs: options.nowMs });
    this.#places.delete(options.ownAddress);
  }

  /** `relay` is said to be reached at `address`. */
  learn(relay: RelayId, address: string, nowMs: number): void {
    if (address === "" || relay === this.#self) return;
    const known = this.#places.get(address);
    if (known !== undefined) known.relay ??= relay;
    else this.#add(address, { relay, isSeed: false, atMs: nowMs + (this.#self < relay ? 0 : this.#limits.dialAfterMs) });
  }

  /** `relay` has left the ring or was forgotten: only a seed is dialled on. */
  drop(relay: RelayId): void {
    for (const [address, place] of this.#places) {
      if (place.relay === relay && !place.isSeed) this.#places.delete(address);
    }
  }

  /** A link to `relay` is up; `dialled` is the address that this relay had dialled, if it was this one. */
  linkUp(relay: RelayId, dialled: string | undefined): void {
    this.#linked.set(relay, (this.#linked.get(relay) ?? 0) + 1);
    const place = dialled === undefined ? undefined : this.#places.get(dialled);
    if (place === undefined) return;
    place.relay = relay;
    this.#wait(place, 0);
  }

  linkDown(relay: RelayId, nowMs: number): void {
    const links = (this.#linked.get(relay) ?? 1) - 1;
    if (links > 0) return void this.#linked.set(relay, links);
    this.#linked.delete(relay);
    for (const place of this.#places.values()) {
      if (place.relay === relay && place.phase === "waiting") this.#later(place, nowMs);
    }
  }

  /** The attempt at `address` came to nothing; `met` is who was there all the same. */
  failed(address: string, met: RelayId | undefined, nowMs: number): void {
    const place = this.#places.get(address);
    if (place === undefined) return;
    place.relay = met ?? place.relay;
    this.#later(place, nowMs);
  }

  /** `address` seems to lead back here. Nobody has proven it, so it is asked again, but seldom. */
  isOwn(address: string, nowMs: number): void {
    const place = this.#places.get(address);
    if (place === undefined) return;
    place.attempts = longWait;
    this.#later(place, nowMs);
  }

  /** Addresses to dial now; each is under way until it is told how it ended. */
  due(nowMs: number): readonly string[] {
    const due: string[] = [];
    for (const [address, place] of this.#places) {
      if (place.atMs > nowMs || this.#isServed(place)) continue;
      if (place.phase === "dialling") {
        this.#later(place, nowMs);
        continue;
      }
      place.phase = "dialling";
      place.atMs = nowMs + this.#limits.dialTimeoutMs;
      due.push(address);
    }
    return due;
  }

  nextDeadline(): number {
    return [...this.#places.values()].reduce(
      (earliest, place) => (this.#isServed(place) ? earliest : Math.min(earliest, place.atMs)),
      Number.POSITIVE_INFINITY,
    );
  }

  /** Every address at which a relay was heard of: what to remember for the next start. */
  addresses(): readonly KnownAddress[] {
    return [...this.#places].flatMap(([address, { relay }]) => (relay === undefined ? [] : [{ relay, address }]));
  }

  #add(address: string, place: Pick<Place, "relay" | "isSeed" | "atMs">): void {
    if (this.#places.has(address) || this.#places.size >= this.#limits.addressesMax) return;
    this.#places.set(address, { ...place, phase: "waiting", attempts: 0 });
  }

  #isServed(place: Place): boolean {
    return place.relay !== undefined && this.#linked.has(place.relay);
  }

  #wait(place: Place, atMs: number): void {
    place.phase = "waiting";
    place.atMs = atMs;
    place.attempts = 0;
  }

  /** Half of the wait is certain, half is chance. */
  #later(place: Place, nowMs: number): void {
    const wait = Math.min(this.#limits.dialAfterMsMax, this.#limits.dialAfterMs * 2 ** Math.min(place.attempts, longWait));
    place.phase = "waiting";
    place.attempts += 1;
    place.atMs = nowMs + wait / 2 + randomInteger(this.#random, Math.max(1, Math.floor(wait / 2)));
  }
}
