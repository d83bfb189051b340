/**
 * BlobWriter: an image that came over HTTP, as a participant of its document for as long as it takes to be saved. It hears nothing, is told of to
 * nobody, and makes this relay ask the document's replicas whether they are complete, as any session does.
 *
 *     room open ──▶ on this disk ──offered (`BlobOffers`)──▶ each replica ──held──▶ on enough disks ──▶ done
 *         └── closed, failed, refused by the disk ──────────────────────────────────▶ refused
 *
 * Invariants: [P2] done is what enough replicas have on disk, each of the newest ring and complete, by what they said on the link as it is under
 * the ring as it is; this relay counts like any of them; `done` runs once. What was kept stays, and is offered further, also where
 * nobody waits for it any more; its bytes are let go of as soon as the disk has them.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { ConnectionId, RelayId, SeatId } from "@inkmesh/shared/base/ids";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Durability } from "@inkmesh/shared/wire/client-message";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import type { OfferedBlob } from "./gossip/blob-offers.ts";
import type { Participant } from "./participant.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";

/** No socket and no session has these. */
const [nobody, nowhere] = [0 as ConnectionId, 0 as SeatId];

interface BlobWriterOptions {
  readonly context: RelayContext;
  readonly room: Room;
  readonly name: BlobName;
  readonly dialect: Dialect;
  readonly done: (result: Result<Durability>) => void;
}

export class BlobWriter implements Participant {
  readonly connection = nobody;
  readonly seat = nowhere;
  readonly dialect: Dialect;
  readonly principal = "";
  readonly #options: BlobWriterOptions;
  #state: "waiting" | "keeping" | "here" | "done" = "waiting";
  #bytes: Uint8Array | undefined;
  #offer: OfferedBlob | undefined;

  constructor(options: BlobWriterOptions, bytes: Uint8Array) {
    this.#options = options;
    this.#bytes = bytes;
    this.dialect = options.dialect;
  }

  /** Whether it is on this relay's disk. */
  get isHere(): boolean {
    return this.#state === "here";
  }

  begin(): void {
    this.#options.room.attend(this);
  }

  /** Nobody waits for it any more. */
  end(): void {
    this.#state = "done";
    this.#bytes = undefined;
    this.#offer?.leave();
    this.#options.room.leave(this);
  }

  roomOpened(): void {
    const { context, room, name } = this.#options;
    const bytes = this.#bytes;
    if (this.#state !== "waiting" || bytes === undefined) return;
    this.#state = "keeping";
    this.#bytes = undefined;
    const { lineage } = room;
    context.blobs.keep({ lineage, name, bytes, isCopy: false }, (result) => {
      if (!result.ok) return this.#finish(result);
      const offer = context.blobs.offers.begin(lineage, name, () => this.durabilityChanged());
      if (this.#state !== "keeping") return offer.leave();
      this.#offer = offer;
      this.#state = "here";
      this.durabilityChanged();
    });
  }

  roomFailed(refusal: Refusal): void {
    this.#finish({ ok: false, refusal });
  }

  roomClosed(): void {
    this.#finish(refused("ROOM_DELETED"));
  }

  takes(): boolean {
    return false;
  }

  durabilityChanged(): void {
    if (this.#state !== "here") return;
    const { context, room } = this.#options;
    const { copies } = room.replication;
    const { replicas, needed } = copies;
    const isHeldBy = (relay: RelayId): boolean => relay === context.self || this.#offer?.isHeldBy(relay) === true;
    const holders = copies.holders(VectorClock.empty).filter(isHeldBy);
    if (holders.length >= needed) this.#finish(ok({ copies: holders.length, replicas, needed }));
  }

  #finish(result: Result<Durability>): void {
    if (this.#state === "done") return;
    this.end();
    this.#options.done(result);
  }
}
