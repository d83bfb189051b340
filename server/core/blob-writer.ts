/**
 * BlobWriter: an image that came over HTTP, as a participant of its document for as long as it takes to be saved. It hears nothing, is told of to
 * nobody, and makes this relay ask the document's replicas whether they are complete, as any session does.
 *
 *     room open ──▶ on this disk ──offered──▶ each replica ──held──▶ on enough disks ──▶ done
 *         └── closed, failed, refused by the disk ──────────────────────────────────▶ refused
 *
 * Invariants: [P2] done is what enough replicas have on disk, each of the newest ring and complete, by what they said on the link as it is under
 * the ring as it is; this relay counts like any of them; `done` runs once. What was kept stays, also where nobody waits for it any more.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { relayOf, type ActorId, type ConnectionId, type RelayId, type RingId, type SeatId } from "@inkmesh/shared/base/ids";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Durability } from "@inkmesh/shared/wire/client-message";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import type { HeldListener } from "./gossip/room-blobs.ts";
import type { Participant } from "./participant.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";

/** No socket and no session has these. */
const [nobody, nowhere] = [0 as ConnectionId, 0 as SeatId];

interface BlobWriterOptions {
  readonly context: RelayContext;
  readonly room: Room;
  readonly name: BlobName;
  readonly bytes: Uint8Array;
  readonly dialect: Dialect;
  readonly done: (result: Result<Durability>) => void;
}

export class BlobWriter implements Participant, HeldListener {
  readonly connection = nobody;
  readonly seat = nowhere;
  readonly dialect: Dialect;
  readonly principal = "";
  readonly #options: BlobWriterOptions;
  #state: "waiting" | "keeping" | "here" | "done" = "waiting";
  /** Under which it is offered, and to whom it was, under which ring. */
  readonly #exchange: number;
  readonly #told = new Set<ActorId>();
  readonly #heard = new Set<ActorId>();
  #ring: RingId | undefined;

  constructor(options: BlobWriterOptions) {
    this.#options = options;
    this.dialect = options.dialect;
    this.#exchange = options.context.blobs.nextExchange(this);
  }

  begin(): void {
    this.#options.room.attend(this);
  }

  /** Nobody waits for it any more. */
  end(): void {
    this.#state = "done";
    this.#options.context.blobs.endExchange(this.#exchange);
    this.#options.room.leave(this);
  }

  roomOpened(): void {
    if (this.#state !== "waiting") return;
    this.#state = "keeping";
    const { context, room, name, bytes } = this.#options;
    context.blobs.keep({ lineage: room.lineage, name, bytes, isCopy: false }, (result) => {
      if (this.#state !== "keeping") return;
      if (!result.ok) return this.#finish(result);
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

  heard(from: ActorId, ring: RingId): void {
    if (ring !== this.#ring) return;
    this.#heard.add(from);
    this.durabilityChanged();
  }

  durabilityChanged(): void {
    if (this.#state !== "here") return;
    this.#offer();
    const { copies } = this.#options.room.replication;
    const { replicas, needed } = copies;
    const holders = copies.holders(VectorClock.empty).filter((relay) => this.#isHeldBy(relay));
    if (holders.length >= needed) this.#finish(ok({ copies: holders.length, replicas, needed }));
  }

  /** To each replica once on a link, under one ring. */
  #offer(): void {
    const { context, room, name } = this.#options;
    const { blobs, peers, placement, self } = context;
    if (this.#ring !== peers.ringId) {
      this.#ring = peers.ringId;
      this.#told.clear();
      this.#heard.clear();
    }
    const { replicas } = placement.of(room.name);
    const lives = replicas.flatMap((relay) => (relay === self ? [] : (peers.lifeOf(relay) ?? [])));
    // What was said to those whose link ended is said anew on the next one.
    for (const actor of [...this.#told]) if (!peers.linked.includes(actor)) this.#forget(actor);
    const fresh = lives.filter((actor) => !this.#told.has(actor));
    for (const actor of fresh) this.#told.add(actor);
    blobs.offer(fresh, { lineage: room.lineage, name, exchange: this.#exchange });
  }

  #forget(actor: ActorId): void {
    this.#told.delete(actor);
    this.#heard.delete(actor);
  }

  #isHeldBy(relay: RelayId): boolean {
    const { context } = this.#options;
    return relay === context.self || [...this.#heard].some((actor) => relayOf(actor) === relay && context.peers.lifeOf(relay) === actor);
  }

  #finish(result: Result<Durability>): void {
    if (this.#state === "done") return;
    this.end();
    this.#options.done(result);
  }
}
