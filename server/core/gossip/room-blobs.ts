/**
 * RoomBlobs: the images of documents among the relays that hold them: who asks whom for which, and what the disk is asked for it.
 *
 *     uploaded here ──▶ this disk ──BlobOffers──▶ each replica: BlobFetches ◀──stretches──▶ BlobGivings … ──▶ its disk ──blob-held──▶ BlobOffers
 *     mentioned ──▶ what is lacking ──▶ BlobFetches ◀──stretches──▶ BlobGivings of whoever may have it … ──▶ this disk
 *     to be dropped ──▶ BlobProofs ──blob-offer──▶ each replica … blob-held
 *
 * That an image is lacking is on the disk, and nowhere else: the documents there mention it. A relay that starts, or could not reach anybody, finds
 * it by looking (`look`), a few documents a second, when a link comes and every `sweepMs`; of what is written or offered meanwhile it looks at that
 * document a moment later. Of a document that lacks many a share is fetched, and then the next one.
 *
 * Images are on the disk and not in rooms: nothing here loads a document, and nothing is kept in memory but what is under way.
 *
 * Invariants: what is said to be held is on this disk, and only a replica says so; what was uploaded now is said to be held only once its time on this
 * disk begins anew, or it might go with what nobody mentions; at most `offersMax` offers are looked at; nothing comes to a lineage here that has
 * ended, or goes.
 */
import { mentionedBlobs, type BlobName } from "@inkmesh/shared/base/blob-name";
import { lineageKey, type ActorId, type Lineage, type RingId } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { MeshBlobMessage } from "@inkmesh/shared/wire/mesh-blob-message";
import type { RelayContext } from "../relay-context.ts";
import type { HeldBlobs } from "../stored-blob.ts";
import { BlobFetches, type Fetched } from "./blob-fetches.ts";
import { BlobGivings } from "./blob-givings.ts";
import { BlobOffers } from "./blob-offers.ts";
import { BlobProofs } from "./blob-proofs.ts";

/** Documents that one look at the disk goes over. */
const lookedAtMax = 16;
/** Documents that are to be looked at in a moment; of more the next look at the disk finds what is lacking. */
const notedMax = 1_024;
/** Documents that are looked at in one moment. */
const listedMax = 16;
/** Images that are read to be kept anew at the same time: of more the other side offers again. */
const renewedMax = 4;
/** Offers that wait for a look at the disk, over all relays: of more the other side offers again. */
const offersMax = 8_192;

type Of<Type extends MeshBlobMessage["type"]> = Extract<MeshBlobMessage, { type: Type }>;

/** A document that is to be looked at, from behind an image on. */
interface Noted {
  readonly lineage: Lineage;
  readonly after: BlobName | undefined;
}

export class RoomBlobs {
  readonly proofs: BlobProofs;
  readonly offers: BlobOffers;
  readonly #fetches: BlobFetches;
  readonly #context: RelayContext;
  readonly #givings: BlobGivings;
  readonly #noted = new Map<string, Noted>();
  /** Documents of which more is lacking than is fetched now. */
  readonly #cut = new Map<string, Noted>();
  #notedMs = Number.POSITIVE_INFINITY;
  /** By document: those that wait for the same look at the disk. */
  readonly #offered = new Map<string, (readonly [ActorId, Of<"blob-offer">])[]>();
  #offersWaiting = 0;
  #renewing = 0;
  /** On their way to this disk, by document. */
  readonly #keeping = new Map<string, number>();
  /** When the disk is looked at again, behind which document; a look is under way while `lookMs` is undefined. */
  #lookMs: number | undefined = Number.POSITIVE_INFINITY;
  #after = 0;
  /** Documents whose lists are being read. */
  #listing = 0;
  /** Whether all documents were looked at, and all that was found since was noted. */
  #isLooked = false;
  /** Whether something was not noted since the look began that is under way. */
  #isMissed = false;
  #exchange = 0;

  constructor(context: RelayContext) {
    this.#context = context;
    this.proofs = new BlobProofs(context);
    this.offers = new BlobOffers(context, () => this.nextExchange());
    this.#fetches = new BlobFetches(context, (lineage) => this.#through(lineage));
    this.#givings = new BlobGivings(context, (lineage, name, then) => this.read(lineage, name, then));
  }

  // -- what happens here -----------------------------------------------------------------------------------------------

  /** These are on this disk. */
  landed(lineage: Lineage, entries: readonly Entry[]): void {
    if (entries.some(({ payload }) => mentionedBlobs(payload).length > 0)) this.note(lineage);
  }

  /** Something may be lacking of what a document mentions. */
  note(lineage: Lineage, after?: BlobName): void {
    if (!this.#isFetching || this.#noted.size >= notedMax) return this.#miss();
    if (this.#noted.size === 0) this.#notedMs = this.#nowMs + this.#context.placement.limits.compareChangedMs;
    this.#noted.set(lineageKey(lineage), { lineage, after });
    this.#schedule();
  }

  /** Documents of which images may be lacking that somebody has who is linked; undefined: all are to be looked at first. */
  get roomsToComplete(): number | undefined {
    if (!this.#isFetching) return 0;
    return this.#isLooked ? this.#noted.size + this.#listing + Math.max(this.#cut.size, this.#fetches.mentioning) : undefined;
  }

  /** The next look finds it. */
  #miss(): void {
    this.#isMissed = true;
    this.#isLooked = false;
  }

  /** A share of what a document lacks was fetched, or is to be had nowhere. */
  #through(lineage: Lineage): void {
    const key = lineageKey(lineage);
    const cut = this.#cut.get(key);
    this.#cut.delete(key);
    if (cut !== undefined && !this.#noted.has(key)) this.note(lineage, cut.after);
  }

  /** The generation was closed, or its copy here goes. */
  ended(lineage: Lineage): void {
    this.#noted.delete(lineageKey(lineage));
    this.#cut.delete(lineageKey(lineage));
    for (const part of [this.#fetches, this.#givings, this.offers]) part.ended(lineage);
    this.proofs.grown(lineage);
    this.#goOn();
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

  /** A number under which something is offered. */
  nextExchange(): number {
    return ++this.#exchange;
  }

  // -- peers -----------------------------------------------------------------------------------------------------------

  peerUp(actor: ActorId): void {
    this.offers.linkUp(actor);
    this.#fetches.linkUp(actor);
    this.#lookSoon();
  }

  #lookSoon(): void {
    const { limits } = this.#context.placement;
    if (this.#lookMs !== undefined) this.#lookMs = Math.min(this.#lookMs, this.#nowMs + limits.compareChangedMs);
    this.#schedule();
  }

  peerDown(actor: ActorId): void {
    for (const part of [this.#givings, this.offers, this.proofs, this.#fetches]) part.linkDown(actor);
    this.#schedule();
  }

  ringChanged(): void {
    this.proofs.ringChanged();
    this.offers.ringChanged();
    this.#lookSoon();
  }

  received(from: ActorId, ring: RingId, message: MeshBlobMessage): void {
    if (message.type === "blob-part") this.#fetches.partCame(from, message);
    else if (message.type === "blob-request") this.#givings.requested(from, message);
    else if (message.type === "blob-absent") this.#fetches.absentCame(from, message);
    else if (message.type === "blob-offer") this.#offerCame(from, message);
    else if (!this.offers.heard(from, ring, message.exchange)) this.proofs.heard(from, ring, message);
    this.#goOn();
  }

  /** Many offers of one document are one look at the disk. */
  #offerCame(from: ActorId, offer: Of<"blob-offer">): void {
    const { lineage } = offer;
    if (!this.#context.placement.of(lineage.room).isReplica || this.#offersWaiting >= offersMax) return;
    this.#offersWaiting += 1;
    const key = lineageKey(lineage);
    const waiting = this.#offered.get(key);
    if (waiting !== undefined) return void waiting.push([from, offer]);
    this.#offered.set(key, [[from, offer]]);
    this.list(lineage, (result) => {
      const offers = this.#offered.get(key) ?? [];
      this.#offered.delete(key);
      this.#offersWaiting -= offers.length;
      if (!result.ok) return;
      const held = new Set(result.value.held);
      for (const [actor, each] of offers) {
        if (!held.has(each.name)) this.#fetches.offered(actor, each);
        else if (each.isFresh) this.#renew(actor, each);
        else this.#sayHeld(actor, each);
      }
      this.#noteLacking({ lineage, after: undefined }, result.value);
    });
  }

  /** It is here already, perhaps for as long as what nobody mentions may be: it is kept anew, and its time begins anew with it. */
  #renew(from: ActorId, offer: Of<"blob-offer">): void {
    if (this.#renewing >= renewedMax) return;
    this.#renewing += 1;
    const { lineage, name } = offer;
    const over = (result: Result<unknown>): void => {
      this.#renewing -= 1;
      if (result.ok) this.#sayHeld(from, offer);
    };
    this.read(lineage, name, (result) => {
      if (result.ok && result.value !== undefined) return this.keep({ lineage, name, bytes: result.value, isCopy: true }, over);
      this.#renewing -= 1;
      if (result.ok) this.#fetches.offered(from, offer);
    });
  }

  #sayHeld(to: ActorId, { lineage, exchange, name }: Of<"blob-offer">): void {
    this.#context.peers.tell(to, { type: "blob-held", lineage, exchange, name });
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
    if (this.#after === 0) this.#isMissed = false;
    const seq = this.#context.blobGaps.ask((result) => {
      const next = result.ok ? result.value.next : undefined;
      this.#after = next ?? 0;
      this.#lookMs = this.#nowMs + (next === undefined ? limits.sweepMs : limits.compareChangedMs);
      for (const lineage of result.ok ? result.value.lineages : []) this.note(lineage);
      if (!result.ok) this.#miss();
      else if (next === undefined) this.#isLooked = !this.#isMissed;
      this.#schedule();
    });
    this.#context.effect({ type: "find-lacking-blobs", seq, after: this.#after, limit: lookedAtMax });
  }

  #noteLacking({ lineage, after }: Noted, { lacking }: HeldBlobs): void {
    const names = after === undefined ? lacking : lacking.filter((name) => name > after);
    const noted = this.#isFetching ? this.#fetches.note(lineage, names) : 0;
    if (noted === names.length) return;
    if (noted === 0 || this.#cut.size >= notedMax) this.#miss();
    else this.#cut.set(lineageKey(lineage), { lineage, after: names[noted - 1] });
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
    const some = this.#fetches.isRoomy ? [...this.#noted].slice(0, listedMax) : [];
    for (const [key, noted] of some) {
      this.#noted.delete(key);
      this.#listing += 1;
      this.list(noted.lineage, (result) => {
        this.#listing -= 1;
        if (result.ok) this.#noteLacking(noted, result.value);
        else this.#miss();
      });
    }
    const isMore = this.#noted.size > 0;
    this.#notedMs = isMore ? this.#nowMs + this.#context.placement.limits.compareChangedMs : Number.POSITIVE_INFINITY;
  }

  #goOn(): void {
    for (const part of [this.#fetches, this.#givings, this.offers]) part.due();
    this.#schedule();
  }

  #schedule(): void {
    const { deadlines } = this.#context;
    const lookMs = this.#isLooking ? (this.#lookMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    const parts = [this.#fetches, this.#givings, this.offers];
    const atMs = Math.min(lookMs, this.#notedMs, ...parts.map((part) => part.nextDeadline()));
    if (atMs === Number.POSITIVE_INFINITY) deadlines.clear({ type: "fetch-blobs" });
    else deadlines.set({ type: "fetch-blobs" }, Math.max(atMs, this.#nowMs));
  }

  /** Not while what was found before waits. */
  get #isLooking(): boolean {
    return this.#isFetching && this.#fetches.isRoomy && this.#noted.size === 0;
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
