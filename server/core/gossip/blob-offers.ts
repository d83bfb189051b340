/**
 * BlobOffers: images that were let in at this relay, and are offered to each replica of their document until it holds them: as long as somebody waits
 * for that, and after that, too, since nothing may mention them yet.
 *
 *     on this disk ──an offer to each replica──▶ held by all: over
 *                     ▲   └── not yet ──a while──┐
 *                     └── a new link, a new ring ┘
 *
 * Invariants: what a replica said counts on the link on which it said it, under the ring under which it said it; what was offered on a link that
 * ended is offered anew on the next one, and what a replica had no room for, a while later; at most `offeredMax`: past that those are left out that
 * nobody waits for, the oldest first.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { lineageKey, type ActorId, type Lineage, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import type { RelayContext } from "../relay-context.ts";

/** About 500 bytes each. */
const offeredMax = 1_024;
/** Milliseconds until those are asked again that have not said that they hold it: the second time twice as much, and so on. */
const againMs = 3_000;

interface Offer {
  readonly lineage: Lineage;
  readonly name: BlobName;
  readonly exchange: number;
  readonly heard: Set<ActorId>;
  /** Hears that another one holds it; undefined: nobody waits any more. */
  changed: (() => void) | undefined;
  dueMs: number;
  waitMs: number;
}

/** For whoever waits. */
export interface OfferedBlob {
  readonly isHeldBy: (relay: RelayId) => boolean;
  readonly leave: () => void;
}

export class BlobOffers {
  readonly #context: RelayContext;
  readonly #nextExchange: () => number;
  /** By number, the oldest first. */
  readonly #offers = new Map<number, Offer>();

  constructor(context: RelayContext, nextExchange: () => number) {
    this.#context = context;
    this.#nextExchange = nextExchange;
  }

  begin(lineage: Lineage, name: BlobName, changed: () => void): OfferedBlob {
    const offer: Offer = { lineage, name, exchange: this.#nextExchange(), heard: new Set(), changed, dueMs: 0, waitMs: againMs };
    this.#offers.set(offer.exchange, offer);
    this.#makeRoom();
    this.#tell(offer);
    const leave = (): void => {
      offer.changed = undefined;
      this.#review(offer);
    };
    return { isHeldBy: (relay) => this.#isHeldBy(offer, relay), leave };
  }

  /** Whether it was one of these. */
  heard(from: ActorId, ring: RingId, exchange: number): boolean {
    const offer = this.#offers.get(exchange);
    if (offer === undefined) return false;
    if (ring !== this.#context.peers.ringId) return true;
    offer.heard.add(from);
    offer.changed?.();
    this.#review(offer);
    return true;
  }

  linkUp(actor: ActorId): void {
    for (const offer of this.#offers.values()) if (this.#lacking(offer).includes(actor)) this.#say(offer, [actor]);
  }

  linkDown(actor: ActorId): void {
    for (const { heard } of this.#offers.values()) heard.delete(actor);
  }

  ringChanged(): void {
    for (const offer of this.#offers.values()) {
      offer.heard.clear();
      this.#tell(offer);
    }
  }

  /** The generation was closed, or its copy here goes. */
  ended(lineage: Lineage): void {
    const key = lineageKey(lineage);
    for (const offer of this.#offers.values()) if (lineageKey(offer.lineage) === key) this.#offers.delete(offer.exchange);
  }

  due(): void {
    for (const offer of this.#offers.values()) {
      if (offer.dueMs > this.#context.now.monotonicMs) continue;
      offer.waitMs = Math.min(offer.waitMs * 2, this.#context.placement.limits.sweepMs);
      this.#tell(offer);
    }
  }

  nextDeadline(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#offers.values()) nextMs = Math.min(nextMs, dueMs);
    return nextMs;
  }

  #tell(offer: Offer): void {
    offer.dueMs = this.#context.now.monotonicMs + offer.waitMs;
    this.#say(offer, this.#lacking(offer));
    this.#review(offer);
  }

  #say({ lineage, exchange, name }: Offer, to: readonly ActorId[]): void {
    for (const actor of to) this.#context.peers.tell(actor, { type: "blob-offer", lineage, exchange, name, isFresh: true });
  }

  /** Over when all of them hold it, and nobody is to be told. */
  #review(offer: Offer): void {
    if (offer.changed === undefined && this.#others(offer).every((relay) => this.#isHeldBy(offer, relay)))
      this.#offers.delete(offer.exchange);
  }

  /** Those that are linked and have not said so. */
  #lacking(offer: Offer): readonly ActorId[] {
    const { peers } = this.#context;
    return this.#others(offer).flatMap((relay) => (this.#isHeldBy(offer, relay) ? [] : (peers.lifeOf(relay) ?? [])));
  }

  #others({ lineage }: Offer): readonly RelayId[] {
    const { placement, self } = this.#context;
    return placement.of(lineage.room).replicas.filter((relay) => relay !== self);
  }

  #isHeldBy({ heard }: Offer, relay: RelayId): boolean {
    const actor = this.#context.peers.lifeOf(relay);
    return actor !== undefined && heard.has(actor);
  }

  #makeRoom(): void {
    for (const offer of this.#offers.values()) {
      if (this.#offers.size <= offeredMax) return;
      if (offer.changed === undefined) this.#offers.delete(offer.exchange);
    }
  }
}
