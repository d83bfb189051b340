/**
 * ReplicatedRooms: all rooms of this relay among those of the others: who hears what, and what is compared when.
 *
 *     peers ──▶ about one room ──▶ Room (loaded for it, if need be) ──▶ Replication
 *           ├─▶ about all ──▶ AntiEntropy ──these may differ──▶ Room … compare
 *           ├─▶ about the list of documents ──▶ RoomLists
 *           └─▶ about cursors ──▶ PresenceNeighbours ──they are believed──▶ Room, if somebody is in it
 *
 * Invariants: what is said of a room that is being loaded waits, within a bound; what only answers a question of an earlier life
 * of the room here loads nothing; this relay is whole under a ring only when it is complete in all that is placed on it, and after each
 * of the others who held rooms had the same as it, or knew the same rooms by name (`RoomNames`).
 */
import { relayOf, type ActorId, type RelayId, type RingId, type RoomName } from "@inkmesh/shared/base/ids";
import { roomOf, type MeshRoomMessage, type TreeNode, type WireRecord } from "@inkmesh/shared/wire/mesh-room-message";
import { recordDigest } from "@inkmesh/shared/wire/record-codec";
import type { MemberChange } from "../membership/members.ts";
import type { PeerListener } from "../peers/peers.ts";
import type { RelayContext } from "../relay-context.ts";
import type { Room } from "../room.ts";
import { RoomLists } from "../room-lists.ts";
import type { Rooms } from "../rooms.ts";
import { AntiEntropy, type AntiEntropyStep } from "./anti-entropy.ts";
import { PresenceNeighbours } from "./presence-neighbours.ts";
import { standingOf } from "./record-join.ts";
import type { LineageMessage, RoomsMessage } from "./lineage-message.ts";
import { RoomNames } from "./room-names.ts";
import { RoomCatalogue, type Upkeep } from "./room-catalogue.ts";

/** Messages for one room that wait until it is loaded; what is lost comes again by comparison. */
const waitingMax = 1_024;

/** Rooms that are loaded for it every `compareChangedMs`, until this disk is whole. Sweeps bring most of them along. */
const blankRoomsAtOnce = 16;

/** Rooms that are loaded every `compareChangedMs` to say under a new ring how far they are. */
const untoldRoomsAtOnce = 64;

/** What only tells on, and says nothing to a room that is not in memory. */
const passing: ReadonlySet<MeshRoomMessage["type"]> = new Set(["durable", "difference", "cover", "record-durable", "unavailable"]);

export class ReplicatedRooms implements PeerListener {
  readonly neighbours: PresenceNeighbours;
  readonly lists: RoomLists;
  readonly #context: RelayContext;
  readonly #rooms: Rooms;
  readonly #catalogue: RoomCatalogue;
  readonly #antiEntropy: AntiEntropy;
  readonly #names: RoomNames;
  readonly #waiting = new Map<RoomName, number>();
  /** Who had the same rooms as this relay, under the ring as it is. */
  readonly #equal = new Set<RelayId>();
  /** What the others said last of all that they share with this relay, and under which ring. */
  readonly #heard = new Map<ActorId, { readonly ring: RingId; readonly root: TreeNode }>();
  /** What they were told last of the same, under the ring as it is. */
  readonly #told = new Map<ActorId, TreeNode>();
  /** Rooms about which others asked before the ring changed: what they were told then does not count any more. */
  readonly #untold = new Set<RoomName>();
  #tellMs = Number.NEGATIVE_INFINITY;
  /** When those are asked who might be equal. */
  #askMs = Number.POSITIVE_INFINITY;

  constructor(context: RelayContext, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
    this.neighbours = new PresenceNeighbours(context, rooms);
    this.lists = new RoomLists(context, rooms);
    this.#catalogue = new RoomCatalogue(context, rooms, () => this.#catalogueRead());
    this.#names = new RoomNames(context.peers, this.#catalogue);
    const { self, random, placement } = context;
    this.#antiEntropy = new AntiEntropy({ self, limits: placement.limits, random, rooms: this.#catalogue });
  }

  // -- what happens here -----------------------------------------------------------------------------------------------

  /** Something of a room is new on this disk, or will be. */
  changed(room: Room): void {
    if (this.#context.peers.linked.length === 0 && !this.#catalogue.isRead) return;
    this.#catalogue.changed(room);
    this.#antiEntropy.changed(room.name, this.#nowMs);
    this.#schedule();
  }

  /** A room leaves memory. */
  forget(room: Room): void {
    this.#catalogue.forget(room);
  }

  /** It is time to compare. */
  compareDue(): void {
    this.#follow(this.#antiEntropy.expire(this.#nowMs));
    const { limits, isLeaving } = this.#context.placement;
    const restMs = isLeaving ? limits.exchangeAgainMs : limits.sweepMs;
    for (const name of this.#catalogue.unplaced.take(this.#nowMs, restMs)) this.#withRoom(name, (room) => this.#handOver(room));
    for (const name of this.#catalogue.dropping.due()) this.#withRoom(name, (room) => this.#catalogue.dropping.prove(room));
    if (this.#askMs <= this.#nowMs) this.#askWhoIsEqual();
    this.#tellUntold();
    this.#review();
    this.#schedule();
  }

  /** What is owed to others is given to them now, whenever that was tried last. */
  handOverNow(): void {
    this.#catalogue.unplaced.wake();
    this.#schedule();
  }

  /** The list of rooms could not be read before. */
  readDue(): void {
    this.#catalogue.goOn();
  }

  /** What is still to be done, for people. */
  get upkeep(): Upkeep {
    return this.#catalogue.upkeep;
  }

  // -- peers -----------------------------------------------------------------------------------------------------------

  peerUp(actor: ActorId): void {
    this.#catalogue.read();
    for (const room of this.#rooms.inMemory()) {
      room.replication.peerUp(actor);
      room.recordCopies.peerUp(actor);
    }
    this.neighbours.peerUp(actor);
    this.#catalogue.unplaced.wake();
    this.#catalogue.dropping.wake();
    if (this.#catalogue.isRead) this.#beginSweep(actor);
    this.#schedule();
  }

  peerDown(actor: ActorId): void {
    const relay = relayOf(actor);
    this.#equal.delete(relay);
    this.#names.linkDown(relay);
    this.#told.delete(actor);
    this.#heard.delete(actor);
    // Another life of it may be linked: the next one, before the end of this one was noticed.
    const other = this.#context.peers.linked.find((linked) => relayOf(linked) === relay);
    if (other === undefined) this.#antiEntropy.linkDown(relay);
    else if (this.#catalogue.isRead) this.#beginSweep(other);
    this.#context.askers.linkDown(actor);
    for (const room of this.#rooms.inMemory()) {
      room.replication.peerDown(actor);
      room.recordCopies.linkDown(actor);
    }
    if (this.#context.placement.isLeaving) this.#catalogue.placeAnew();
    this.neighbours.peerDown(actor);
    this.lists.peerDown(actor);
    this.#schedule();
  }

  /** Being alive or dead decides about no copy; but another life may speak for a relay from now on, of which nobody was asked. */
  memberChanged(change: MemberChange): void {
    this.neighbours.memberChanged(change);
    const { member } = change;
    const actor = this.#context.peers.lifeOf(relayOf(member.actor));
    if (actor === undefined || actor === member.actor) return;
    for (const room of this.#rooms.inMemory()) room.replication.peerUp(actor);
    if (this.#catalogue.isRead) this.#beginSweep(actor);
    this.#schedule();
  }

  ringChanged(): void {
    this.#equal.clear();
    this.#names.ringChanged();
    this.#told.clear();
    this.#askMs = this.#nowMs;
    for (const room of this.#rooms.inMemory()) {
      room.replication.ringChanged();
      room.recordCopies.ringChanged();
      this.#catalogue.changed(room);
    }
    for (const room of this.#context.askers.rooms) this.#untold.add(room);
    this.#tellMs = this.#nowMs;
    this.#catalogue.placeAnew();
    this.#antiEntropy.ringChanged(this.#nowMs);
    this.#review();
    this.#schedule();
  }

  received(from: ActorId, ring: RingId, message: RoomsMessage): void {
    const relay = relayOf(from);
    if (message.type === "tree") {
      this.#rootCame(from, ring, message);
      if (!this.#catalogue.isRead) return;
      if (message.nodes[0]?.prefix.length === 0) this.#compareRoot(from);
      this.#follow(this.#antiEntropy.treeCame(relay, message, this.#nowMs));
    } else if (message.type === "names") {
      if (this.#catalogue.isRead && this.#names.came(from, ring, message)) this.#review();
    } else if (message.type === "digests") {
      if (this.#catalogue.isRead) this.#follow(this.#antiEntropy.digestsCame(relay, message, this.#nowMs));
    } else if (message.type === "presence" || message.type === "presence-watch" || message.type === "words") {
      this.neighbours.received(from, message);
    } else if (message.type === "list" || message.type === "listed") {
      this.lists.received(from, message);
    } else {
      this.#forRoom(from, ring, message);
    }
    this.#schedule();
  }

  // -- one room --------------------------------------------------------------------------------------------------------

  #forRoom(from: ActorId, ring: RingId, message: LineageMessage | Extract<MeshRoomMessage, { type: "record" | "record-durable" }>): void {
    const name = roomOf(message);
    if (this.#rooms.find(name) === undefined) {
      if (isFarewell(message)) return this.#context.askers.remove(name, from);
      if (passing.has(message.type)) return;
    }
    this.#withRoom(name, (room) => {
      if (message.type === "record") return this.#recordCame(from, room, message.record);
      if (message.type === "record-durable") {
        room.recordCopies.heard(from, message.digest);
        return room.replication.handOver.review();
      }
      this.#lineageMessageCame(from, ring, room, message);
    });
  }

  #lineageMessageCame(from: ActorId, ring: RingId, room: Room, message: LineageMessage): void {
    const { generation } = message.lineage;
    const isOwn = generation === room.lineage.generation;
    if (isOwn && (!room.isDeleted || message.type === "compare")) return room.replication.received(from, ring, message);
    // Comparing settles what the record is; nothing else is concluded across generations.
    if (message.type === "compare") return room.replication.received(from, ring, message);
    const record = room.record.current;
    if (standingOf(generation, record) === "closed" && record !== undefined) this.#context.peers.tell(from, { type: "record", record });
    else {
      room.replication.followers.isAhead(from);
      room.replication.compareWith(from);
    }
  }

  #recordCame(from: ActorId, room: Room, record: WireRecord): void {
    room.takeRecord(record, (result) => {
      const kept = room.record.current;
      if (!result.ok || kept === undefined) return;
      const lineage = { room: room.name, generation: kept.generation };
      this.#context.peers.tell(from, { type: "record-durable", lineage, digest: recordDigest(kept) });
    });
  }

  /** Runs `then` with the room, when it is loaded. */
  #withRoom(name: RoomName, then: (room: Room) => void): void {
    const waiting = this.#waiting.get(name) ?? 0;
    if (waiting >= waitingMax) return;
    const room = this.#rooms.use(name);
    this.#waiting.set(name, waiting + 1);
    room.life.hold((loaded) => {
      if (waiting === 0) this.#waiting.delete(name);
      if (loaded.ok) then(room);
      room.life.release();
    });
  }

  /** It is placed elsewhere, and those may lack something of it. Who has it open here sees to that already, but not that it is proven. */
  #handOver(room: Room): void {
    const { isLeaving } = this.#context.placement;
    const isOwed = !room.replication.isReplica && (room.isOpen || isLeaving);
    if (isOwed && (room.sessions === 0 || isLeaving)) room.replication.handOver.begin();
    if (isOwed) return;
    this.#catalogue.unplaced.note(room.name, false);
    this.#catalogue.changed(room);
  }

  // -- all rooms -------------------------------------------------------------------------------------------------------

  #catalogueRead(): void {
    for (const actor of this.#context.peers.linked) this.#beginSweep(actor);
    if (this.#context.placement.isLeaving) this.#catalogue.placeAnew();
    this.#review();
    this.#schedule();
  }

  /** Whoever can compare first says so: the other may have been reading when it was asked. */
  #beginSweep(actor: ActorId): void {
    this.#antiEntropy.linkUp(relayOf(actor), this.#nowMs);
    this.#tellRoot(actor);
    this.#askMs = Math.min(this.#askMs, this.#nowMs + this.#askEveryMs);
  }

  /** Until this disk is whole it says what it has to those who have not been found equal: what was said before may be lost. */
  #askWhoIsEqual(): void {
    const { peers, placement } = this.#context;
    const isOver = placement.wholeRing?.id === peers.ringId || peers.linked.length === 0;
    this.#askMs = isOver ? Number.POSITIVE_INFINITY : this.#nowMs + this.#askEveryMs;
    if (isOver || !this.#catalogue.isRead) return;
    for (const actor of peers.linked) {
      // What it said last may be the same as here by now, and it does not say it twice.
      if (!this.#equal.has(relayOf(actor))) this.#compareRoot(actor);
      if (this.#equal.has(relayOf(actor))) continue;
      this.#tellRoot(actor);
      if (!this.#names.isSameWith(relayOf(actor))) this.#names.ask(actor);
    }
    this.#compareBlank();
  }

  /**
   * A room that left memory before all had been compared with that it takes has forgotten with whom it was, and where the others have
   * the same as this disk no sweep names it.
   */
  #compareBlank(): void {
    for (const name of this.#catalogue.someBlank(blankRoomsAtOnce)) {
      if (this.#rooms.find(name) !== undefined) continue;
      this.#withRoom(name, (room) => {
        for (const actor of this.#context.peers.linked) if (room.replication.isUrgent(relayOf(actor))) room.replication.compareWith(actor);
      });
    }
  }

  /** Some of them, each time others: those that are not in memory are loaded for it. */
  #tellUntold(): void {
    if (this.#untold.size === 0 || this.#tellMs > this.#nowMs) return;
    this.#tellMs = this.#nowMs + this.#context.placement.limits.compareChangedMs;
    for (const name of [...this.#untold].slice(0, untoldRoomsAtOnce)) {
      this.#untold.delete(name);
      this.#withRoom(name, (room) => room.replication.followers.tellAll());
    }
  }

  #tellRoot(to: ActorId): void {
    if (!this.#catalogue.isKnown) return;
    const node = this.#catalogue.treeWith(relayOf(to)).node([]);
    this.#told.set(to, node);
    this.#context.peers.tell(to, { type: "tree", nodes: [node] });
  }

  #rootCame(from: ActorId, ring: RingId, { nodes }: Extract<MeshRoomMessage, { type: "tree" }>): void {
    const [root] = nodes;
    if (root?.prefix.length === 0) this.#heard.set(from, { ring, root });
  }

  /**
   * Whether the other has the same in every room of both; it is told what is here, unless that is what it was told last: it compares that
   * again when it has more.
   */
  #compareRoot(from: ActorId): void {
    const { peers } = this.#context;
    const relay = relayOf(from);
    const [heard, told, tree] = [this.#heard.get(from), this.#told.get(from), this.#catalogue.treeWith(relay)];
    if (heard?.ring !== peers.ringId || !this.#catalogue.isKnown) return;
    if (tree.differing(heard.root).length > 0) return void this.#equal.delete(relay);
    this.#equal.add(relay);
    if (told === undefined || tree.differing(told).length > 0) this.#tellRoot(from);
    this.#review();
  }

  /** Once everything is proven elsewhere a relay that leaves has left. Once all that the ring places here is complete, the disk is whole under it, and this relay belongs for good. */
  #review(): void {
    const { peers, placement, self } = this.#context;
    const { ring } = peers;
    // Where all leave, the rooms stay with them: nobody else could take them.
    const isNamed = ring.newest.members.some(({ relay }) => relay === self);
    if (placement.isLeaving && !isNamed && this.#catalogue.owesNothing) return peers.advance("left");
    if (!placement.isPlaced || placement.wholeRing?.id === ring.id || !this.#catalogue.isComplete) return;
    const others = ring.isThinned ? [...ring.settled.members, ...ring.newest.members] : ring.settled.members;
    if (others.some(({ relay }) => relay !== self && !this.#equal.has(relay) && !this.#names.isSameWith(relay))) return;
    placement.becameWhole(ring);
    this.#catalogue.dropping.wake();
    this.#context.effect({ type: "keep-whole-ring", ring: ring.entries() });
    peers.advance("member");
  }

  #follow(steps: readonly AntiEntropyStep[]): void {
    const { peers } = this.#context;
    for (const step of steps) {
      const actor = peers.lifeOf(step.type === "send" ? step.to : step.with);
      if (actor === undefined) continue;
      if (step.type === "send") peers.tell(actor, step.message);
      else for (const name of step.rooms) this.#withRoom(name, (room) => room.replication.compareWith(actor));
    }
  }

  /** Nothing where there is nobody to compare with. */
  #schedule(): void {
    const { deadlines, peers } = this.#context;
    const deadline = { type: "compare-rooms" } as const;
    const tellMs = this.#untold.size === 0 ? Number.POSITIVE_INFINITY : this.#tellMs;
    const { unplaced, dropping } = this.#catalogue;
    const nextMs = Math.min(this.#antiEntropy.nextDeadline(), unplaced.nextDeadline(), dropping.nextDeadline(), this.#askMs, tellMs);
    const atMs = peers.linked.length === 0 ? Number.POSITIVE_INFINITY : nextMs;
    if (atMs === Number.POSITIVE_INFINITY) deadlines.clear(deadline);
    else deadlines.set(deadline, Math.max(atMs, this.#nowMs));
  }

  get #askEveryMs(): number {
    return this.#context.placement.limits.compareChangedMs;
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }
}

/** It expects nothing more of a room. */
function isFarewell(message: MeshRoomMessage): boolean {
  return (message.type === "durable-query" && !message.isAsking) || (message.type === "subscribe" && !message.isSubscribing);
}
