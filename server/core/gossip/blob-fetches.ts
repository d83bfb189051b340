/**
 * BlobFetches: brings images that are lacking here from whoever has them.
 *
 *     mentioned ──a moment──┐              ┌── has it not, silent, wrong bytes: the next one ──┐
 *     offered, wanted ──────┴─▶ ready ──▶ asking one relay ──all of it──▶ keeping ──on disk──▶ whoever waits is told
 *                                 ▲            └── nobody is left ──▶ whoever wanted it is told
 *                                 └──── later, a few times ────────────┘
 *
 * Asked are, one after the other, who offered it, the replicas, who may have held the document, and all others: what was uploaded at a relay
 * that is none of these lies there until it is fetched. Whoever wants it now (`wish`) goes first, then what was offered, then what is mentioned.
 *
 * Invariants: what does not hash to its name is not kept (the disk says so), and nothing is told or given that was not kept; one image at a time
 * is asked of one relay, and `atOnceMax` of all of them; nobody is waited for who says nothing for `silentMs`, nor for longer than `wholeMs`; at most
 * `wantedMax` wait: what is mentioned and not noted is found by the next look at the disk (`RoomBlobs`). A lineage that ended has none.
 */
import { blobBytesMax, type BlobName } from "@inkmesh/shared/base/blob-name";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import { lineageKey, relayOf, type ActorId, type Lineage, type RelayId } from "@inkmesh/shared/base/ids";
import { refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import type { MeshBlobMessage } from "@inkmesh/shared/wire/mesh-blob-message";
import type { RelayContext } from "../relay-context.ts";

/** Images that are fetched at the same time: each is in memory as a whole. */
const atOnceMax = 4;
/** Images that wait for that, over all documents: about 500 bytes each. */
const wantedMax = 4_096;
/** Milliseconds for which a relay that is asked may say nothing: half of what somebody waits who looks at the document. */
const silentMs = 2_500;
/** Milliseconds that all of one may take: a line of 1 Mbit/s. */
const wholeMs = 64_000;
/** Times that one is looked for before that is left to the next look at the disk. */
const triesMax = 4;

/** How a fetch ended: with the bytes, or with why there are none. */
export type Fetched = (result: Result<Uint8Array>) => void;

interface Offer {
  readonly from: ActorId;
  readonly exchange: number;
}

interface Asking {
  readonly type: "asking";
  readonly from: ActorId;
  readonly exchange: number;
  readonly endMs: number;
  silentMs: number;
  readonly parts: Uint8Array[];
  bytes: number;
  /** What the last slice said was to follow. */
  remaining: number | undefined;
}

interface Fetch {
  readonly lineage: Lineage;
  readonly name: BlobName;
  readonly wishes: Set<Fetched>;
  offers: Offer[];
  /** Whether it is lacking here, whoever wants it. */
  isMentioned: boolean;
  /** Whom to ask yet. */
  sources: ActorId[];
  /** Who said that it has it not. */
  readonly absent: Set<RelayId>;
  tries: number;
  state: { readonly type: "resting"; readonly dueMs: number } | { readonly type: "ready" } | Asking | { readonly type: "keeping" };
}

type Part = Extract<MeshBlobMessage, { type: "blob-part" }>;

export class BlobFetches {
  readonly #context: RelayContext;
  readonly #fetches = new Map<string, Fetch>();
  /** By whom they ask. */
  readonly #asking = new Map<ActorId, Fetch>();
  #keeping = 0;
  /** Until when those are asked last who said nothing. */
  readonly #silent = new Map<ActorId, number>();
  #exchange = 0;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#fetches.size;
  }

  /** It is mentioned, and not here: whoever uploads it may be about to. */
  note(lineage: Lineage, name: BlobName): void {
    const job = this.#of(lineage, name, this.#context.placement.limits.compareChangedMs);
    if (job !== undefined) job.isMentioned = true;
  }

  /** Somebody wants it now. Called back once, unless withdrawn. */
  wish(lineage: Lineage, name: BlobName, then: Fetched): { readonly withdraw: () => void } {
    const job = this.#of(lineage, name, 0);
    if (job === undefined) then(refused("RELAY_BUSY", `${wantedMax} images are fetched already`));
    else job.wishes.add(then);
    if (job?.state.type === "resting") this.#getReady(job);
    return { withdraw: () => (job === undefined ? undefined : this.#withdraw(job, then)) };
  }

  /** Somebody has it, and wants to know once it is here. */
  offered(
    from: ActorId,
    { lineage, name, exchange }: Pick<Extract<MeshBlobMessage, { type: "blob-offer" }>, "lineage" | "name" | "exchange">,
  ): void {
    const job = this.#of(lineage, name, 0);
    if (job === undefined) return;
    job.offers = [...job.offers.filter((offer) => offer.from !== from), { from, exchange }];
    if (job.state.type === "resting") this.#getReady(job);
    else if (job.state.type !== "asking" || job.state.from !== from)
      job.sources = [from, ...job.sources.filter((source) => source !== from)];
  }

  /** Whether it was more than one more slice. */
  partCame(from: ActorId, { lineage, exchange, remaining, bytes }: Part): boolean {
    this.#silent.delete(from);
    const job = this.#asking.get(from);
    const asking = job?.state;
    if (job === undefined || asking?.type !== "asking" || asking.exchange !== exchange || !isOf(job, lineage)) return false;
    const isNext = asking.remaining === undefined || asking.remaining === bytes.length + remaining;
    asking.remaining = remaining;
    asking.parts.push(bytes);
    asking.bytes += bytes.length;
    asking.silentMs = this.#nowMs + silentMs;
    const isBad = !isNext || asking.bytes + remaining > blobBytesMax;
    if (isBad) this.#goOn(job);
    else if (remaining === 0) this.#keep(job, asking);
    return isBad || remaining === 0;
  }

  absentCame(from: ActorId, { lineage, exchange }: Pick<Part, "lineage" | "exchange">): void {
    this.#silent.delete(from);
    const job = this.#asking.get(from);
    if (job?.state.type !== "asking" || job.state.exchange !== exchange || !isOf(job, lineage)) return;
    job.absent.add(relayOf(from));
    this.#goOn(job);
  }

  /** It came to this disk. */
  kept(lineage: Lineage, name: BlobName, bytes: Uint8Array): void {
    const job = this.#fetches.get(keyOf(lineage, name));
    if (job === undefined) return;
    this.#end(job, { ok: true, value: bytes });
    const { peers, placement } = this.#context;
    if (!placement.of(lineage.room).isReplica) return;
    for (const { from, exchange } of job.offers) peers.tell(from, { type: "blob-held", lineage, exchange, name });
  }

  /** The generation was closed, or its copy here goes. */
  ended(lineage: Lineage): void {
    for (const job of [...this.#fetches.values()]) if (isOf(job, lineage)) this.#end(job, refused("ROOM_DELETED"));
  }

  linkDown(actor: ActorId): void {
    this.#silent.delete(actor);
    for (const job of this.#fetches.values()) job.offers = job.offers.filter(({ from }) => from !== actor);
    const job = this.#asking.get(actor);
    if (job !== undefined) this.#goOn(job);
  }

  /** Begins what is due, and gives up what has taken too long. */
  due(): void {
    for (const [actor, job] of [...this.#asking]) {
      if (job.state.type !== "asking" || untilOf(job.state) > this.#nowMs) continue;
      this.#silent.set(actor, this.#nowMs + this.#context.placement.limits.exchangeAgainMs);
      this.#goOn(job);
    }
    for (const job of this.#fetches.values()) if (job.state.type === "resting" && job.state.dueMs <= this.#nowMs) this.#getReady(job);
    this.#askAround();
  }

  nextDeadline(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { state } of this.#fetches.values()) {
      if (state.type === "asking") nextMs = Math.min(nextMs, untilOf(state));
      else if (state.type === "resting") nextMs = Math.min(nextMs, state.dueMs);
    }
    return nextMs;
  }

  #of(lineage: Lineage, name: BlobName, afterMs: number): Fetch | undefined {
    const key = keyOf(lineage, name);
    const known = this.#fetches.get(key);
    if (known !== undefined || this.#fetches.size >= wantedMax) return known;
    const job: Fetch = {
      ...{ lineage, name, wishes: new Set(), offers: [], isMentioned: false, sources: [], absent: new Set(), tries: 0 },
      state: { type: "resting", dueMs: this.#nowMs + afterMs },
    };
    this.#fetches.set(key, job);
    return job;
  }

  #getReady(job: Fetch): void {
    job.state = { type: "ready" };
    job.absent.clear();
    job.sources = this.#sourcesOf(job);
  }

  /** Those who may have it, the likeliest first. */
  #sourcesOf({ lineage, offers }: Fetch): ActorId[] {
    const { peers, placement } = this.#context;
    const place = placement.of(lineage.room);
    const rank = (actor: ActorId): number => {
      if (offers.some(({ from }) => from === actor)) return 0;
      const relay = relayOf(actor);
      return place.isOn(relay) ? 1 : place.mayKnow(relay) ? 2 : 3;
    };
    const able = peers.linked.filter((actor) => peers.lifeOf(relayOf(actor)) === actor && peers.understands(actor, "blob-request"));
    return able.toSorted((left, right) => rank(left) - rank(right));
  }

  /** Everybody who is free is asked for what comes next. */
  #askAround(): void {
    const ready = [...this.#fetches.values()]
      .filter(({ state }) => state.type === "ready")
      .toSorted((left, right) => urgency(left) - urgency(right));
    for (const job of ready) {
      if (this.#asking.size + this.#keeping >= atOnceMax) return;
      job.sources = job.sources.filter((actor) => this.#isReached(actor));
      const next = job.sources.find((actor) => !this.#asking.has(actor));
      if (next !== undefined) this.#ask(job, next);
      else if (job.sources.length === 0) this.#rest(job, this.#outcome(job));
    }
  }

  #isReached(actor: ActorId): boolean {
    return this.#context.peers.linked.includes(actor) && (this.#silent.get(actor) ?? Number.NEGATIVE_INFINITY) <= this.#nowMs;
  }

  #ask(job: Fetch, from: ActorId): void {
    job.sources = job.sources.filter((actor) => actor !== from);
    const exchange = ++this.#exchange;
    const nowMs = this.#nowMs;
    job.state = {
      ...{ type: "asking", from, exchange, parts: [], bytes: 0, remaining: undefined },
      endMs: nowMs + wholeMs,
      silentMs: nowMs + silentMs,
    };
    this.#asking.set(from, job);
    this.#context.peers.tell(from, { type: "blob-request", lineage: job.lineage, exchange, name: job.name });
  }

  /** With the next one. */
  #goOn(job: Fetch): void {
    if (job.state.type === "asking") this.#asking.delete(job.state.from);
    job.state = { type: "ready" };
    this.#askAround();
  }

  #keep(job: Fetch, { from, parts }: Asking): void {
    const { lineage, name } = job;
    this.#asking.delete(from);
    job.state = { type: "keeping" };
    this.#keeping += 1;
    // What is here then is told by `kept`.
    this.#context.blobs.keep({ lineage, name, bytes: concatBytes(parts), isCopy: true }, (result) => {
      this.#keeping -= 1;
      if (!result.ok && this.#fetches.get(keyOf(lineage, name)) === job) this.#notKept(job, result.refusal);
      this.#askAround();
    });
  }

  #notKept(job: Fetch, refusal: Refusal): void {
    if (refusal.code === "BLOB_MISMATCH") this.#goOn(job);
    else this.#rest(job, refusal);
  }

  /** What nobody asks for any more, and is not lacking, is not begun. */
  #withdraw(job: Fetch, then: Fetched): void {
    job.wishes.delete(then);
    const isBegun = job.state.type === "asking" || job.state.type === "keeping";
    if (!isBegun && !isWanted(job)) this.#fetches.delete(keyOf(job.lineage, job.name));
  }

  /** Nobody else is to be asked now: whoever wants it is told so, and what is mentioned or offered is looked for again. */
  #rest(job: Fetch, refusal: Refusal): void {
    for (const then of job.wishes) then({ ok: false, refusal });
    job.wishes.clear();
    job.tries += 1;
    if (!isWanted(job) || job.tries >= triesMax) return this.#end(job, { ok: false, refusal });
    job.state = { type: "resting", dueMs: this.#nowMs + this.#context.placement.limits.exchangeAgainMs * job.tries };
  }

  /** Whoever may have it said that it has it not, or could not be asked. */
  #outcome({ lineage, absent }: Fetch): Refusal {
    const { placement, self } = this.#context;
    const place = placement.of(lineage.room);
    const unasked = placement.others.filter((relay) => relay !== self && place.mayKnow(relay) && !absent.has(relay));
    if (unasked.length === 0) return { code: "BLOB_NOT_FOUND", detail: "" };
    return { code: "BLOB_NOT_REACHED", detail: `not asked: ${unasked.join(", ")}` };
  }

  #end(job: Fetch, result: Result<Uint8Array>): void {
    if (job.state.type === "asking") this.#asking.delete(job.state.from);
    this.#fetches.delete(keyOf(job.lineage, job.name));
    for (const then of job.wishes) then(result);
    job.wishes.clear();
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }
}

function keyOf(lineage: Lineage, name: BlobName): string {
  return `${lineageKey(lineage)} ${name}`;
}

function isOf(job: Fetch, { room, generation }: Lineage): boolean {
  return job.lineage.room === room && job.lineage.generation === generation;
}

function untilOf({ silentMs: saidMs, endMs }: Asking): number {
  return Math.min(saidMs, endMs);
}

function isWanted({ wishes, isMentioned, offers }: Fetch): boolean {
  return isMentioned || wishes.size > 0 || offers.length > 0;
}

/** The lowest first. */
function urgency({ wishes, offers }: Fetch): number {
  return wishes.size > 0 ? 0 : offers.length > 0 ? 1 : 2;
}
