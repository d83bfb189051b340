/**
 * RoomCatalogue: what every room on this disk comes to, so that two relays find the few that differ among many.
 *
 *     unread ──the first link──▶ reading, a page of the disk's list at a time ──▶ read: kept up to date by the rooms themselves
 *                                   └─ of a room whose hash the disk does not know, the content
 *
 * From then on a digest follows what happens to the room. A relay without links reads nothing and keeps nothing.
 *
 * Invariants: what a digest stands for is on disk: a page may be older than what a room that is or was in memory meanwhile says of itself,
 * and counts for no such room; one that cannot be read has none, and is asked for elsewhere.
 */
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { comparePositions, positionOfHex, type Position } from "@inkmesh/shared/ring/hash";
import type { RingRecords } from "../membership/ring-records.ts";
import type { RelayContext } from "../relay-context.ts";
import type { Room } from "../room.ts";
import type { Rooms } from "../rooms.ts";
import type { RoomRecord, RoomSummary } from "../stored-room.ts";
import type { SharedRooms } from "./anti-entropy.ts";
import { CopyDropping } from "./copy-dropping.ts";
import { DigestTree, leafOf, type RoomLeaf } from "./digest-tree.ts";
import { roomDigest } from "./room-digest.ts";
import { digestOf } from "./room-moment.ts";
import type { RoomPlace } from "./room-place.ts";
import { UnplacedRooms } from "./unplaced-rooms.ts";

/** Rooms that are listed at once. */
const pageRooms = 256;

/** Milliseconds until a list that could not be read is asked for again. */
const againMs = 1_000;

/** What is still to be done, and how far it is, for people. */
export interface Upkeep {
  /** Rooms on this disk that may have something which one of their replicas has not: hints, and what is placed elsewhere since. */
  readonly roomsToHandOver: number;
  /** How many of them there were at most, since there were none last. */
  readonly roomsToHandOverMost: number;
  /** Those of them of which something is under way to the replicas. */
  readonly roomsBeingHandedOver: number;
  /** Copies of rooms that are placed elsewhere and owe nothing: they go once that is proven. */
  readonly roomsToDrop: number;
  /** Such copies that went since this relay was started. */
  readonly roomsDropped: number;
  /** Rooms placed on this relay for which it cannot vouch yet. */
  readonly roomsToComplete: number;
}

export class RoomCatalogue implements SharedRooms {
  readonly #context: RelayContext;
  readonly #rooms: Rooms;
  readonly #leaves = new Map<RoomName, RoomLeaf>();
  readonly #places = new Map<RoomName, RoomPlace>();
  /** Per peer what both share, as it was after so many changes: all rooms are looked at for it. */
  readonly #trees = new Map<RelayId, { readonly tree: DigestTree; readonly changes: number; readonly ring: RingRecords }>();
  #changes = 0;
  /** Rooms of which this disk cannot vouch for what it has, wherever they are placed; and those of them that are placed here. */
  readonly #unvouched = new Set<RoomName>();
  readonly #blank = new Set<RoomName>();
  readonly #stale = new Set<Room>();
  /** Rooms that are on disk and could not be read. */
  readonly #unread = new Set<RoomName>();
  /** Rooms of which there is a record here, and neither content nor mark. */
  readonly #bare = new Set<RoomName>();
  readonly #unplaced: UnplacedRooms;
  readonly #dropping: CopyDropping;
  readonly #whenRead: () => void;
  #state: "unread" | "reading" | "read" = "unread";
  #after: string | undefined;

  constructor(context: RelayContext, rooms: Rooms, whenRead: () => void) {
    this.#context = context;
    this.#rooms = rooms;
    this.#whenRead = whenRead;
    this.#unplaced = new UnplacedRooms(context.placement.limits);
    const failed = (room: RoomName): void => this.#unplaced.note(room, this.#placeOf(room).isElsewhere);
    this.#dropping = new CopyDropping({ context, rooms, dropped: (room) => this.#dropped(room), failed });
    context.blobs.proofs.listenToMore((room) => this.#grown(room));
  }

  get isRead(): boolean {
    return this.#state === "read";
  }

  /** Whether this disk vouches for every room that is placed on it, and has every image that those mention and somebody has who is linked. */
  get isComplete(): boolean {
    return this.isKnown && this.isRead && this.#blank.size === 0 && this.#context.blobs.roomsToComplete === 0;
  }

  /** What the names of the rooms come to that both may hold. */
  namesWith(peer: RelayId): Position {
    return this.treeWith(peer).names();
  }

  /** Whether every room here is among those that are compared: not one that has been on its way to disk ever since it was met. */
  get isKnown(): boolean {
    for (const room of this.#stale) this.#look(room);
    return [...this.#stale].every(({ name }) => this.#leaves.has(name));
  }

  /** As far as was looked: rooms placed elsewhere of which something may be owed, and rooms placed here for which this disk cannot vouch. */
  get upkeep(): Upkeep {
    // What somebody has open here comes to the replicas as it is written, and nobody says when all of it is there.
    for (const room of this.#rooms.inMemory()) if (this.#unplaced.has(room.name)) this.#look(room);
    const roomsBeingHandedOver = this.#rooms.inMemory().filter((room) => room.replication.handOver.isRunning).length;
    const { size: roomsToHandOver, most: roomsToHandOverMost } = this.#unplaced;
    const { spares: roomsToDrop, count: roomsDropped } = this.dropping;
    const roomsToComplete = Math.max(this.#blank.size, this.#context.blobs.roomsToComplete ?? 1);
    return { roomsToHandOver, roomsToHandOverMost, roomsBeingHandedOver, roomsToDrop, roomsDropped, roomsToComplete };
  }

  /** Whether nothing on this disk is owed to anybody, as far as was looked. */
  get owesNothing(): boolean {
    return this.isRead && this.unplaced.size === 0 && this.#stale.size === 0;
  }

  /** The rooms that are placed elsewhere, and may have something that is not there. */
  get unplaced(): UnplacedRooms {
    for (const room of this.#stale) this.#look(room);
    return this.#unplaced;
  }

  /** The copies that are placed elsewhere and owe nothing. */
  get dropping(): CopyDropping {
    for (const room of this.#stale) this.#look(room);
    return this.#dropping;
  }

  /** The ring places rooms anew, or what was said of them counts no more. */
  placeAnew(): void {
    this.#trees.clear();
    const { placement, self } = this.#context;
    // Who has left owes nothing of what it had then.
    const hasLeft = placement.ring.status(self) === "left";
    for (const room of hasLeft ? [] : [...this.#leaves.keys(), ...this.#unread]) {
      // A record that is known everywhere is handed over only by who leaves.
      const isOfWorth = placement.isLeaving || !this.#bare.has(room);
      this.#unplaced.note(room, isOfWorth && !this.#placeOf(room).isReplica);
      this.#dropping.note(room, false);
    }
    for (const room of this.#unvouched) this.#sort(room);
    this.#unplaced.wake();
  }

  /** Some of those of which this disk cannot vouch for what it has, each time others. */
  someBlank(count: number): readonly RoomName[] {
    const some = [...this.#blank].slice(0, count);
    for (const room of some) if (this.#blank.delete(room)) this.#blank.add(room);
    return some;
  }

  /** Reads what is on disk, the first time. */
  read(): void {
    if (this.#state !== "unread") return;
    this.#state = "reading";
    // What is on its way to disk now comes there behind what a page says.
    for (const room of this.#rooms.inMemory()) if (room.isOpen) this.#stale.add(room);
    this.#readPage();
  }

  /** Something of the room changed on disk, or is about to. */
  changed(room: Room): void {
    if (this.#state !== "unread") this.#stale.add(room);
  }

  /** It leaves memory; everything of it is on disk. */
  forget(room: Room): void {
    if (this.#stale.has(room)) this.#look(room);
    this.#stale.delete(room);
  }

  // -- what anti-entropy asks ------------------------------------------------------------------------------------------

  treeWith(peer: RelayId): DigestTree {
    for (const room of this.#stale) this.#look(room);
    const { ring } = this.#context.placement;
    const known = this.#trees.get(peer);
    if (known?.changes === this.#changes && known.ring === ring) return known.tree;
    const tree = DigestTree.of([...this.#leaves.values()].filter(({ room }) => this.#isOnBoth(peer, room)));
    this.#trees.set(peer, { tree, changes: this.#changes, ring });
    return tree;
  }

  /** Rooms of both; and those that one of them, an edge, gets from the other. */
  isSharedWith(peer: RelayId, room: RoomName): boolean {
    if (this.#isOnBoth(peer, room)) return true;
    const live = this.#rooms.find(room);
    if (live === undefined || !live.isOpen) return false;
    const actor = this.#context.peers.lifeOf(peer);
    const { upstream, subscribers } = live.replication;
    return upstream.is(peer) || (actor !== undefined && subscribers.has(actor));
  }

  digest(room: RoomName): Position | undefined {
    const live = this.#rooms.find(room);
    if (live !== undefined && this.#stale.has(live)) this.#look(live);
    return this.#leaves.get(room)?.digest;
  }

  /** Both say the same: where one of them had a room in mind that the other has not, no tree would ever be equal. */
  #isOnBoth(peer: RelayId, room: RoomName): boolean {
    const place = this.#placeOf(room);
    return place.mayHold(peer) && place.mayHold(this.#context.self);
  }

  /** Kept for rooms with a digest: a sweep looks at all of them. */
  #placeOf(room: RoomName): RoomPlace {
    const place = this.#places.get(room) ?? this.#context.placement.of(room);
    if (this.#leaves.has(room)) this.#places.set(room, place);
    return place;
  }

  // -- reading ---------------------------------------------------------------------------------------------------------

  #readPage(): void {
    const seq = this.#context.lists.ask((result) => {
      if (!result.ok) return this.#readAgain();
      const { rooms, next } = result.value;
      // All at once: while others are read, what the page says of them grows old.
      const unknown = rooms.filter((room) => !this.#believe(room)).map(({ record }) => record.room);
      this.#readRooms(unknown, next);
    });
    this.#context.effect({ type: "list-rooms", seq, after: this.#after, limit: pageRooms, search: undefined, deleted: true, hashes: true });
  }

  #readAgain(): void {
    const { deadlines, now } = this.#context;
    deadlines.set({ type: "read-rooms" }, now.monotonicMs + againMs);
  }

  /** The list could not be read before. */
  goOn(): void {
    if (this.#state === "reading") this.#readPage();
  }

  #readRooms([room, ...rest]: readonly RoomName[], next: string | undefined): void {
    if (room !== undefined) return this.#readRoom(room, () => this.#readRooms(rest, next));
    this.#after = next;
    if (next !== undefined) return this.#readPage();
    this.#state = "read";
    this.#whenRead();
  }

  #readRoom(name: RoomName, then: () => void): void {
    const room = this.#rooms.use(name);
    room.life.hold((loaded) => {
      if (loaded.ok) this.#look(room);
      else this.#noteUnread(name);
      room.life.release();
      then();
    });
  }

  /** Nobody knows what is in it: something may be that is nowhere else. */
  #noteUnread(name: RoomName): void {
    this.#unread.add(name);
    this.#unplaced.note(name, this.#placeOf(name).isElsewhere);
  }

  /** Notes what the disk's list says of a room; whether there is no need to read it. A replica that cannot vouch for it compares it anyway. */
  #believe({ record, clock, contentHash, isMarked, entries, bytes }: RoomSummary): boolean {
    const { room, deleted } = record;
    if (this.#rooms.find(room) !== undefined) return false;
    if (this.#leaves.has(room)) return true;
    const place = this.#context.placement.of(room);
    const isEmpty = clock.size === 0 && entries === 0 && bytes === 0;
    const isOwed = clock.size > 0 && place.isElsewhere;
    if (deleted !== undefined) {
      this.#note(room, this.#digestOfEmpty(record));
      // The next document of that name is vouched for by the same mark.
      this.#stands(room, { isOwed: false, isVouched: isMarked });
    } else if ((contentHash === undefined && !isEmpty) || (place.isReplica && !isMarked)) return false;
    else {
      const digest =
        contentHash === undefined ? this.#digestOfEmpty(record) : roomDigest({ record, content: positionOfHex(contentHash), clock });
      this.#note(room, digest);
      this.#places.set(room, place);
      this.#stands(room, { isOwed, isVouched: isMarked });
    }
    const isBare = this.#noteBare(room, isEmpty && !isMarked);
    this.#dropping.note(room, !isBare && !isOwed && place.isElsewhere);
    return true;
  }

  #note(room: RoomName, digest: Position): void {
    const { digest: before } = this.#leaves.get(room) ?? {};
    if (before !== undefined && comparePositions(before, digest) === 0) return;
    this.#leaves.set(room, leafOf({ room, digest }));
    this.#changes += 1;
  }

  /** Of a room of which there is nothing but the record, be it deleted or elsewhere. */
  #digestOfEmpty(record: RoomRecord): Position {
    const content = this.#context.engineOf(record.room)?.emptyIndex().hash() ?? "0".repeat(16);
    return roomDigest({ record, content: positionOfHex(content), clock: VectorClock.empty });
  }

  /** While something is on its way to disk, what was there before stands. */
  #look(room: Room): void {
    if (!room.isSettled) return void this.#stale.add(room);
    this.#stale.delete(room);
    this.#unread.delete(room.name);
    if (room.exists || room.content.clock.size > 0) this.#note(room.name, digestOf(room));
    const { isReplica, isComplete, isMarked, handOver } = room.replication;
    const hasContent = room.content.clock.size > 0;
    const isOfWorth = hasContent || (this.#context.placement.isLeaving && room.exists);
    const isOwed = isOfWorth && !isReplica && !handOver.isDone;
    this.#stands(room.name, { isOwed, isVouched: isComplete });
    const isBare = this.#noteBare(room.name, !hasContent && !isMarked);
    this.#dropping.look(room, !isBare && !isOwed && this.#placeOf(room.name).isElsewhere);
  }

  /** A relay that leaves owes whatever comes to it still. */
  #grown(room: RoomName): void {
    if (this.#context.placement.isLeaving) this.#unplaced.note(room, this.#placeOf(room).isElsewhere);
  }

  #noteBare(room: RoomName, isBare: boolean): boolean {
    if (isBare) this.#bare.add(room);
    else this.#bare.delete(room);
    return isBare;
  }

  /** There is only its record from now on. */
  #dropped({ name, storedRecord: record }: Room): void {
    if (record !== undefined) this.#note(name, this.#digestOfEmpty(record));
    this.#noteBare(name, true);
    this.#stands(name, { isOwed: false, isVouched: false });
    this.#dropping.note(name, false);
  }

  #stands(room: RoomName, { isOwed, isVouched }: { readonly isOwed: boolean; readonly isVouched: boolean }): void {
    this.#unplaced.note(room, isOwed);
    if (isVouched) this.#unvouched.delete(room);
    else this.#unvouched.add(room);
    this.#sort(room);
  }

  #sort(room: RoomName): void {
    if (this.#unvouched.has(room) && this.#placeOf(room).isReplica) this.#blank.add(room);
    else this.#blank.delete(room);
  }
}
