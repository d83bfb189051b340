/**
 * RoomCatalogue: what every room on this disk comes to, so that two relays find the few that differ among many.
 *
 *     unread ──the first link──▶ reading, a room at a time ──▶ read: kept up to date by the rooms themselves
 *
 * The digest of a room needs its content, which is read once; from then on it follows what happens to the room. A relay without
 * links reads nothing and keeps nothing.
 *
 * Invariants: what a digest stands for is on disk; a room that cannot be read has none, and is asked for elsewhere.
 */
import type { RelayId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { positionOfHex, type Position } from "@inkmesh/shared/ring/hash";
import type { RelayContext } from "../relay-context.ts";
import type { Room } from "../room.ts";
import type { Rooms } from "../rooms.ts";
import type { RoomRecord } from "../stored-room.ts";
import type { SharedRooms } from "./anti-entropy.ts";
import { DigestTree } from "./digest-tree.ts";
import { roomDigest } from "./room-digest.ts";
import { digestOf } from "./room-moment.ts";
import type { RoomPlace } from "./room-place.ts";

/** Rooms that are listed at once. */
const pageRooms = 256;

/** Milliseconds until a list that could not be read is asked for again. */
const againMs = 1_000;

export class RoomCatalogue implements SharedRooms {
  readonly #context: RelayContext;
  readonly #rooms: Rooms;
  readonly #digests = new Map<RoomName, Position>();
  readonly #places = new Map<RoomName, RoomPlace>();
  /** Rooms placed here of which this disk cannot vouch for what it has. */
  readonly #blank = new Set<RoomName>();
  readonly #stale = new Set<Room>();
  readonly #whenRead: () => void;
  #state: "unread" | "reading" | "read" = "unread";
  #after: string | undefined;

  constructor(context: RelayContext, rooms: Rooms, whenRead: () => void) {
    this.#context = context;
    this.#rooms = rooms;
    this.#whenRead = whenRead;
  }

  get isRead(): boolean {
    return this.#state === "read";
  }

  /** Whether this disk vouches for every room that is placed on it. */
  get isComplete(): boolean {
    for (const room of this.#stale) this.#look(room);
    return this.isRead && this.#blank.size === 0;
  }

  /** Reads what is on disk, the first time. */
  read(): void {
    if (this.#state !== "unread") return;
    this.#state = "reading";
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
    return DigestTree.of([...this.#digests].filter(([room]) => this.#isOnBoth(peer, room)).map(([room, digest]) => ({ room, digest })));
  }

  /** Rooms of both; and of a relay that holds one without being its replica, those that it has sessions for. */
  isSharedWith(peer: RelayId, room: RoomName): boolean {
    if (this.#isOnBoth(peer, room)) return true;
    const live = this.#rooms.find(room);
    if (live === undefined || !live.isOpen) return false;
    const place = this.#placeOf(room);
    const actor = this.#context.peers.lifeOf(peer);
    return place.isOn(peer) || (place.isReplica && actor !== undefined && live.replication.followers.has(actor));
  }

  digest(room: RoomName): Position | undefined {
    const live = this.#rooms.find(room);
    if (live !== undefined && this.#stale.has(live)) this.#look(live);
    return this.#digests.get(room);
  }

  #isOnBoth(peer: RelayId, room: RoomName): boolean {
    const place = this.#placeOf(room);
    return place.mayHold(peer) && place.mayHold(this.#context.self);
  }

  /** Kept for rooms with a digest: a sweep looks at all of them. */
  #placeOf(room: RoomName): RoomPlace {
    const place = this.#places.get(room) ?? this.#context.placement.of(room);
    if (this.#digests.has(room)) this.#places.set(room, place);
    return place;
  }

  // -- reading ---------------------------------------------------------------------------------------------------------

  #readPage(): void {
    const seq = this.#context.lists.ask((result) => {
      if (!result.ok) return this.#readAgain();
      const { rooms, next } = result.value;
      this.#readRooms(
        rooms.map(({ record }) => record),
        next,
      );
    });
    this.#context.effect({ type: "list-rooms", seq, after: this.#after, limit: pageRooms, search: undefined, deleted: true });
  }

  #readAgain(): void {
    const { deadlines, now } = this.#context;
    deadlines.set({ type: "read-rooms" }, now.monotonicMs + againMs);
  }

  /** The list could not be read before. */
  goOn(): void {
    if (this.#state === "reading") this.#readPage();
  }

  #readRooms(records: readonly RoomRecord[], next: string | undefined): void {
    const [record, ...rest] = records;
    if (record !== undefined) return this.#readRoom(record, () => this.#readRooms(rest, next));
    this.#after = next;
    if (next !== undefined) return this.#readPage();
    this.#state = "read";
    this.#whenRead();
  }

  #readRoom(record: RoomRecord, then: () => void): void {
    if (record.deleted !== undefined && this.#rooms.find(record.room) === undefined) {
      this.#digests.set(record.room, this.#digestOfClosed(record));
      return then();
    }
    const room = this.#rooms.use(record.room);
    if (room === undefined) return then();
    room.life.hold((loaded) => {
      if (loaded.ok) this.#look(room);
      room.life.release();
      then();
    });
  }

  #digestOfClosed(record: RoomRecord): Position {
    const content = this.#context.engineOf(record.room)?.emptyIndex().hash() ?? "0".repeat(16);
    return roomDigest({ record, content: positionOfHex(content), clock: VectorClock.empty });
  }

  /** While something is on its way to disk, what was there before stands. */
  #look(room: Room): void {
    if (!room.isSettled) return void this.#stale.add(room);
    this.#stale.delete(room);
    if (room.exists || room.content.clock.size > 0) this.#digests.set(room.name, digestOf(room));
    if (room.replication.isReplica && !room.replication.isComplete) this.#blank.add(room.name);
    else this.#blank.delete(room.name);
  }
}
