/**
 * Outbox: one room's updates that are not saved yet, in the order in which they are sent, with their numbers on the
 * present session.
 *
 *     items   [ a  b  c │ d  e ]        a has number `first`; left of │: under way; right of it: not sent yet
 *
 * Go-back-N: acks are cumulative; a nack of number k moves │ to before k. At every (re)open the numbers start at 1 again
 * and everything is sent anew: the relay trims what it knows. What hangs on something that neither the relay nor this device
 * has is parked: it waits beside the others, without a number, until it is tried again.
 *
 * Invariants: an entry leaves only by an ack with enough copies, because the relay refused it for good, or because another
 * tab says so; one that is under way then leaves its number behind until the relay answers, and is no entry any more;
 * numbers of items are contiguous; what is under way is bounded by the window, but one item may always go.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import type { EngineName, UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import type { Durability } from "@inkmesh/shared/wire/client-message";
import { authorsIn } from "./authors-in.ts";
import type { Line } from "./line.ts";
import { outboxKey, type OutboxEntry, type OutboxKey } from "./outbox-entry.ts";

/** Authors of what somebody made here: undo of a merge has a few. Relays take 16 in one edit, unless told otherwise. */
const editAuthorsMax = 16;

interface Item {
  /** Undefined for (a piece of) a difference that repairs the relay: the device holds its content elsewhere. */
  readonly entry: OutboxEntry | undefined;
  /** The edit that such a piece goes before: what that hangs on is in it. */
  readonly heals?: Item;
  kind: UpdateKind;
  bytes: Uint8Array;
  /** How many replicas are known to hold it; 0 when only this device does. */
  copies: number;
  /** How often it was answered with a gap. */
  gaps: number;
  /** How often it was parked when what is parked was tried again. */
  retries: number;
  /** Another tab got it settled while it was under way: it only holds its number. */
  isSettled: boolean;
}

export interface Window {
  readonly unackedMax: number;
  readonly unackedBytesMax: number;
  readonly messageBytesMax: number;
  /** Of one edit: what is larger goes as a state. */
  readonly updateBytesMax: number;
}

export interface Batch {
  readonly first: number;
  readonly kind: UpdateKind;
  readonly updates: readonly Uint8Array[];
}

export class Outbox {
  readonly #engine: EngineName;
  #items: Item[] = [];
  #parked: Item[] = [];
  /** Nothing is taken: what belongs before it may be inserted in a moment. */
  isHeld = false;
  readonly #keys = new Set<string>();
  #first = 1;
  #sent = 0;
  #sentBytes = 0;

  constructor(engine: EngineName) {
    this.#engine = engine;
  }

  /** How many updates are not saved yet. */
  get waiting(): number {
    return this.#unsettled.length;
  }

  /** The fewest replicas that hold any waiting update; undefined when none waits. */
  get copies(): number | undefined {
    return this.#unsettled.reduce<number | undefined>((fewest, item) => Math.min(fewest ?? item.copies, item.copies), undefined);
  }

  get entries(): readonly OutboxEntry[] {
    return this.#unsettled.flatMap(({ entry }) => (entry === undefined ? [] : [entry]));
  }

  /** What is being sent or will be, for a comparison with the document. */
  get payloads(): readonly Uint8Array[] {
    return [...this.#parked, ...this.#items].map((item) => item.bytes);
  }

  /** Whether an entry of `tab` up to this number waits, or a repair, which may hold what was typed there. */
  has(tab: string, upTo: number): boolean {
    return this.#unsettled.some(({ entry }) => entry === undefined || (entry.tab === tab && entry.number <= upTo));
  }

  /** Appends entries; those that are here already are ignored. */
  add(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) {
      const key = outboxKey(entry);
      if (this.#keys.has(key)) continue;
      this.#keys.add(key);
      this.#items.push(newItem(entry, entry.bytes));
    }
  }

  /**
   * Puts entries of another tab where they belong by time among those that are not under way: an edit made there may be
   * what an edit made here builds on. Each tab's own order stays.
   */
  insert(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) {
      const key = outboxKey(entry);
      if (this.#keys.has(key)) continue;
      this.#keys.add(key);
      let place = this.#items.length;
      while (place > this.#sent && isLaterThan(this.#items[place - 1]?.entry, entry)) place -= 1;
      this.#items.splice(place, 0, newItem(entry, entry.bytes));
    }
  }

  /** A difference that the relay needs, in pieces, before all that is not sent yet: the rest may build on it. */
  addRepairs(updates: readonly Uint8Array[], heals?: Item): void {
    const pieces = updates.map((update): Item => ({ ...newItem(undefined, update), kind: "state", ...(heals && { heals }) }));
    this.#items.splice(this.#sent, 0, ...pieces);
  }

  /** A new session: numbers start at 1, nothing is under way. Repairs of the earlier session are computed afresh. */
  restart(): void {
    this.#items = this.#items.filter((item) => item.entry !== undefined && !item.isSettled);
    for (const item of this.#items) {
      item.kind = "edit";
      item.bytes = item.entry?.bytes ?? item.bytes;
      item.gaps = 0;
    }
    this.#first = 1;
    this.#sent = 0;
    this.#sentBytes = 0;
  }

  /** Takes out what another tab got settled. */
  forget(keys: readonly OutboxKey[]): void {
    const settled = new Set(keys.map(outboxKey));
    const stays = (item: Item, isUnderWay: boolean): boolean => {
      if (item.isSettled || item.entry === undefined || !settled.has(outboxKey(item.entry))) return true;
      this.#keys.delete(outboxKey(item.entry));
      item.isSettled = true;
      return isUnderWay;
    };
    this.#parked = this.#parked.filter((item) => stays(item, false));
    this.#items = this.#items.filter((item, index) => stays(item, index < this.#sent));
  }

  /** The session is gone: nothing is under way any more. */
  pause(): void {
    const parked = this.#parked.splice(0);
    this.#items = this.#unsettled;
    this.#sent = 0;
    this.#sentBytes = 0;
    this.#parked = parked;
  }

  /**
   * The next updates of one kind that fit into the window, which are under way from now on. An edit above the ceiling of edits, or of more
   * authors than one person's editing has (an import), goes as a state, which may be larger.
   */
  take(limits: Window): Batch | undefined {
    const start = this.#sent;
    const head = this.#items[start];
    if (head === undefined || this.isHeld) return undefined;
    const kind = kindOf(head, limits, this.#engine);
    const updates: Uint8Array[] = [];
    let bytes = 0;
    for (let index = start; index < this.#items.length; index++) {
      const item = this.#items[index] as Item;
      const full = this.#sent >= limits.unackedMax || this.#sentBytes + item.bytes.length > limits.unackedBytesMax;
      if (full && this.#sent > 0) break;
      if (kindOf(item, limits, this.#engine) !== kind || (updates.length > 0 && bytes + item.bytes.length > limits.messageBytesMax)) break;
      item.kind = kind;
      updates.push(item.bytes);
      bytes += item.bytes.length;
      this.#sent += 1;
      this.#sentBytes += item.bytes.length;
    }
    return updates.length === 0 ? undefined : { first: this.#first + start, kind, updates };
  }

  /** All up to `number` are this safe. Answers the entries that are saved thereby and leave. */
  ack(number: number, durability: Durability): readonly OutboxEntry[] {
    const count = Math.min(number - this.#first + 1, this.#sent);
    if (count <= 0) return [];
    const acked = this.#items.slice(0, count);
    // What one of them hung on has come, and the others may hang on that, too.
    if (acked.some(({ retries }) => retries > 0)) this.#unpark(this.#parked.length);
    for (const item of acked) item.retries = 0;
    if (durability.copies < durability.needed) {
      for (const item of acked) item.copies = Math.max(item.copies, durability.copies);
      return [];
    }
    this.#items.splice(0, count);
    this.#first += count;
    this.#sent -= count;
    const saved: OutboxEntry[] = [];
    for (const item of acked) {
      this.#sentBytes -= item.bytes.length;
      if (item.entry === undefined || item.isSettled) continue;
      this.#keys.delete(outboxKey(item.entry));
      saved.push(item.entry);
    }
    return saved;
  }

  /** Whether `number` is under way. */
  isUnderWay(number: number): boolean {
    return number >= this.#first && number < this.#first + this.#sent;
  }

  /**
   * Number `number` and all after it are to be sent again. Answers how often it met a gap, this one included; undefined: another tab got it
   * settled meanwhile.
   */
  rewind(number: number, gap: boolean): number | undefined {
    const from = number - this.#first;
    for (const item of this.#items.slice(from, this.#sent)) this.#sentBytes -= item.bytes.length;
    this.#sent = from;
    const item = this.#items[from] as Item;
    // None of them is under way any more: what only held its number needs none.
    this.#items = this.#items.filter(({ isSettled }, index) => index < from || !isSettled);
    if (item.isSettled) return undefined;
    if (gap) item.gaps += 1;
    return item.gaps;
  }

  /** The next to be sent goes out as `difference`, which contains it: in its place, or, in pieces, before it. */
  replaceNext(difference: readonly Uint8Array[]): void {
    const item = this.#items[this.#sent];
    if (item === undefined) return;
    if (item.entry === undefined) {
      // What is left of an earlier difference is in this one.
      this.#dropRepairs();
      this.addRepairs(difference, item.heals);
      this.#items[this.#sent]!.gaps = item.gaps;
    } else if (difference.length > 1) {
      this.addRepairs(difference, item);
    } else {
      item.kind = "state";
      item.bytes = difference[0]!;
    }
  }

  /** The edit that is sent next, as it was made; undefined for a repair. */
  get nextEdit(): Uint8Array | undefined {
    return this.#items[this.#sent]?.entry?.bytes;
  }

  /** Why the next to be sent cannot go: above `updatesBytesMax` no relay of this mesh takes it, and trying would only cost the line. */
  whyNextIsTooBig({ updatesBytesMax }: Pick<Line, "updatesBytesMax">): Refusal | undefined {
    const bytes = this.#items[this.#sent]?.bytes.length ?? 0;
    return bytes > updatesBytesMax ? { code: "UPDATE_TOO_BIG", detail: `edit of ${bytes} bytes, limit ${updatesBytesMax}` } : undefined;
  }

  /** Whether a repair waits that no replica is known to hold. */
  get holdsRepair(): boolean {
    return this.#items.some(({ entry, copies }) => entry === undefined && copies === 0);
  }

  /** Whether the next to be sent repairs the relay, and not only for one edit's sake. */
  get isNextRepair(): boolean {
    const item = this.#items[this.#sent];
    return item !== undefined && item.entry === undefined && item.heals === undefined;
  }

  /** Parks the next to be sent, unless it is a repair or was tried so often; its number goes to the one behind it. */
  parkNext(retriesMax: number): boolean {
    const item = this.#items[this.#sent];
    if (item?.entry === undefined || item.isSettled || item.retries >= retriesMax) return false;
    this.#items.splice(this.#sent, 1);
    this.#parked.push({ ...item, kind: "edit", bytes: item.entry.bytes, gaps: 0 });
    return true;
  }

  get hasParked(): boolean {
    return this.#parked.length > 0;
  }

  /** Of what is parked one is tried again for all, as each costs the relay a gap; the last time each for itself. */
  retryParked(retriesMax: number): void {
    for (const item of this.#parked) item.retries += 1;
    const isLast = this.#parked.some(({ retries }) => retries >= retriesMax);
    this.#unpark(isLast ? this.#parked.length : 1);
  }

  /** Takes out the next to be sent, which was refused for good, with what it is a part of; its number goes to the one behind it. */
  dropNext(): OutboxEntry | undefined {
    const next = this.#items[this.#sent];
    if (next?.entry === undefined) this.#dropRepairs();
    const item = next?.heals ?? next;
    this.#items = this.#items.filter((each) => each !== item);
    if (item?.entry === undefined || item.isSettled) return undefined;
    this.#keys.delete(outboxKey(item.entry));
    return item.entry;
  }

  /** Those that are not under way. */
  #dropRepairs(): void {
    this.#items = this.#items.filter(({ entry }, index) => index < this.#sent || entry !== undefined);
  }

  /** Before all that is not sent yet: that may build on it. */
  #unpark(count: number): void {
    this.#items.splice(this.#sent, 0, ...this.#parked.splice(0, count));
  }

  get #unsettled(): Item[] {
    return [...this.#parked, ...this.#items].filter(({ isSettled }) => !isSettled);
  }
}

function newItem(entry: OutboxEntry | undefined, bytes: Uint8Array): Item {
  return { entry, kind: "edit", bytes, copies: 0, gaps: 0, retries: 0, isSettled: false };
}

function isLaterThan(item: OutboxEntry | undefined, entry: OutboxEntry): boolean {
  return item !== undefined && item.tab !== entry.tab && item.createdMs > entry.createdMs;
}

function kindOf({ kind, bytes }: Item, { updateBytesMax }: Window, engine: EngineName): UpdateKind {
  return bytes.length > updateBytesMax || authorsIn(bytes, engine) > editAuthorsMax ? "state" : kind;
}
