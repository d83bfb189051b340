/**
 * BlobSources: who may have an image, and what came of asking them.
 *
 * Asked are, one after the other, who offered it, the document's replicas, who may have held it, and all others: what was uploaded at a relay that is
 * none of these lies there until it is fetched.
 *
 * Invariants: nobody is asked again for a while who was asked and said nothing; what nobody had is not asked for again for `nowhereMs`, unless somebody
 * offers it, or comes or goes; at most `nowhereMax` images are remembered so.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { lineageKey, relayOf, type ActorId, type Lineage, type RelayId } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { RelayContext } from "../relay-context.ts";

const nowhereMs = 2_000;
/** About 200 bytes each. */
const nowhereMax = 1_024;

interface Asked {
  readonly lineage: Lineage;
  readonly name: BlobName;
  /** Who has it not. */
  readonly absent: ReadonlySet<RelayId>;
}

export class BlobSources {
  readonly #context: RelayContext;
  /** Until when those are not asked who said nothing. */
  readonly #silent = new Map<ActorId, number>();
  /** Until when what nobody had is not asked for, the first over first. */
  readonly #nowhere = new Map<string, number>();

  constructor(context: RelayContext) {
    this.#context = context;
  }

  /** The likeliest first. */
  of({ room }: Lineage, offering: readonly ActorId[]): ActorId[] {
    const { peers, placement } = this.#context;
    const place = placement.of(room);
    const rank = (actor: ActorId): number => {
      if (offering.includes(actor)) return 0;
      const relay = relayOf(actor);
      return place.isOn(relay) ? 1 : place.mayKnow(relay) ? 2 : 3;
    };
    const able = peers.linked.filter((actor) => peers.lifeOf(relayOf(actor)) === actor && peers.understands(actor, "blob-request"));
    return able.toSorted((left, right) => rank(left) - rank(right));
  }

  isReached(actor: ActorId): boolean {
    return this.#context.peers.linked.includes(actor) && (this.#silent.get(actor) ?? Number.NEGATIVE_INFINITY) <= this.#nowMs;
  }

  heard(actor: ActorId): void {
    this.#silent.delete(actor);
  }

  silent(actor: ActorId): void {
    this.#silent.set(actor, this.#nowMs + this.#context.placement.limits.exchangeAgainMs);
  }

  linkChanged(actor: ActorId): void {
    this.#silent.delete(actor);
    this.#nowhere.clear();
  }

  found(lineage: Lineage, name: BlobName): void {
    this.#nowhere.delete(keyOf(lineage, name));
  }

  isNowhere(lineage: Lineage, name: BlobName): boolean {
    return (this.#nowhere.get(keyOf(lineage, name)) ?? Number.NEGATIVE_INFINITY) > this.#nowMs;
  }

  /** Whether all that are linked said that they have it not. */
  areAllAsked({ lineage, absent }: Asked): boolean {
    return this.of(lineage, []).every((actor) => absent.has(relayOf(actor)));
  }

  /** Nobody is left to be asked: whoever may have it said that it has it not, or is of a version without images; or could not be asked. */
  outcome({ lineage, name, absent }: Asked): Refusal {
    const { peers, placement, self } = this.#context;
    const place = placement.of(lineage.room);
    const mayHave = (relay: RelayId): boolean => {
      const actor = peers.lifeOf(relay);
      return !absent.has(relay) && (actor === undefined || peers.understands(actor, "blob-request"));
    };
    const unasked = placement.others.filter((relay) => relay !== self && place.mayKnow(relay) && mayHave(relay));
    if (unasked.length > 0) return { code: "BLOB_NOT_REACHED", detail: `not asked: ${unasked.join(", ")}` };
    this.#noteNowhere(keyOf(lineage, name));
    return { code: "BLOB_NOT_FOUND", detail: "" };
  }

  #noteNowhere(key: string): void {
    this.#nowhere.delete(key);
    this.#nowhere.set(key, this.#nowMs + nowhereMs);
    for (const oldest of this.#nowhere.keys()) {
      if (this.#nowhere.size <= nowhereMax) return;
      this.#nowhere.delete(oldest);
    }
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }
}

function keyOf(lineage: Lineage, name: BlobName): string {
  return `${lineageKey(lineage)} ${name}`;
}
