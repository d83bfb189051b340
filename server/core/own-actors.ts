/**
 * OwnActors: under which name this relay writes in a document. It is this life's actor, but for a document whose copy was dropped in
 * this life: there some of the actor's dots are named already, by entries that are not here any more.
 *
 *     dropped, with dots up to 7 ──▶ 7 are here again ──────────▶ 8 follows
 *                                └─▶ not, and somebody writes ──▶ another actor, which begins with 1
 *
 * Waiting until the replicas have brought those back would keep a relay that cannot reach them from taking edits [P4]; going on with 8
 * would put a dot beyond a gap. Another actor is to all others what one more start of this relay would have been.
 *
 * Invariants: no dot is given twice in one generation of a document; only documents that this life wrote in and dropped are remembered,
 * at most `droppedMax`: past it none is dropped any more that would have to be.
 */
import { actorOf, lineageKey, relayOf, type ActorId, type Lineage } from "@inkmesh/shared/base/ids";
import type { Random } from "@inkmesh/shared/base/random";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";

/** About 200 bytes each. */
const droppedMax = 65_536;

export class OwnActors {
  readonly #life: ActorId;
  readonly #random: Random;
  readonly #max: number;
  /** Per document how far each name was used there. */
  readonly #used = new Map<string, Map<ActorId, number>>();

  constructor(life: ActorId, random: Random, max = droppedMax) {
    this.#life = life;
    this.#random = random;
    this.#max = max;
  }

  /** Whose dot the next entry gets, which is counted as given. `clock`: what of the document is here. */
  nextWriter(lineage: Lineage, clock: VectorClock): ActorId {
    const actor = this.writerIn(lineage, clock);
    this.#usedIn(lineage)?.set(actor, clock.counter(actor) + 1);
    return actor;
  }

  /** Whose dot the next entry would get: all that was written under that name is here. */
  writerIn(lineage: Lineage, clock: VectorClock): ActorId {
    const used = this.#usedIn(lineage);
    if (used === undefined) return this.#life;
    const known = [...used].find(([actor, counter]) => clock.counter(actor) >= counter);
    if (known !== undefined) return known[0];
    const actor = actorOf(relayOf(this.#life), this.#random.bytes(8));
    used.set(actor, 0);
    return actor;
  }

  /** Whether what `clock` names can be dropped, and remembered as far as need be. */
  canDrop(lineage: Lineage, clock: VectorClock): boolean {
    return this.#used.size < this.#max || clock.counter(this.#life) === 0 || this.#usedIn(lineage) !== undefined;
  }

  /** What `clock` names is not here any more. */
  dropped(lineage: Lineage, clock: VectorClock): void {
    const counter = clock.counter(this.#life);
    if (counter > 0 && this.#usedIn(lineage) === undefined) this.#used.set(lineageKey(lineage), new Map([[this.#life, counter]]));
  }

  #usedIn(lineage: Lineage): Map<ActorId, number> | undefined {
    return this.#used.size === 0 ? undefined : this.#used.get(lineageKey(lineage));
  }
}
