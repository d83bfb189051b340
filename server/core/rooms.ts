/**
 * Rooms: the rooms in memory.
 *
 *     on disk ──used──▶ in use ──nobody, nothing in flight──▶ idle (LRU by bytes) ──room needed──▶ forgotten: on disk
 *                          ▲───────────────used──────────────────┘
 *
 * Invariants: one Room per name; a room with sessions, asks, or entries that are not on disk is never forgotten; idle
 * rooms take at most `roomCacheBytes`. What a turn changed is ended together, once per room. What becomes idle is told to the disk by
 * its hash.
 */
import { LRUCache } from "lru-cache";
import { assert } from "@inkmesh/shared/base/assert";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { RelayContext } from "./relay-context.ts";
import { Room } from "./room.ts";

export class Rooms {
  readonly #context: RelayContext;
  readonly #inUse = new Map<RoomName, Room>();
  readonly #idle: LRUCache<RoomName, Room>;
  readonly #touched = new Set<Room>();
  readonly #onChanged: (room: Room) => void;
  readonly #onForget: (room: Room) => void;

  /** `onChanged`: other relays may lack something of a room; `onForget`: it leaves memory. */
  constructor(context: RelayContext, onChanged: (room: Room) => void, onForget: (room: Room) => void) {
    this.#context = context;
    this.#onChanged = onChanged;
    this.#onForget = onForget;
    this.#idle = new LRUCache({
      maxSize: Math.max(1, context.limits.roomCacheBytes),
      sizeCalculation: (room) => room.content.memoryBytes,
      dispose: (room, _name, reason) => {
        if (reason === "evict") this.#forget(room);
      },
    });
  }

  get inUse(): number {
    return this.#inUse.size;
  }

  get idle(): number {
    return this.#idle.size;
  }

  get cacheBytes(): number {
    return this.#idle.calculatedSize;
  }

  get appendsInFlight(): number {
    let count = 0;
    for (const room of this.#inUse.values()) if (room.log.isInFlight) count += 1;
    return count;
  }

  /** All that are in memory. */
  inMemory(): readonly Room[] {
    return [...this.#inUse.values(), ...this.#idle.values()];
  }

  /** A room that is in memory. */
  find(name: RoomName): Room | undefined {
    return this.#inUse.get(name) ?? this.#idle.peek(name);
  }

  /** A room that something happens to that nobody asked for; undefined when it is not in memory. */
  wake(name: RoomName): Room | undefined {
    const room = this.find(name);
    if (room !== undefined) this.#putToUse(room);
    return room;
  }

  /** The room, loaded if need be. */
  use(name: RoomName): Room {
    const known = this.wake(name);
    if (known !== undefined && !known.hasFailed) return known;
    const context = this.#context;
    const room = new Room({
      name,
      engine: context.engineOf(name),
      context,
      touch: (touched) => this.#touched.add(touched),
      changed: (changed) => this.#onChanged(changed),
    });
    this.#inUse.set(name, room);
    room.load();
    return room;
  }

  /** It leaves memory at once; nobody needs it. */
  discard(room: Room): void {
    assert(room.isIdle, "only what nobody needs leaves memory");
    this.#touched.delete(room);
    this.#inUse.delete(room.name);
    this.#idle.delete(room.name);
    this.#forget(room);
  }

  /** Everything that rooms held back for the end of the turn leaves; rooms that nobody needs go idle. */
  endTurn(): void {
    const ended = new Set<Room>();
    // The end of one room's turn may touch another: a connection that is closed as too slow leaves all its rooms.
    for (let [room] = this.#touched; room !== undefined; [room] = this.#touched) {
      this.#touched.delete(room);
      room.endTurn();
      ended.add(room);
    }
    for (const room of ended) this.#settle(room);
    this.#touched.clear();
  }

  #putToUse(room: Room): void {
    if (this.#inUse.get(room.name) === room) return;
    this.#idle.delete(room.name);
    this.#inUse.set(room.name, room);
    this.#touched.add(room);
  }

  #settle(room: Room): void {
    if (!room.isIdle || this.#inUse.get(room.name) !== room) return;
    this.#inUse.delete(room.name);
    this.#keepHash(room);
    if (!room.hasFailed) this.#idle.set(room.name, room);
    if (!this.#idle.has(room.name)) this.#forget(room);
  }

  /** All of it is on disk: the next start need not read it to know what it comes to. Where nobody compares, nobody asks. */
  #keepHash({ isOpen, lineage, content, log, storedRecord }: Room): void {
    if (!isOpen || storedRecord === undefined || this.#context.peers.ring.newest.members.length <= 1) return;
    const hash = content.untoldHash();
    if (hash === undefined) return;
    this.#context.effect({ type: "keep-hash", hashed: { lineage, clock: log.durableClock, entries: content.tail.length, hash } });
  }

  #forget(room: Room): void {
    if (!room.hasFailed) this.#onForget(room);
    room.forget();
  }
}
