/**
 * CopyDropping: deletes from this disk what the ring places elsewhere, once every replica has proven that it has all of it.
 *
 *     handed over ─▶ spare ──its turn──▶ each replica of the newest ring: complete, has all that is here, and the record
 *                      ▲                    │ all of that said under this ring, on the links as they are
 *                      └──anything changed──┤
 *                                           ▼
 *                          out of memory, off the disk with the mark; the record stays ──▶ blank, if it ever comes here again
 *
 * What may be dropped, and when:
 *
 * - the newest ring does not place the room here, nor does the settled one: nobody who joins or leaves needs this copy to compare with;
 * - this disk is whole under that very ring, so that no earlier ring will make it say "unused" of a room that it has dropped;
 * - every replica of that ring says, under it and on the present link, that it is complete and has on its disk everything that is on
 *   this one; and that it has the record, which says of a deletion. What is said under another ring or on another link is no proof: a
 *   replica may be dropping by a ring of its own. Of two that follow each other in two rings none drops on the other's older word,
 *   since a relay's ring only ever grows, and whoever is a replica of a ring does not drop under it;
 * - each of them says the same of how the document came to be, where histories are kept here (`HistoryProofs`): this copy may be the only one
 *   that was written entry by entry; and that it holds every image that is here (`BlobProofs`);
 * - nobody has the room open here, nothing of it waits for the disk, for other relays, or for an answer.
 *
 * From the moment of the decision on the room is not in memory: whoever wants it reads the disk, behind the drop. What remains is
 * the record, so that names, lists and deletions are right and the room is known to have been used; and `OwnActors`. A drop that fails
 * leaves the copy as it was, with its mark, which is still true.
 *
 * Invariants: those above; at most `SpareCopies.atOnce` at once, every `compareChangedMs`; nothing is kept but the disk: a relay that
 * starts finds what it has to hand over, and from there what is spare.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { RelayContext } from "../relay-context.ts";
import type { Room } from "../room.ts";
import type { Rooms } from "../rooms.ts";
import { SpareCopies } from "./spare-copies.ts";

interface CopyDroppingOptions {
  readonly context: RelayContext;
  readonly rooms: Rooms;
  /** There is only its record here from now on, and it left memory. */
  readonly dropped: (room: Room) => void;
  /** That did not happen: it is here as it was. */
  readonly failed: (room: RoomName) => void;
}

export class CopyDropping {
  readonly #options: CopyDroppingOptions;
  readonly #spares: SpareCopies;
  /** Of which everything was proven when they were looked at last: what was said is known in memory only, so they are kept there. */
  readonly #proven = new Map<RoomName, Room>();
  #nextMs = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(options: CopyDroppingOptions) {
    this.#options = options;
    const { sweepMs: restMs, dropsAtOnceMax: atOnceMax } = options.context.placement.limits;
    this.#spares = new SpareCopies({ restMs, atOnceMax });
    for (const { proofs } of [options.context.histories, options.context.blobs]) proofs.listen((room) => this.#restProven(room));
  }

  /** Copies that may go when that is proven, as far as was looked: not what somebody has open. */
  get spares(): number {
    if (this.#options.context.placement.limits.dropsAtOnceMax === 0) return 0;
    const open = this.#options.rooms.inMemory().filter((room) => room.sessions > 0 && this.#spares.has(room.name));
    return this.#spares.size - open.length;
  }

  /** How many were dropped in this life. */
  get count(): number {
    return this.#count;
  }

  /** Whether what is here of a room is placed elsewhere and not owed to anybody. */
  note(room: RoomName, isSpare: boolean): void {
    this.#spares.note(room, isSpare, this.#nowMs);
    if (!isSpare) this.#letGo(room);
  }

  /** A room in memory is as it is now. */
  look(room: Room, isSpare: boolean): void {
    this.note(room.name, isSpare);
    if (!isSpare || !this.#isProven(room)) this.#letGo(room.name);
    else if (this.#options.rooms.find(room.name) === room) this.#keep(room);
  }

  /** Somebody can be reached who could not, or this disk is whole now. */
  wake(): void {
    this.#spares.wake();
  }

  /** Drops what is proven, and answers of which others it is to be found out whether it is. */
  due(): readonly RoomName[] {
    if (this.#nowMs < this.#nextMs || !this.#mayDrop) return [];
    const { peers, placement } = this.#options.context;
    this.#nextMs = this.#nowMs + placement.limits.compareChangedMs;
    // Else nothing here could be proven to be of no use to anybody.
    if (!peers.ring.isAtRest) return [];
    this.#drop();
    return this.#spares.take(this.#nowMs).filter((room) => this.#canBeProven(room));
  }

  nextDeadline(): number {
    if (!this.#mayDrop) return Number.POSITIVE_INFINITY;
    return Math.max(this.#nextMs, this.#proven.size > 0 ? Number.NEGATIVE_INFINITY : this.#spares.nextDeadline());
  }

  /** Asks its replicas for what would prove it. */
  prove(room: Room): void {
    if (room.sessions > 0 || !(room.isOpen || room.isDeleted) || room.replication.isReplica) return;
    // Before the hand-over, which is at its end once all is proven.
    if (room.isOpen) this.#options.context.histories.proofs.prove(room.lineage, room.log.durableClock);
    room.replication.handOver.begin();
  }

  /** The last thing that was lacking: where the room has left memory meanwhile, the rest is proven anew, soon. */
  #restProven(name: RoomName): void {
    const { rooms, context } = this.#options;
    const room = rooms.find(name);
    if (room?.replication.handOver.isRunning === true) return room.replication.handOver.review();
    this.#spares.ready(name);
    context.deadlines.set({ type: "compare-rooms" }, this.#nowMs);
  }

  #drop(): void {
    const { context, rooms, dropped } = this.#options;
    const some = [...this.#proven.values()].slice(0, this.#spares.atOnce);
    const going = some.filter((room) => this.#isReady(room));
    if (going.length === 0) return;
    const lineages = going.map(({ lineage }) => lineage);
    for (const room of going) {
      context.ownActors.dropped(room.lineage, room.content.clock);
      context.blobs.ended(room.lineage);
      rooms.discard(room);
      dropped(room);
    }
    const names = going.map(({ name }) => name);
    context.effect({ type: "drop-copies", seq: context.drops.ask((result) => this.#ended(names, result)), lineages });
  }

  #ended(rooms: readonly RoomName[], result: Result<undefined>): void {
    if (result.ok) this.#count += rooms.length;
    else for (const room of rooms) this.#options.failed(room);
  }

  /** It waits as long as something of it is under way. */
  #isReady(room: Room): boolean {
    this.#letGo(room.name);
    if (!this.#isProven(room)) return false;
    if (!room.isIdle) this.#keep(room);
    return room.isIdle;
  }

  #keep(room: Room): void {
    if (this.#proven.has(room.name)) return;
    this.#options.rooms.wake(room.name);
    this.#proven.set(room.name, room);
    room.life.hold(() => undefined);
  }

  #letGo(name: RoomName): void {
    const room = this.#proven.get(name);
    if (this.#proven.delete(name)) room?.life.release();
  }

  #isProven(room: Room): boolean {
    const { context } = this.#options;
    if (room.sessions > 0 || !(room.isOpen || room.isDeleted) || room.storedRecord === undefined) return false;
    const isElsewhere = !context.placement.of(room.name).mayHold(context.self);
    return isElsewhere && room.replication.handOver.isProven && context.ownActors.canDrop(room.lineage, room.content.clock);
  }

  /** Without a link to each of its replicas it is not even loaded. */
  #canBeProven(room: RoomName): boolean {
    const { placement, peers } = this.#options.context;
    return placement.of(room).replicas.every((relay) => peers.lifeOf(relay) !== undefined);
  }

  /** Whether any copy may go at all. */
  get #mayDrop(): boolean {
    const { placement, peers } = this.#options.context;
    return placement.limits.dropsAtOnceMax > 0 && placement.isPlaced && placement.wholeRing?.id === peers.ringId;
  }

  get #nowMs(): number {
    return this.#options.context.now.monotonicMs;
  }
}
