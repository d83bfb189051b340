/**
 * RoomBlobs: the images of documents among the relays that hold them: who asks whom for which, and what the disk is asked for it.
 *
 *     uploaded here ──▶ this disk ──blob-offer──▶ each replica: BlobFetches ──blob-request──▶ … ──▶ its disk ──blob-held──▶ BlobWriter
 *     mentioned ──▶ what is lacking ──▶ BlobFetches ──blob-request──▶ whoever may have it ──blob-part…──▶ this disk
 *     to be dropped ──▶ BlobProofs ──blob-offer──▶ each replica … blob-held
 *
 * That an image is lacking is on the disk, and nowhere else: the documents there mention it. A relay that starts, or could not reach anybody, finds
 * it by looking (`look`), a few documents a second, when a link comes and every `sweepMs`; of what is written or offered meanwhile it looks at that
 * document a moment later.
 *
 * Images are on the disk and not in rooms: nothing here loads a document, and nothing is kept in memory but what is under way.
 *
 * Invariants: what is said to be held is on this disk, and only a replica says so; at most `servedMax` images are read for one relay at a time, and
 * `offersMax` offers looked at; nothing comes to a lineage here that has ended, or goes.
 */
import { mentionedBlobs, type BlobName } from "@inkmesh/shared/base/blob-name";
import { lineageKey, type ActorId, type Lineage, type RingId } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { MeshBlobMessage } from "@inkmesh/shared/wire/mesh-blob-message";
import type { RelayContext } from "../relay-context.ts";
import type { HeldBlobs } from "../stored-blob.ts";
import { BlobFetches, type Fetched } from "./blob-fetches.ts";
import { BlobProofs } from "./blob-proofs.ts";

/** Bytes of one slice: as of differences, small beside a link's window. */
const sliceBytes = 32_768;
/** Images that are read for one relay at a time: it asks for one, and for another where that took too long. */
const servedMax = 2;
/** Documents that one look at the disk goes over. */
const lookedAtMax = 16;
/** Images that are fetched already where no others are looked for. */
const fetchedMax = 256;
/** Documents that are to be looked at in a moment; of more the next look at the disk finds what is lacking. */
const notedMax = 1_024;
/** Offers that wait for a look at the disk, over all relays: of more the other side offers again. */
const offersMax = 8_192;

type Of<Type extends MeshBlobMessage["type"]> = Extract<MeshBlobMessage, { type: Type }>;

/** Who waits for the word of relays that something it has is on their disks. */
export interface HeldListener {
  heard(from: ActorId, ring: RingId): void;
}

export class RoomBlobs {
  readonly proofs: BlobProofs;
  readonly #fetches: BlobFetches;
  readonly #context: RelayContext;
  readonly #served = new Map<ActorId, number>();
  /** By the number under which it was offered. */
  readonly #listeners = new Map<number, HeldListener>();
  readonly #noted = new Map<string, Lineage>();
  #notedMs = Number.POSITIVE_INFINITY;
  /** By document: those that wait for the same look at the disk. */
  readonly #offers = new Map<string, (readonly [ActorId, Of<"blob-offer">])[]>();
  #offersWaiting = 0;
  /** On their way to this disk, by document. */
  readonly #keeping = new Map<string, number>();
  /** When the disk is looked at again, behind which document; a look is under way while `lookMs` is undefined. */
  #lookMs: number | undefined = Number.POSITIVE_INFINITY;
  #after = 0;
  #exchange = 0;

  constructor(context: RelayContext) {
    this.#context = context;
    this.proofs = new BlobProofs(context);
    this.#fetches = new BlobFetches(context);
  }

  // -- what happens here -----------------------------------------------------------------------------------------------

  /** These are on this disk. */
  landed(lineage: Lineage, entries: readonly Entry[]): void {
    if (entries.some(({ payload }) => mentionedBlobs(payload).length > 0)) this.note(lineage);
  }

  /** Something may be lacking of what a document mentions. */
  note(lineage: Lineage): void {
    if (!this.#isFetching || this.#noted.size >= notedMax) return;
    if (this.#noted.size === 0) this.#notedMs = this.#nowMs + this.#context.placement.limits.compareChangedMs;
    this.#noted.set(lineageKey(lineage), lineage);
    this.#schedule();
  }

  /** The generation was closed, or its copy here goes. */
  ended(lineage: Lineage): void {
    this.#noted.delete(lineageKey(lineage));
    this.#fetches.ended(lineage);
    this.proofs.grown(lineage);
  }

  /** Whether something of a document is on its way to this disk. */
  isKeeping(lineage: Lineage): boolean {
    return this.#keeping.has(lineageKey(lineage));
  }

  /** Brings it here from whoever has it. Called back once, unless withdrawn. */
  bring(lineage: Lineage, name: BlobName, then: Fetched): { readonly withdraw: () => void } {
    const wish = this.#fetches.wish(lineage, name, then);
    this.#goOn();
    return wish;
  }

  // -- who holds what --------------------------------------------------------------------------------------------------

  /** A number under which something is offered; the word of those who have it goes to `listener`. */
  nextExchange(listener?: HeldListener): number {
    this.#exchange += 1;
    if (listener !== undefined) this.#listeners.set(this.#exchange, listener);
    return this.#exchange;
  }

  /** Nobody waits for the word about it any more. */
  endExchange(exchange: number): void {
    this.#listeners.delete(exchange);
  }

  /** Says to them that it is here. */
  offer(to: readonly ActorId[], { lineage, name, exchange }: Omit<Of<"blob-offer">, "type">): void {
    for (const actor of to) this.#context.peers.tell(actor, { type: "blob-offer", lineage, exchange, name });
  }

  // -- peers -----------------------------------------------------------------------------------------------------------

  peerUp(): void {
    const { limits } = this.#context.placement;
    if (this.#lookMs !== undefined) this.#lookMs = Math.min(this.#lookMs, this.#nowMs + limits.compareChangedMs);
    this.#schedule();
  }

  peerDown(actor: ActorId): void {
    this.#served.delete(actor);
    this.proofs.linkDown(actor);
    this.#fetches.linkDown(actor);
    this.#schedule();
  }

  ringChanged(): void {
    this.proofs.ringChanged();
    this.peerUp();
  }

  received(from: ActorId, ring: RingId, message: MeshBlobMessage): void {
    if (message.type === "blob-part" && !this.#fetches.partCame(from, message)) return;
    if (message.type === "blob-request") this.#requested(from, message);
    else if (message.type === "blob-absent") this.#fetches.absentCame(from, message);
    else if (message.type === "blob-offer") this.#offered(from, message);
    else if (message.type === "blob-held") this.#heldCame(from, ring, message);
    this.#goOn();
  }

  #requested(from: ActorId, { lineage, exchange, name }: Of<"blob-request">): void {
    const served = this.#served.get(from) ?? 0;
    if (served >= servedMax) return;
    this.#served.set(from, served + 1);
    this.read(lineage, name, (result) => {
      const left = (this.#served.get(from) ?? 1) - 1;
      if (left > 0) this.#served.set(from, left);
      else this.#served.delete(from);
      if (result.ok) this.#give(from, { lineage, exchange }, result.value);
    });
  }

  #give(to: ActorId, of: { readonly lineage: Lineage; readonly exchange: number }, blob: Uint8Array | undefined): void {
    const { peers } = this.#context;
    if (blob === undefined) return peers.tell(to, { type: "blob-absent", ...of });
    let from = 0;
    // One of no bytes is one part, too.
    do {
      const bytes = blob.subarray(from, from + sliceBytes);
      from += bytes.length;
      peers.tell(to, { type: "blob-part", ...of, remaining: blob.length - from, bytes });
    } while (from < blob.length);
  }

  /** Many offers of one document are one look at the disk. */
  #offered(from: ActorId, offer: Of<"blob-offer">): void {
    const { lineage } = offer;
    if (!this.#context.placement.of(lineage.room).isReplica || this.#offersWaiting >= offersMax) return;
    this.#offersWaiting += 1;
    const key = lineageKey(lineage);
    const waiting = this.#offers.get(key);
    if (waiting !== undefined) return void waiting.push([from, offer]);
    this.#offers.set(key, [[from, offer]]);
    this.list(lineage, (result) => {
      const offers = this.#offers.get(key) ?? [];
      this.#offers.delete(key);
      this.#offersWaiting -= offers.length;
      if (!result.ok) return;
      const held = new Set(result.value.held);
      for (const [actor, each] of offers) {
        if (!held.has(each.name)) this.#fetches.offered(actor, each);
        else this.#context.peers.tell(actor, { type: "blob-held", lineage, exchange: each.exchange, name: each.name });
      }
      this.#noteLacking(lineage, result.value);
    });
  }

  #heldCame(from: ActorId, ring: RingId, message: Of<"blob-held">): void {
    const listener = this.#listeners.get(message.exchange);
    if (listener === undefined) this.proofs.heard(from, ring, message);
    else listener.heard(from, ring);
  }

  // -- the disk --------------------------------------------------------------------------------------------------------

  /** `isCopy`: another relay has let it in. */
  keep(
    of: { readonly lineage: Lineage; readonly name: BlobName; readonly bytes: Uint8Array; readonly isCopy: boolean },
    then: (result: Result<undefined>) => void,
  ): void {
    const { lineage, name, bytes } = of;
    const key = lineageKey(lineage);
    this.#keeping.set(key, (this.#keeping.get(key) ?? 0) + 1);
    const seq = this.#context.blobKeeps.ask((result) => {
      const left = (this.#keeping.get(key) ?? 1) - 1;
      if (left > 0) this.#keeping.set(key, left);
      else this.#keeping.delete(key);
      if (result.ok) this.proofs.grown(lineage);
      if (result.ok) this.#fetches.kept(lineage, name, bytes);
      this.#answered(() => then(result));
    });
    this.#context.effect({ type: "keep-blob", seq, ...of });
  }

  read(lineage: Lineage, name: BlobName, then: (result: Result<Uint8Array | undefined>) => void): void {
    const seq = this.#context.blobReads.ask((result) => this.#answered(() => then(result)));
    this.#context.effect({ type: "read-blob", seq, lineage, name });
  }

  list(lineage: Lineage, then: (result: Result<HeldBlobs>) => void): void {
    const seq = this.#context.blobLists.ask((result) => this.#answered(() => then(result)));
    this.#context.effect({ type: "list-blobs", seq, lineage });
  }

  #look(): void {
    const { limits } = this.#context.placement;
    this.#lookMs = undefined;
    const seq = this.#context.blobGaps.ask((result) => {
      const next = result.ok ? result.value.next : undefined;
      this.#after = next ?? 0;
      this.#lookMs = this.#nowMs + (next === undefined ? limits.sweepMs : limits.compareChangedMs);
      for (const lineage of result.ok ? result.value.lineages : []) this.note(lineage);
      this.#schedule();
    });
    this.#context.effect({ type: "find-lacking-blobs", seq, after: this.#after, limit: lookedAtMax });
  }

  #noteLacking(lineage: Lineage, { lacking }: HeldBlobs): void {
    if (this.#isFetching) for (const name of lacking) this.#fetches.note(lineage, name);
  }

  #answered(then: () => void): void {
    then();
    this.#goOn();
  }

  // -- time ------------------------------------------------------------------------------------------------------------

  due(): void {
    if (this.#isLooking && this.#lookMs !== undefined && this.#lookMs <= this.#nowMs) this.#look();
    if (this.#notedMs <= this.#nowMs) this.#listNoted();
    this.#goOn();
  }

  #listNoted(): void {
    this.#notedMs = Number.POSITIVE_INFINITY;
    const noted = [...this.#noted.values()];
    this.#noted.clear();
    for (const lineage of noted) this.list(lineage, (result) => result.ok && this.#noteLacking(lineage, result.value));
  }

  #goOn(): void {
    this.#fetches.due();
    this.#schedule();
  }

  #schedule(): void {
    const { deadlines } = this.#context;
    const lookMs = this.#isLooking ? (this.#lookMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    const atMs = Math.min(lookMs, this.#notedMs, this.#fetches.nextDeadline());
    if (atMs === Number.POSITIVE_INFINITY) deadlines.clear({ type: "fetch-blobs" });
    else deadlines.set({ type: "fetch-blobs" }, Math.max(atMs, this.#nowMs));
  }

  /** Not while what was found before waits. */
  get #isLooking(): boolean {
    return this.#isFetching && this.#fetches.size < fetchedMax && this.#noted.size === 0;
  }

  /** What is mentioned comes to a relay that stays, where there is somebody to ask. */
  get #isFetching(): boolean {
    const { placement, peers } = this.#context;
    return peers.linked.length > 0 && placement.isPlaced;
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }
}
