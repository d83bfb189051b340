/**
 * HistoryFetches: brings the histories of documents on this disk together with those of others, one piece after the other.
 *
 *     noted ──a moment──▶ reading what is told here ──▶ asking one relay ◀──▶ taking in ──it has no more──▶ the next relay … done
 *                                                          └── silent: the next relay
 *
 * A document's clock names more than its history tells where this relay took over a state: it was away, or is new, or lost something. It is
 * noted then, and fetched from whoever may have held the document. First comes what is told minute by minute, from all of them; what their
 * histories begin with only where something is lacking still and every other replica was asked, since whoever has that has nothing finer for it
 * any more.
 *
 * Somebody may also wait for what is told here to cover what it tells itself (`HistoryProofs`): then it is asked, and told when that is so.
 *
 * Invariants: at most `atOnceMax` documents at a time, of each one piece, and at most `notedMax` that wait: of those that are not noted the
 * disk knows, and tells again (`RoomHistories`); each answer brings something that was lacking, or ends the asking; nothing is
 * asked for of which no copy is here, be it an edge's; it waits for nobody longer than `exchangeAgainMs`.
 */
import { lineageKey, relayOf, type ActorId, type Lineage, type RelayId } from "@inkmesh/shared/base/ids";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import type { Result } from "@inkmesh/shared/base/result";
import type { MeshHistoryMessage } from "@inkmesh/shared/wire/mesh-history-message";
import type { RelayContext } from "../relay-context.ts";
import { allTold, isWithoutGap, tellsAllOf, type CoveredHistory, type HistoryCoverage, type TakenHistory } from "../stored-history.ts";

/** Documents whose histories are fetched at the same time: each holds one piece in memory. */
const atOnceMax = 2;
/** Documents that wait for that: about 200 bytes each. */
const notedMax = 4_096;
/** Relays that wait for the same document. */
const offersMax = 64;
/** Runs of dots that one question may name: a frame takes four times as many. More holes than that has no history that was not damaged. */
const rangesMax = 4_096;
/** Times that a document is tried before it is left to the next look at the disk. */
const triesMax = 3;

/** Somebody waits until `coverage` is told here, too. */
interface Offer {
  readonly from: ActorId;
  readonly exchange: number;
  readonly coverage: HistoryCoverage;
}

interface Question {
  readonly from: ActorId;
  readonly exchange: number;
  readonly wantsBase: boolean;
  /** What is told here. */
  readonly covered: CoveredHistory;
}

interface Asking extends Question {
  readonly type: "asking";
  readonly untilMs: number;
  readonly parts: Uint8Array[];
  bytes: number;
  /** What the last slice said was to follow. */
  remaining: number | undefined;
}

interface Fetch {
  readonly lineage: Lineage;
  /** Whether everybody is to be asked who may have something: not where only an offer is looked at. */
  isNoted: boolean;
  offers: Offer[];
  tries: number;
  state: { readonly type: "waiting"; readonly dueMs: number } | { readonly type: "at-disk" } | Asking;
  /** Whom to ask yet, in this round and in that for what histories begin with. */
  sources: { readonly finer: ActorId[]; readonly bases: ActorId[] };
  /** Who has given all that it tells minute by minute, in this round. */
  readonly heard: Set<RelayId>;
}

export class HistoryFetches {
  readonly #context: RelayContext;
  readonly #fetches = new Map<string, Fetch>();
  readonly #running = new Set<Fetch>();
  /** By how long they wait, which is the same for all of a queue: in each the first is due first. */
  readonly #waiting = new Map<number, Set<Fetch>>();
  /** Until when those are not asked who did not answer: relays of an older version do not know the question. */
  readonly #silent = new Map<ActorId, number>();
  /** States that came and could not be taken in, by document and by whose they are: they are not sent again on that link. */
  readonly #refused = new Set<string>();
  #exchange = 0;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#fetches.size;
  }

  /** Whether something of a document's history may be on its way here. */
  isRunning(lineage: Lineage): boolean {
    const job = this.#fetches.get(lineageKey(lineage));
    return job !== undefined && job.state.type !== "waiting";
  }

  /** Something may be lacking in a document's history. */
  note(lineage: Lineage): void {
    const { limits } = this.#context.placement;
    if (limits.keptHistoryMs === 0) return;
    const job = this.#of(lineage, limits.compareChangedMs);
    if (job !== undefined) job.isNoted = true;
  }

  offerCame(from: ActorId, { lineage, exchange, base, old, told }: Extract<MeshHistoryMessage, { type: "history-offer" }>): void {
    const job = this.#of(lineage, 0);
    if (job === undefined || job.offers.length >= offersMax) return;
    job.offers = [...job.offers.filter((offer) => offer.from !== from), { from, exchange, coverage: { base, old, told } }];
  }

  partCame(from: ActorId, { lineage, exchange, remaining, bytes }: Extract<MeshHistoryMessage, { type: "history-part" }>): void {
    const job = this.#fetches.get(lineageKey(lineage));
    const asking = job?.state;
    if (job === undefined || asking?.type !== "asking" || asking.from !== from || asking.exchange !== exchange) return;
    const isNext = asking.remaining === undefined || asking.remaining === bytes.length + remaining;
    asking.remaining = remaining;
    asking.parts.push(bytes);
    asking.bytes += bytes.length;
    if (!isNext || asking.bytes + remaining > this.#context.placement.limits.differenceBytesMax) return this.#askNext(job, asking.covered);
    if (remaining === 0) this.#take(job, asking);
  }

  linkDown(actor: ActorId): void {
    this.#silent.delete(actor);
    for (const key of this.#refused) if (key.endsWith(` ${actor}`)) this.#refused.delete(key);
    for (const job of [...this.#fetches.values()]) {
      job.offers = job.offers.filter(({ from }) => from !== actor);
      if (job.state.type === "asking" && job.state.from === actor) this.#askNext(job, job.state.covered);
    }
  }

  /** Begins what is due, and gives up what has taken too long. */
  due(): void {
    for (const job of [...this.#running]) {
      if (job.state.type !== "asking" || job.state.untilMs > this.#nowMs) continue;
      this.#silent.set(job.state.from, this.#nowMs + this.#context.placement.limits.sweepMs);
      this.#askNext(job, job.state.covered);
    }
    while (this.#running.size < atOnceMax) {
      const next = this.#firstWaiting();
      if (next === undefined || dueMsOf(next) > this.#nowMs) return;
      this.#begin(next);
    }
  }

  nextDeadline(): number {
    const asked = [...this.#running].map(({ state }) => (state.type === "asking" ? state.untilMs : Number.POSITIVE_INFINITY));
    const next = this.#running.size < atOnceMax ? this.#firstWaiting() : undefined;
    return Math.min(...asked, next === undefined ? Number.POSITIVE_INFINITY : dueMsOf(next));
  }

  #firstWaiting(): Fetch | undefined {
    let earliest: Fetch | undefined;
    for (const queue of this.#waiting.values()) {
      const [first] = queue;
      if (first !== undefined && (earliest === undefined || dueMsOf(first) < dueMsOf(earliest))) earliest = first;
    }
    return earliest;
  }

  #wait(job: Fetch, afterMs: number): void {
    this.#running.delete(job);
    job.state = { type: "waiting", dueMs: this.#nowMs + afterMs };
    const queue = this.#waiting.get(afterMs) ?? new Set();
    this.#waiting.set(afterMs, queue.add(job));
  }

  #end(job: Fetch): void {
    this.#running.delete(job);
    this.#fetches.delete(lineageKey(job.lineage));
  }

  #of(lineage: Lineage, afterMs: number): Fetch | undefined {
    const known = this.#fetches.get(lineageKey(lineage));
    if (known !== undefined) return known;
    if (this.#fetches.size >= notedMax) return undefined;
    const job: Fetch = {
      ...{ lineage, isNoted: false, offers: [], tries: 0 },
      ...{ state: { type: "at-disk" }, sources: { finer: [], bases: [] }, heard: new Set() },
    };
    this.#fetches.set(lineageKey(lineage), job);
    this.#wait(job, afterMs);
    return job;
  }

  #begin(job: Fetch): void {
    const { placement } = this.#context;
    for (const queue of this.#waiting.values()) queue.delete(job);
    this.#running.add(job);
    job.state = { type: "at-disk" };
    this.#context.histories.readCoverage(job.lineage, (result) => {
      if (!result.ok) return this.#end(job);
      const isHere = result.value.clock.size > 0;
      const offered = this.#unmet(job, result.value).map(({ from }) => from);
      const finer = [...new Set([...offered, ...(job.isNoted ? this.#knowing(job.lineage) : [])])];
      job.sources =
        isHere && placement.limits.keptHistoryMs > 0
          ? { finer, bases: finer.filter((actor) => !this.#refused.has(refusedKey(job, actor))) }
          : { finer: [], bases: [] };
      job.isNoted = false;
      job.heard.clear();
      this.#askNext(job, result.value);
    });
  }

  /** Who may have something of it. */
  #knowing({ room }: Lineage): readonly ActorId[] {
    const { peers, placement } = this.#context;
    const place = placement.of(room);
    return peers.linked.filter((actor) => place.mayKnow(relayOf(actor)) && peers.lifeOf(relayOf(actor)) === actor);
  }

  #askNext(job: Fetch, covered: CoveredHistory): void {
    const { finer, bases } = job.sources;
    const isLacking = !isWithoutGap(covered.coverage, covered.clock) || this.#unmet(job, covered).length > 0;
    const wantsBase = finer.length === 0;
    const next = finer.shift() ?? (isLacking && this.#hasHeardAll(job) ? bases.shift() : undefined);
    if (next === undefined || allTold(covered.coverage).length > rangesMax) return this.#finish(job, covered);
    if (!this.#isReached(next)) return this.#askNext(job, covered);
    this.#ask(job, { from: next, wantsBase, covered });
  }

  /** What a state contains is fetched from nobody any more: before it is taken, every replica that may tell it finer has to be asked. */
  #hasHeardAll({ lineage, heard }: Fetch): boolean {
    const { placement, self } = this.#context;
    return placement.of(lineage.room).replicas.every((relay) => relay === self || heard.has(relay));
  }

  #isReached(actor: ActorId): boolean {
    return this.#context.peers.linked.includes(actor) && (this.#silent.get(actor) ?? Number.NEGATIVE_INFINITY) <= this.#nowMs;
  }

  #ask(job: Fetch, of: Omit<Question, "exchange">): void {
    const { from, wantsBase, covered } = of;
    const { peers, placement } = this.#context;
    const exchange = ++this.#exchange;
    const untilMs = this.#nowMs + placement.limits.exchangeAgainMs;
    job.state = { type: "asking", from, exchange, wantsBase, untilMs, covered, parts: [], bytes: 0, remaining: undefined };
    const { coverage, clock } = covered;
    const { lineage } = job;
    peers.tell(from, { type: "history-request", lineage, exchange, wantsBase, clock, base: coverage.base, told: allTold(coverage) });
  }

  #take(job: Fetch, asking: Asking): void {
    job.state = { type: "at-disk" };
    this.#context.histories.takePiece(job.lineage, concatBytes(asking.parts), (result) => this.#taken(job, asking, result));
  }

  #taken(job: Fetch, { from, wantsBase, covered }: Asking, result: Result<TakenHistory>): void {
    if (!result.ok) return this.#askNext(job, covered);
    const { isNew, isLast } = result.value;
    if (wantsBase && !isNew && !isLast && this.#refused.size < notedMax) this.#refused.add(refusedKey(job, from));
    if (!wantsBase && (isLast || !isNew)) job.heard.add(relayOf(from));
    if (isLast || (!isNew && !wantsBase)) this.#askNext(job, result.value);
    // What it begins with comes first, and once.
    else if (this.#isReached(from)) this.#ask(job, { from, wantsBase: false, covered: result.value });
    else this.#askNext(job, result.value);
  }

  #finish(job: Fetch, covered: CoveredHistory): void {
    const { lineage, offers } = job;
    const { peers, placement } = this.#context;
    const unmet = this.#unmet(job, covered);
    // What is told by a log of which no history is kept is gone with its next compaction.
    if (placement.of(lineage.room).isReplica && placement.limits.keptHistoryMs > 0)
      for (const offer of offers) {
        if (!unmet.includes(offer)) peers.tell(offer.from, { type: "history-covered", lineage, exchange: offer.exchange });
      }
    const isLacking = placement.limits.keptHistoryMs > 0 && !isWithoutGap(covered.coverage, covered.clock);
    job.tries += 1;
    const isOver = !job.isNoted && (!isLacking || job.tries >= triesMax);
    if (isOver) this.#end(job);
    else this.#rest(job, unmet);
    this.#context.histories.proofs.rested(lineage);
  }

  #rest(job: Fetch, unmet: Offer[]): void {
    job.offers = unmet;
    job.isNoted = true;
    this.#wait(job, this.#context.placement.limits.exchangeAgainMs);
  }

  #unmet({ offers }: Fetch, { coverage }: CoveredHistory): Offer[] {
    return offers.filter((offer) => !tellsAllOf(coverage, offer.coverage));
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }
}

function refusedKey({ lineage }: Fetch, from: ActorId): string {
  return `${lineageKey(lineage)} ${from}`;
}

function dueMsOf({ state }: Fetch): number {
  return state.type === "waiting" ? state.dueMs : Number.POSITIVE_INFINITY;
}
