/**
 * RelayChoice: which relay of a mesh to connect to, and when. A client knows the addresses that the application gave it and
 * those that the relay it was welcomed by told it last, at first those of its last life; any of them serves every document.
 *
 *     one fails ──another was not tried yet──▶ that one, after a short wait by chance (so that the clients of a dead relay
 *        │                                     do not arrive as one)
 *        └──all were tried──▶ backoff (`Reconnect`), then another round
 *
 * It stays where it is while that works, the first given one at first. Next comes who failed longest ago; of those that never
 * did, the one with the fewest sessions, as the last relay told. Numbers within a tenth of each other count as the same, since relays
 * tell each other no smaller changes, and of these chance chooses: all clients of a dead relay choose at one moment. Whose number
 * nobody told comes last: the relay that was asked does not see it. A wait that a relay asked for holds for that relay alone.
 *
 * Invariants: there is always an address; who knows one only draws and waits as `Reconnect` does; at most `relaysMax`
 * addresses beside the given ones; no relay is tried twice in a round, nor before the time that it asked for while another is there.
 */
import { randomInteger, type Random } from "@inkmesh/shared/base/random";
import type { ToldRelay } from "@inkmesh/shared/wire/client-message";
import type { ClientLimits } from "./client-limits.ts";
import { Reconnect } from "./reconnect.ts";

interface Place {
  readonly address: string;
  readonly isGiven: boolean;
  /** Sessions of clients there, as it was told last; ∞: it was not. */
  load: number;
  isTried: boolean;
  /** When it failed last; −∞: not since it was reached. */
  failedMs: number;
  /** Until when it asked to be left alone. */
  restsUntilMs: number;
}

/** What an address that a relay told means to a client that reached that relay at `by`; undefined: nothing. */
export type AddressReader = (told: string, by: string) => string | undefined;

export class RelayChoice {
  readonly #random: Random;
  readonly #limits: ClientLimits;
  readonly #readAddress: AddressReader;
  readonly #reconnect: Reconnect;
  #places: readonly Place[];
  #current: Place;
  #hasFailed = false;
  #isTold = false;

  /** `given`: at least one address, in the application's order. */
  constructor(options: { given: readonly string[]; readAddress: AddressReader; random: Random; limits: ClientLimits }) {
    const { random, limits } = options;
    this.#random = random;
    this.#limits = limits;
    this.#readAddress = options.readAddress;
    this.#reconnect = new Reconnect({ random, baseMs: limits.reconnectBaseMs, maxMs: limits.reconnectMaxMs });
    this.#places = [...new Set(options.given)].map((address) => newPlace(address, true));
    this.#current = this.#places[0]!;
  }

  /** Of the relay that was chosen last. */
  get address(): string {
    return this.#current.address;
  }

  /** Whether an attempt failed, or a line was lost, since the last time that a relay was reached. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Whether one was lost and another one is about to be tried. */
  get isGoingOn(): boolean {
    return this.#places.some((place) => place.isTried);
  }

  /** The relay to connect to now. */
  next(nowMs: number): string {
    if (this.#current.failedMs !== -Infinity) this.#current = this.#anyOf(this.#nextOnes(nowMs));
    return this.#current.address;
  }

  /** How long the attempt at the current relay may take, in ms: while another one is left, less. */
  patienceMs(nowMs: number): number {
    const { connectMs, failOverConnectMs } = this.#limits;
    const isLast = this.#places.every((place) => place === this.#current || !isLeft(place, nowMs));
    return isLast ? connectMs : Math.min(connectMs, failOverConnectMs);
  }

  /** Whether there is one to go to only because the current one is silent: not one that failed a moment ago. */
  hasAnother(nowMs: number): boolean {
    const { failedRestMs } = this.#limits;
    return this.#places.some((place) => place !== this.#current && place.restsUntilMs <= nowMs && place.failedMs + failedRestMs <= nowMs);
  }

  /** The current relay cannot be had, and wants to be left alone for `floorMs`. Answers how long to wait for the next attempt, in ms. */
  failed(floorMs: number, nowMs: number): number {
    Object.assign(this.#current, { isTried: true, failedMs: nowMs, restsUntilMs: nowMs + floorMs });
    this.#hasFailed = true;
    if (this.#places.some((place) => isLeft(place, nowMs))) return this.#random.fraction() * this.#limits.failOverMs;
    for (const place of this.#places) place.isTried = false;
    const rests = this.#places.map((place) => (place === this.#current ? floorMs : Math.max(0, place.restsUntilMs - nowMs)));
    return this.#reconnect.failed(Math.min(...rests));
  }

  /** The current relay serves. */
  reached(): void {
    this.#current.failedMs = -Infinity;
    this.#anew();
  }

  /** A person or the network gives reason to forget what failed. */
  reset(): void {
    for (const place of this.#places) Object.assign(place, { failedMs: -Infinity, restsUntilMs: -Infinity });
    this.#anew();
  }

  /** Whether a relay has said where others are. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** Those known beside the given ones. */
  get others(): readonly string[] {
    return this.#places.filter(({ isGiven }) => !isGiven).map(({ address }) => address);
  }

  /** Where there were others when this client ran last; what a relay has told already is newer. */
  remembered(addresses: readonly string[]): void {
    if (this.#isTold) return;
    const [first] = this.#places;
    this.#know(
      addresses.map((address) => ({ address, load: Infinity })),
      first!.address,
    );
  }

  /** The current relay says at which addresses there are others, and how busy; that takes the place of what was told before. */
  told(relays: readonly ToldRelay[]): void {
    this.#isTold = true;
    this.#know(relays, this.#current.address);
  }

  #know(relays: readonly ToldRelay[], by: string): void {
    const known = new Map(this.#places.map((place) => [place.address, place]));
    const kept = this.#places.filter((place) => place.isGiven || place === this.#current);
    const places = new Map(kept.map((place) => [place.address, place]));
    for (const place of kept) place.load = Infinity;
    for (const { address: said, load } of relays) {
      const address = this.#readAddress(said, by);
      if (address === undefined) continue;
      const place = places.get(address) ?? known.get(address) ?? newPlace(address, false);
      place.load = load;
      if (places.size < kept.length + this.#limits.relaysMax) places.set(address, place);
    }
    this.#places = [...places.values()];
  }

  #anew(): void {
    for (const place of this.#places) place.isTried = false;
    this.#hasFailed = false;
    this.#reconnect.reset();
  }

  /** Who is left in this round and failed longest ago; if all rest, who rests shortest. */
  #nextOnes(nowMs: number): readonly Place[] {
    const left = this.#places.filter((place) => isLeft(place, nowMs));
    return left.length > 0 ? leastBusy(least(left, (place) => place.failedMs)) : least(this.#places, (place) => place.restsUntilMs);
  }

  #anyOf(places: readonly Place[]): Place {
    return places[places.length > 1 ? randomInteger(this.#random, places.length) : 0]!;
  }
}

function newPlace(address: string, isGiven: boolean): Place {
  return { address, isGiven, load: Infinity, isTried: false, failedMs: -Infinity, restsUntilMs: -Infinity };
}

function isLeft(place: Place, nowMs: number): boolean {
  return !place.isTried && place.restsUntilMs <= nowMs;
}

function leastBusy(places: readonly Place[]): readonly Place[] {
  const lowest = Math.min(...places.map(({ load }) => load));
  return places.filter(({ load }) => load <= lowest * 1.1);
}

function least(places: readonly Place[], by: (place: Place) => number): readonly Place[] {
  const lowest = Math.min(...places.map(by));
  return places.filter((place) => by(place) === lowest);
}
