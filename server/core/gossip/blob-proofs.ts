/**
 * BlobProofs: whether each replica of a document holds every image that is here of it: before that no copy goes (`CopyDropping`), and no relay leaves.
 *
 *     read what is held here ──an offer of each──▶ each replica ──held, under this ring, on this link──▶ proven, until more comes here
 *
 * Invariants: what is proven is proven for all that was held here when it was read, under the ring under which it was said, on the links on which it
 * was said, as long as nothing more has come here, nor is on its way to this disk. A replica whose version has no word for it proves nothing; where
 * nothing is held there is nothing to prove. At most `roomsMax` documents and `namesMax` images: past either the oldest is offered anew when its turn
 * comes again.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { ActorId, Lineage, RingId, RoomName } from "@inkmesh/shared/base/ids";
import type { MeshBlobMessage } from "@inkmesh/shared/wire/mesh-blob-message";
import type { RelayContext } from "../relay-context.ts";

const roomsMax = 1_024;
/** About 300 bytes each. */
const namesMax = 65_536;

interface Offer {
  readonly lineage: Lineage;
  readonly ring: RingId;
  readonly exchange: number;
  /** What is held here, and on whose disks it is; undefined until it is read. */
  held: ReadonlyMap<BlobName, Set<ActorId>> | undefined;
}

export class BlobProofs {
  readonly #context: RelayContext;
  readonly #offers = new Map<RoomName, Offer>();
  #names = 0;
  #whenProven: (room: RoomName) => void = () => undefined;
  #whenGrown: (room: RoomName) => void = () => undefined;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  /** Hears of each document of which it is proven. */
  listen(whenProven: (room: RoomName) => void): void {
    this.#whenProven = whenProven;
  }

  /** Hears of each document to which something came that is not proven. */
  listenToMore(whenGrown: (room: RoomName) => void): void {
    this.#whenGrown = whenGrown;
  }

  /** Asks each replica that has not said so already. */
  prove(lineage: Lineage): void {
    const known = this.#offers.get(lineage.room);
    if (known !== undefined && this.#isOf(known, lineage)) return this.#tell(known);
    this.#forget(lineage.room);
    const offer: Offer = { lineage, ring: this.#context.peers.ringId, exchange: this.#context.blobs.nextExchange(), held: undefined };
    this.#offers.set(lineage.room, offer);
    this.#context.blobs.list(lineage, (result) => {
      if (this.#offers.get(lineage.room) !== offer) return;
      if (!result.ok) return this.#forget(lineage.room);
      offer.held = new Map(result.value.held.map((name) => [name, new Set()]));
      this.#names += offer.held.size;
      this.#makeRoom(offer);
      this.#tell(offer);
      if (this.#isProven(offer)) this.#whenProven(lineage.room);
    });
  }

  isProven(lineage: Lineage): boolean {
    const offer = this.#offers.get(lineage.room);
    return offer !== undefined && this.#isOf(offer, lineage) && !this.#context.blobs.isKeeping(lineage) && this.#isProven(offer);
  }

  heard(from: ActorId, ring: RingId, { lineage, exchange, name }: Extract<MeshBlobMessage, { type: "blob-held" }>): void {
    const offer = this.#offers.get(lineage.room);
    if (offer?.exchange !== exchange || offer.ring !== ring || !this.#isOf(offer, lineage)) return;
    offer.held?.get(name)?.add(from);
    if (this.#isProven(offer)) this.#whenProven(lineage.room);
  }

  /** More is held here than was offered, or the document is another one. */
  grown({ room }: Lineage): void {
    this.#forget(room);
    this.#whenGrown(room);
  }

  linkDown(actor: ActorId): void {
    for (const { held } of this.#offers.values()) for (const heard of held?.values() ?? []) heard.delete(actor);
  }

  ringChanged(): void {
    this.#offers.clear();
    this.#names = 0;
  }

  #tell({ lineage, exchange, held }: Offer): void {
    const lives = this.#lives(lineage.room);
    for (const [name, heard] of held ?? []) {
      const lacking = lives.filter((actor): actor is ActorId => actor !== undefined && !heard.has(actor));
      for (const actor of lacking) this.#context.peers.tell(actor, { type: "blob-offer", lineage, exchange, name, isFresh: false });
    }
  }

  #isProven({ lineage, held }: Offer): boolean {
    const lives = this.#lives(lineage.room);
    return held !== undefined && [...held.values()].every((heard) => lives.every((actor) => actor !== undefined && heard.has(actor)));
  }

  /** The replicas as they are linked; undefined: not at all. */
  #lives(room: RoomName): readonly (ActorId | undefined)[] {
    const { peers, placement } = this.#context;
    return placement.of(room).replicas.map((relay) => peers.lifeOf(relay));
  }

  #makeRoom(latest: Offer): void {
    for (const [room, offer] of this.#offers) {
      if (offer === latest || (this.#offers.size <= roomsMax && this.#names <= namesMax)) return;
      this.#forget(room);
    }
  }

  #forget(room: RoomName): void {
    this.#names -= this.#offers.get(room)?.held?.size ?? 0;
    this.#offers.delete(room);
  }

  #isOf({ lineage, ring }: Offer, { generation }: Lineage): boolean {
    return lineage.generation === generation && ring === this.#context.peers.ringId;
  }
}
