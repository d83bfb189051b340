/**
 * BlobFetches: brings images that are lacking here from whoever has them.
 *
 *     mentioned ──a moment──┐              ┌── has it not, silent, wrong bytes: the next one ──┐
 *     offered, wanted ──────┴─▶ ready ──▶ asking one relay, stretch by stretch ──all of it──▶ keeping ──on disk──▶ whoever waits is told
 *                                 ▲            └── nobody is left ──▶ whoever wanted it is told
 *                                 └──── later, a few times ────────────┘
 *
 * What somebody wants now (`wish`) goes first, in turns with what was offered and with what is mentioned, so that none of these waits for ever for
 * the others. Who is asked: `BlobSources`.
 *
 * Invariants: what does not hash to its name is not kept (the disk says so), and nothing is told or given that was not kept; one image at a time
 * is asked of one relay, and `atOnceMax` of all of them; nobody is waited for who says nothing for `silentMs`, however long all of it takes; of each
 * kind so many wait as `waitingMax` says, and of what one document mentions `mentionedMax`: the other side offers again, and what is mentioned is
 * found by the next look at the disk (`RoomBlobs`). What this disk takes no more is not fetched (`BlobHolds`). A lineage that ended has none. One
 * message costs no walk over all that waits.
 */
import { blobBytesMax, type BlobName } from "@inkmesh/shared/base/blob-name";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import { lineageKey, relayOf, type ActorId, type Lineage, type RelayId } from "@inkmesh/shared/base/ids";
import { refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import type { MeshBlobMessage } from "@inkmesh/shared/wire/mesh-blob-message";
import type { RelayContext } from "../relay-context.ts";
import { stretchBytes } from "./blob-givings.ts";
import { BlobHolds } from "./blob-holds.ts";
import { BlobQueues, type WaitingBlob } from "./blob-queues.ts";
import { BlobSources } from "./blob-sources.ts";

/** Images that are fetched at the same time: each is in memory as a whole. */
const atOnceMax = 4;
/** Images that wait for that, over all documents, by why they came to be looked for: about 500 bytes each. */
const waitingMax = { wanted: 1_024, offered: 4_096, mentioned: 1_024 };
/** Of what is mentioned in one document: whoever writes names that nobody has stops nothing else. */
const mentionedMax = 64;
/** Milliseconds for which a relay that is asked may say nothing: half of what somebody waits who looks at the document. */
const silentMs = 2_500;
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
  silentMs: number;
  readonly parts: Uint8Array[];
  bytes: number;
  /** Where the stretch ends that was asked for. */
  askedTo: number;
  /** What the last slice said was to follow. */
  remaining: number | undefined;
}

type Cause = keyof typeof waitingMax;

interface Fetch extends WaitingBlob {
  readonly lineage: Lineage;
  readonly name: BlobName;
  /** Why it came to be looked for. */
  readonly cause: Cause;
  readonly wishes: Set<Fetched>;
  offers: Offer[];
  /** Whether it is lacking here, whoever wants it. */
  isMentioned: boolean;
  /** Whom to ask yet. */
  sources: ActorId[];
  /** Who has it not. */
  readonly absent: Set<RelayId>;
  tries: number;
  state: { readonly type: "waiting" } | Asking | { readonly type: "keeping" };
}

/** Those of one document. */
interface Document {
  readonly fetches: Map<BlobName, Fetch>;
  /** How many of them are there because they are mentioned. */
  mentioned: number;
}

type Part = Extract<MeshBlobMessage, { type: "blob-part" }>;

export class BlobFetches {
  readonly #context: RelayContext;
  /** Hears of a document of which nothing waits any more that is mentioned. */
  readonly #through: (lineage: Lineage) => void;
  readonly #documents = new Map<string, Document>();
  readonly #counts: Record<Cause, number> = { wanted: 0, offered: 0, mentioned: 0 };
  readonly #queues = new BlobQueues<Fetch>();
  readonly #holds: BlobHolds;
  readonly #sources: BlobSources;
  /** By whom they ask. */
  readonly #asking = new Map<ActorId, Fetch>();
  #keeping = 0;
  #mentioning = 0;
  #exchange = 0;

  constructor(context: RelayContext, through: (lineage: Lineage) => void) {
    this.#context = context;
    this.#through = through;
    this.#holds = new BlobHolds(context);
    this.#sources = new BlobSources(context);
  }

  /** Whether there is room for what one more document mentions. */
  get isRoomy(): boolean {
    return !this.#holds.isOfAll && this.#counts.mentioned + mentionedMax <= waitingMax.mentioned;
  }

  /** Documents of which something is fetched that they mention. */
  get mentioning(): number {
    return this.#mentioning;
  }

  /** They are mentioned, and not here: whoever uploads them may be about to. How many of them are noted, from the first on. */
  note(lineage: Lineage, names: readonly BlobName[]): number {
    let noted = 0;
    for (const name of names) {
      const job = this.#of({ lineage, name, cause: "mentioned" }, this.#context.placement.limits.compareChangedMs);
      if (job === undefined) break;
      job.isMentioned = true;
      noted += 1;
    }
    return noted;
  }

  /** Somebody wants it now. Called back once, unless withdrawn. */
  wish(lineage: Lineage, name: BlobName, then: Fetched): { readonly withdraw: () => void } {
    const refusal = this.#sources.isNowhere(lineage, name) ? refused("BLOB_NOT_FOUND").refusal : this.#holds.of(lineage);
    const job = refusal === undefined ? this.#of({ lineage, name, cause: "wanted" }, 0) : undefined;
    if (job === undefined) {
      then({ ok: false, refusal: refusal ?? { code: "RELAY_BUSY", detail: `${waitingMax.wanted} images are fetched already` } });
      return { withdraw: () => undefined };
    }
    job.wishes.add(then);
    this.#hasten(job);
    return { withdraw: () => this.#withdraw(job, then) };
  }

  /** Somebody has it, and wants to know once it is here. */
  offered(
    from: ActorId,
    { lineage, name, exchange }: Pick<Extract<MeshBlobMessage, { type: "blob-offer" }>, "lineage" | "name" | "exchange">,
  ): void {
    this.#sources.found(lineage, name);
    const job = this.#of({ lineage, name, cause: "offered" }, 0);
    if (job === undefined) return;
    const isNew = !job.offers.some((offer) => offer.from === from);
    job.offers = [...job.offers.filter((offer) => offer.from !== from), { from, exchange }];
    if (!isNew) return;
    if (job.state.type !== "asking" || job.state.from !== from) job.sources = [from, ...job.sources.filter((source) => source !== from)];
    this.#hasten(job);
  }

  partCame(from: ActorId, { lineage, exchange, remaining, bytes }: Part): void {
    this.#sources.heard(from);
    const job = this.#asking.get(from);
    const asking = job?.state;
    if (job === undefined || asking?.type !== "asking" || asking.exchange !== exchange || !isOf(job, lineage)) return;
    const isNext = asking.remaining === undefined || asking.remaining === bytes.length + remaining;
    asking.remaining = remaining;
    asking.parts.push(bytes);
    asking.bytes += bytes.length;
    asking.silentMs = this.#nowMs + silentMs;
    const isEmpty = bytes.length === 0 && remaining > 0;
    if (isEmpty || !isNext || asking.bytes + remaining > blobBytesMax) this.#goOn(job);
    else if (remaining === 0) this.#keep(job, asking);
    else if (asking.bytes >= asking.askedTo) this.#askOn(job, asking);
  }

  absentCame(from: ActorId, { lineage, exchange, isBusy }: Extract<MeshBlobMessage, { type: "blob-absent" }>): void {
    this.#sources.heard(from);
    const job = this.#asking.get(from);
    if (job?.state.type !== "asking" || job.state.exchange !== exchange || !isOf(job, lineage)) return;
    if (!isBusy) job.absent.add(relayOf(from));
    this.#goOn(job);
  }

  /** It came to this disk. */
  kept(lineage: Lineage, name: BlobName, bytes: Uint8Array): void {
    this.#holds.kept(lineage);
    this.#sources.found(lineage, name);
    const job = this.#known(lineage, name);
    if (job === undefined) return;
    const { offers } = job;
    this.#end(job, { ok: true, value: bytes });
    const { peers, placement } = this.#context;
    if (!placement.of(lineage.room).isReplica) return;
    for (const { from, exchange } of offers) peers.tell(from, { type: "blob-held", lineage, exchange, name });
  }

  /** The generation was closed, or its copy here goes. */
  ended(lineage: Lineage): void {
    for (const job of this.#all(lineage)) this.#end(job, refused("ROOM_DELETED"));
  }

  #all(lineage: Lineage): readonly Fetch[] {
    return [...(this.#documents.get(lineageKey(lineage))?.fetches.values() ?? [])];
  }

  linkUp(actor: ActorId): void {
    this.#sources.linkChanged(actor);
  }

  linkDown(actor: ActorId): void {
    this.#sources.linkChanged(actor);
    for (const { fetches } of this.#documents.values())
      for (const job of fetches.values()) job.offers = job.offers.filter(({ from }) => from !== actor);
    const job = this.#asking.get(actor);
    if (job !== undefined) this.#goOn(job);
  }

  /** Begins what is due, and gives up what has taken too long. */
  due(): void {
    for (const [actor, job] of [...this.#asking]) {
      if (job.state.type !== "asking" || job.state.silentMs > this.#nowMs) continue;
      this.#sources.silent(actor);
      this.#goOn(job);
    }
    for (const job of this.#queues.rested(this.#nowMs)) this.#getReady(job);
    this.#askAround();
  }

  nextDeadline(): number {
    const silences = [...this.#asking.values()].map(({ state }) => (state.type === "asking" ? state.silentMs : Number.POSITIVE_INFINITY));
    return Math.min(this.#queues.nextDeadline(), ...silences);
  }

  #known(lineage: Lineage, name: BlobName): Fetch | undefined {
    return this.#documents.get(lineageKey(lineage))?.fetches.get(name);
  }

  /** Undefined: it is not to be fetched now, or too many are. */
  #of({ lineage, name, cause }: Pick<Fetch, "lineage" | "name" | "cause">, afterMs: number): Fetch | undefined {
    const key = lineageKey(lineage);
    const document = this.#documents.get(key) ?? { fetches: new Map<BlobName, Fetch>(), mentioned: 0 };
    const known = document.fetches.get(name);
    if (known !== undefined) return known;
    if (this.#counts[cause] >= waitingMax[cause] || this.#holds.of(lineage) !== undefined) return undefined;
    if (cause === "mentioned" && document.mentioned >= mentionedMax) return undefined;
    const job: Fetch = {
      ...{ lineage, name, cause, wishes: new Set(), offers: [], isMentioned: false, sources: [], absent: new Set(), tries: 0 },
      ...{ state: { type: "waiting" }, place: undefined },
    };
    this.#documents.set(key, document);
    document.fetches.set(name, job);
    if (cause === "mentioned" && document.mentioned++ === 0) this.#mentioning += 1;
    this.#counts[cause] += 1;
    this.#queues.rest(job, this.#nowMs, afterMs);
    return job;
  }

  /** Somebody more wants it: where it waits, that is over, or has another turn. */
  #hasten(job: Fetch): void {
    if (job.state.type !== "waiting") return;
    if (this.#queues.isReady(job)) this.#queues.ready(job, urgency(job));
    else this.#getReady(job);
  }

  #getReady(job: Fetch): void {
    job.absent.clear();
    job.sources = this.#sources.of(
      job.lineage,
      job.offers.map(({ from }) => from),
    );
    this.#queues.ready(job, urgency(job));
  }

  /** Everybody who is free is asked for what comes next. */
  #askAround(): void {
    while (this.#asking.size + this.#keeping < atOnceMax) {
      let from: ActorId | undefined;
      const job = this.#queues.next((each) => {
        each.sources = each.sources.filter((actor) => this.#sources.isReached(actor));
        from = each.sources.find((actor) => !this.#asking.has(actor));
        return from !== undefined || each.sources.length === 0;
      });
      if (job === undefined) return;
      if (from === undefined) this.#rest(job, this.#sources.outcome(job));
      else this.#ask(job, from);
    }
  }

  #ask(job: Fetch, from: ActorId): void {
    job.sources = job.sources.filter((actor) => actor !== from);
    const exchange = ++this.#exchange;
    const asking: Asking = {
      ...{ type: "asking", from, exchange, parts: [], bytes: 0, askedTo: 0, remaining: undefined },
      silentMs: this.#nowMs + silentMs,
    };
    job.state = asking;
    this.#asking.set(from, job);
    this.#askOn(job, asking);
  }

  /** For the stretch behind what has come. */
  #askOn({ lineage, name }: Fetch, asking: Asking): void {
    const { from, exchange, bytes } = asking;
    asking.askedTo = bytes + stretchBytes;
    this.#context.peers.tell(from, { type: "blob-request", lineage, exchange, name, from: bytes });
  }

  /** With the next one. */
  #goOn(job: Fetch): void {
    if (job.state.type === "asking") this.#asking.delete(job.state.from);
    job.state = { type: "waiting" };
    this.#queues.ready(job, urgency(job));
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
      if (!result.ok && this.#known(lineage, name) === job) this.#notKept(job, from, result.refusal);
      this.#askAround();
    });
  }

  #notKept(job: Fetch, from: ActorId, refusal: Refusal): void {
    if (refusal.code === "BLOB_MISMATCH") {
      job.absent.add(relayOf(from));
      return this.#goOn(job);
    }
    if (refusal.code !== "ROOM_DELETED") this.#holds.refused(job.lineage, refusal);
    for (const each of this.#all(job.lineage)) this.#end(each, { ok: false, refusal });
  }

  /** What nobody asks for any more, and is not lacking, is not gone on with. */
  #withdraw(job: Fetch, then: Fetched): void {
    if (!job.wishes.delete(then) || job.state.type === "keeping" || isWanted(job)) return;
    this.#end(job, refused("BLOB_NOT_REACHED"));
  }

  /** Nobody else is to be asked now: whoever wants it is told so, and what is mentioned or offered is looked for again, unless all that are linked said that they have it not. */
  #rest(job: Fetch, refusal: Refusal): void {
    job.tries += 1;
    const wishes = [...job.wishes];
    job.wishes.clear();
    const isAskedOfAll = job.offers.length === 0 && this.#sources.areAllAsked(job);
    if (!isWanted(job) || isAskedOfAll || job.tries >= triesMax) this.#end(job, { ok: false, refusal });
    else this.#queues.rest(job, this.#nowMs, this.#context.placement.limits.exchangeAgainMs * job.tries);
    for (const then of wishes) then({ ok: false, refusal });
  }

  #end(job: Fetch, result: Result<Uint8Array>): void {
    const { lineage, name, cause, state } = job;
    if (state.type === "asking") this.#asking.delete(state.from);
    this.#queues.leave(job);
    const key = lineageKey(lineage);
    const document = this.#documents.get(key);
    if (document?.fetches.delete(name) !== true) return;
    this.#counts[cause] -= 1;
    if (cause === "mentioned" && --document.mentioned === 0) this.#mentioning -= 1;
    if (document.fetches.size === 0) this.#documents.delete(key);
    for (const then of job.wishes) then(result);
    job.wishes.clear();
    if (cause === "mentioned" && document.mentioned === 0) this.#through(lineage);
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }
}

function isOf(job: Fetch, { room, generation }: Lineage): boolean {
  return job.lineage.room === room && job.lineage.generation === generation;
}

function isWanted({ wishes, isMentioned, offers }: Fetch): boolean {
  return isMentioned || wishes.size > 0 || offers.length > 0;
}

/** In which queue. */
function urgency({ wishes, offers }: Fetch): 0 | 1 | 2 {
  return wishes.size > 0 ? 0 : offers.length > 0 ? 1 : 2;
}
