/**
 * HistoryProofs: whether each replica of a document tells all that is told here of how it came to be: before that no copy goes (`CopyDropping`).
 *
 *     read what is told here ──offer──▶ each replica ──covered, under this ring, on this link──▶ proven, until anything of that changes
 *
 * Invariants: what is proven is proven for the clock for which it was read, under the ring under which it was said, on the links on which
 * it was said, as long as nothing more has come to this history, nor is on its way to it; what is older than is to be kept needs to be contained
 * in a replica's history, what is newer to be told by it minute by minute; a replica that keeps no histories, or whose version has no word for it, proves nothing. Where nothing is kept here there is nothing
 * to prove. At most `offersMax` documents: past it the oldest is offered anew when its turn comes again.
 */
import type { ActorId, Lineage, RelayId, RingId, RoomName } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { MeshHistoryMessage } from "@inkmesh/shared/wire/mesh-history-message";
import type { RelayContext } from "../relay-context.ts";
import { tellsAllOf, type HistoryCoverage } from "../stored-history.ts";

/** About a kilobyte each. */
const offersMax = 1_024;
/** Runs of dots that are offered at most. */
const rangesMax = 4_096;
/** For how long a relay that leaves waits while nothing more is proven. */
const patienceInExchanges = 3;

interface Offer {
  readonly lineage: Lineage;
  /** What was on this disk when it was read. */
  readonly clock: VectorClock;
  readonly ring: RingId;
  exchange: number;
  coverage: HistoryCoverage | undefined;
  /** Whose disks tell all of it. */
  readonly heard: Set<ActorId>;
}

export class HistoryProofs {
  readonly #context: RelayContext;
  readonly #offers = new Map<RoomName, Offer>();
  #whenProven: (room: RoomName) => void = () => undefined;
  #exchange = 0;
  /** When something was proven last on a relay that leaves, or it began to ask. */
  #progressMs: number | undefined;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  /** Hears of each document of which it is proven. */
  listen(whenProven: (room: RoomName) => void): void {
    this.#whenProven = whenProven;
  }

  /** Asks each replica that has not said so already. `clock`: what is on this disk. */
  prove(lineage: Lineage, clock: VectorClock): void {
    if (!this.#isNeeded) return;
    if (this.#context.placement.isLeaving) this.#progressMs ??= this.#nowMs;
    const known = this.#offers.get(lineage.room);
    if (known !== undefined && this.#isOf(known, lineage, clock)) return this.#read(known);
    const offer: Offer = {
      ...{ lineage, clock, ring: this.#context.peers.ringId, exchange: ++this.#exchange },
      ...{ coverage: undefined, heard: new Set() },
    };
    this.#offers.delete(lineage.room);
    const [oldest] = this.#offers.keys();
    if (this.#offers.size >= offersMax && oldest !== undefined) this.#offers.delete(oldest);
    this.#offers.set(lineage.room, offer);
    this.#read(offer);
  }

  /** Each time anew: what was told minute by minute may have come of age, here and there, and can be told so by nobody then. */
  #read(offer: Offer): void {
    const { lineage } = offer;
    this.#context.histories.readCoverage(lineage, (result) => {
      if (!result.ok || this.#offers.get(lineage.room) !== offer) return;
      const { coverage } = result.value;
      // Whoever tells more than that tells all of it.
      if (offer.coverage !== undefined && !tellsAllOf(offer.coverage, coverage)) {
        offer.heard.clear();
        offer.exchange = ++this.#exchange;
      }
      offer.coverage = coverage;
      this.#tell(offer);
    });
  }

  isProven(lineage: Lineage, clock: VectorClock): boolean {
    if (!this.#isNeeded) return true;
    const offer = this.#offers.get(lineage.room);
    if (this.#context.histories.fetches.isRunning(lineage)) return false;
    return offer !== undefined && this.#isOf(offer, lineage, clock) && this.#lacking(offer).length === 0;
  }

  /** Whether a relay that leaves is to wait for it: not any more when nothing was proven for a while, since some relays never will. */
  isAwaited(lineage: Lineage, clock: VectorClock): boolean {
    const untilMs = (this.#progressMs ?? this.#nowMs) + patienceInExchanges * this.#context.placement.limits.exchangeAgainMs;
    return this.#nowMs < untilMs && !this.isProven(lineage, clock);
  }

  covered(from: ActorId, ring: RingId, { lineage, exchange }: Extract<MeshHistoryMessage, { type: "history-covered" }>): void {
    const offer = this.#offers.get(lineage.room);
    if (offer?.exchange !== exchange || offer.ring !== ring || ring !== this.#context.peers.ringId) return;
    offer.heard.add(from);
    if (this.#lacking(offer).length > 0) return;
    if (this.#progressMs !== undefined) this.#progressMs = this.#nowMs;
    this.#whenProven(lineage.room);
  }

  /** Nothing is on its way to this history any more. */
  rested({ room }: Lineage): void {
    const offer = this.#offers.get(room);
    if (offer !== undefined && offer.ring === this.#context.peers.ringId && this.#lacking(offer).length === 0) this.#whenProven(room);
  }

  /** More is told here than was offered. */
  grown({ room }: Lineage): void {
    this.#offers.delete(room);
  }

  linkDown(actor: ActorId): void {
    for (const { heard } of this.#offers.values()) heard.delete(actor);
  }

  ringChanged(): void {
    this.#offers.clear();
  }

  #tell(offer: Offer): void {
    const { peers } = this.#context;
    const { lineage, exchange, coverage } = offer;
    if (coverage === undefined || coverage.old.length + coverage.told.length > rangesMax) return;
    for (const relay of this.#lacking(offer)) {
      const actor = peers.lifeOf(relay);
      if (actor !== undefined) peers.tell(actor, { type: "history-offer", lineage, exchange, ...coverage });
    }
  }

  /** The replicas that have not said so. */
  #lacking({ lineage, heard }: Offer): readonly RelayId[] {
    const { peers, placement } = this.#context;
    return placement.of(lineage.room).replicas.filter((relay) => {
      const actor = peers.lifeOf(relay);
      return actor === undefined || !heard.has(actor);
    });
  }

  #isOf({ lineage, clock, ring }: Offer, of: Lineage, now: VectorClock): boolean {
    return lineage.generation === of.generation && ring === this.#context.peers.ringId && clock.compare(now) === "equal";
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }

  get #isNeeded(): boolean {
    return this.#context.placement.limits.keptHistoryMs > 0;
  }
}
