/**
 * Deadlines: timers as data. The core notes what shall happen when; the driver keeps one timer for the earliest.
 *
 * A binary heap by (moment, order of setting), so that what falls due together is always handled in the same order.
 * Setting a deadline again moves it: the old place in the heap goes stale and is skipped when it comes up.
 *
 * Invariants: one moment per key; deadlines use monotonic time only, so a stepped wall clock ends nobody's session; the
 * heap holds at most twice as many places as there are deadlines (and a few).
 */
import type { ConnectionId, RequestId, RoomName } from "@inkmesh/shared/base/ids";
import { assert } from "@inkmesh/shared/base/assert";

/** Those that a room may have. */
const roomDeadlines = [
  ...(["verify-tail", "tell-clock", "expire-presence", "tell-presence", "tell-presence-count"] as const),
  ...(["retry-append", "ask-of-tombstone", "replicate", "subscribe", "show-room"] as const),
];

export type Deadline =
  /** A connection that has said nothing valid is closed. */
  | { readonly type: "handshake"; readonly connection: ConnectionId }
  | { readonly type: "keepalive"; readonly connection: ConnectionId }
  /** A connection that was over its rate is read from again. */
  | { readonly type: "resume-reading"; readonly connection: ConnectionId }
  /** Whether a client may have a document is asked, though it has shown nothing. */
  | { readonly type: "ask-access"; readonly connection: ConnectionId; readonly channel: number }
  /** A document that could not be read is tried again. */
  | { readonly type: "open-again"; readonly connection: ConnectionId; readonly channel: number }
  /** What a session was granted is asked about again, or its client has shown nothing new for it. */
  | { readonly type: "access-due"; readonly connection: ConnectionId; readonly channel: number }
  /** Sessions are looked through for those that were called into doubt. */
  | { readonly type: "reconsider" }
  /** A Yjs client is asked again for what is missing here. */
  | { readonly type: "heal"; readonly connection: ConnectionId; readonly channel: number }
  /** A client that has seen more than is here is told so. */
  | { readonly type: "catch-up"; readonly connection: ConnectionId; readonly channel: number }
  | { readonly type: "retry-append"; readonly room: RoomName }
  /** The disk is asked again what became of a tombstone. */
  | { readonly type: "ask-of-tombstone"; readonly room: RoomName }
  /** Entries of other relays that wait too long, and comparisons that are due. */
  | { readonly type: "replicate"; readonly room: RoomName }
  /** An edge says again what it has of a room. */
  | { readonly type: "subscribe"; readonly room: RoomName }
  /** A room is shown though other relays have not said what they have of it. */
  | { readonly type: "show-room"; readonly room: RoomName }
  /** Rooms that changed, or all of them, are compared with other relays. */
  | { readonly type: "compare-rooms" }
  /** The list of rooms on disk is asked for again. */
  | { readonly type: "read-rooms" }
  /** Histories are brought together with those of other relays. */
  | { readonly type: "fetch-histories" }
  /** Images that are lacking are fetched from other relays. */
  | { readonly type: "fetch-blobs" }
  | { readonly type: "tell-clock"; readonly room: RoomName }
  | { readonly type: "verify-tail"; readonly room: RoomName }
  | { readonly type: "expire-presence"; readonly room: RoomName }
  /** Other relays are told of cursors that moved a moment ago. */
  | { readonly type: "tell-presence"; readonly room: RoomName }
  | { readonly type: "tell-presence-count"; readonly room: RoomName }
  /** Relays that share rooms give each other a sign of life. */
  | { readonly type: "presence-look" }
  /** The next group of clients is sent away. */
  | { readonly type: "send-away" }
  /** On a relay that leaves and has clients all the same. */
  | { readonly type: "quiet-moment" }
  /** A reader whose token is ahead of this relay is told so, and who changed something that too few replicas have. */
  | { readonly type: "give-up"; readonly request: RequestId };

interface Place {
  readonly atMs: number;
  readonly order: number;
  readonly key: string;
  readonly deadline: Deadline;
}

export class Deadlines {
  readonly #places = new Map<string, Place>();
  #heap: Place[] = [];
  #order = 0;

  get size(): number {
    return this.#places.size;
  }

  /** Notes `deadline`, in place of an earlier one of the same kind and subject. */
  set(deadline: Deadline, atMs: number): void {
    const place = { atMs, order: this.#order++, key: keyOf(deadline), deadline };
    this.#places.set(place.key, place);
    this.#push(place);
    if (this.#heap.length > 2 * this.#places.size + 64) this.#sweep();
  }

  has(deadline: Deadline): boolean {
    return this.#places.has(keyOf(deadline));
  }

  clear(deadline: Deadline): void {
    this.#places.delete(keyOf(deadline));
  }

  clearRoom(room: RoomName): void {
    for (const type of roomDeadlines) this.clear({ type, room });
  }

  /** The earliest moment; undefined when nothing is to come. */
  next(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.atMs;
  }

  /** Takes the earliest deadline that has come by `nowMs`. */
  take(nowMs: number): Deadline | undefined {
    this.#dropStale();
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.#pop();
    this.#places.delete(first.key);
    return first.deadline;
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first !== undefined && this.#places.get(first.key) !== first; first = this.#heap[0]) this.#pop();
  }

  #sweep(): void {
    this.#heap = [...this.#places.values()].sort((left, right) => (isBefore(left, right) ? -1 : 1));
  }

  #push(place: Place): void {
    const heap = this.#heap;
    heap.push(place);
    for (let index = heap.length - 1; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!isBefore(place, placeAt(heap, parent))) break;
      heap[index] = placeAt(heap, parent);
      heap[parent] = place;
      index = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isBefore(placeAt(heap, right), placeAt(heap, left)) ? right : left;
      if (!isBefore(placeAt(heap, child), last)) break;
      heap[index] = placeAt(heap, child);
      heap[child] = last;
      index = child;
    }
  }
}

function isBefore(left: Place, right: Place): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}

function placeAt(heap: readonly Place[], index: number): Place {
  const place = heap[index];
  assert(place !== undefined, "a heap has no holes");
  return place;
}

/** Kind and subject. A room's name comes last: it may contain anything. */
function keyOf(deadline: Deadline): string {
  if ("room" in deadline) return `${deadline.type} ${deadline.room}`;
  if ("request" in deadline) return `${deadline.type} ${deadline.request}`;
  if (!("connection" in deadline)) return deadline.type;
  return `${deadline.type} ${deadline.connection}${"channel" in deadline ? `/${deadline.channel}` : ""}`;
}
