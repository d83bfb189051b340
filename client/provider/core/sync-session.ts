/**
 * SyncSession: one room of this client, over all its connections.
 *
 *                 room-loaded           line up          state-read            opened           synced
 *      loading ──────────────▶ detached ───────▶ reading ──────────▶ opening ─────────▶ syncing ──────▶ live
 *                                  ▲                                    │ error(retryable)
 *                                  ├───────────── line lost ────────────┼── from every state to the right
 *                                  └─── postponed(until) ◀──────────────┘
 *      deleted, refused: the end; what this device holds stays on it.
 *
 * A client is a replica. What the relay lacks is sent in three ways: entries of the outbox in order; a difference when
 * the document is beyond the relay's state vector at `opened` with content that is in no outbox, or when the relay's
 * clock at `synced` does not cover ours (a restored or wiped relay), or when the device's store was emptied; a difference in
 * place of an entry that met a gap, or in pieces before it; and all deletions when the relay's content at `synced` is another one than ours: a state
 * vector does not show those. An entry that hangs on something which this device has not either is parked, and set aside a
 * minute later: it must not keep back what comes after it.
 *
 * Invariants: entries leave the outbox only by acks with enough copies or a final refusal; after a nack of k nothing but
 * k is sent next; the clock advances only by what the relay says, after the updates that it covers were handed over;
 * with a repair refused for good nothing is saved until the next is made: no entry names what it held; every open uses a
 * channel of its own, so that a late message of an earlier one is never taken for news. Knows no document: effects ask it.
 */
import { errorKind } from "@inkmesh/shared/base/errors";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { Access, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { Absence } from "./absence.ts";
import type { ClientEffect } from "./client-effect.ts";
import type { ClientInput } from "./client-input.ts";
import type { ClientLimits } from "./client-limits.ts";
import { holdAfter, unfounded } from "./hold.ts";
import type { Line } from "./line.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxEntry, OutboxKey } from "./outbox-entry.ts";
import { Reached } from "./reached.ts";
import type { SessionView } from "./room-status.ts";
import { deadlineOf, newlyOpen, type Open, type SessionState, type Wanted } from "./session-state.ts";

type Said<Type extends RelayMessage["type"]> = Extract<RelayMessage, { type: Type }>;

export class SyncSession {
  readonly room: RoomName;
  readonly #access: Access;
  readonly #limits: ClientLimits;
  readonly #outbox: Outbox;
  readonly #absence = new Absence();
  #state: SessionState = { type: "loading" };
  readonly #reached = new Reached();
  #synced = false;
  #durability = { copies: 0, replicas: 0, needed: 0 };
  #problem: Refusal | undefined;
  /** A relay is known to lack what only the document here holds, and took the repair not: until one is made anew. */
  #repairRefused: Refusal | undefined;

  constructor(options: { room: RoomName; access: Access; limits: ClientLimits }) {
    this.room = options.room;
    this.#outbox = new Outbox(engineOf(options.room));
    this.#access = options.access;
    this.#limits = options.limits;
  }

  /** The channel that relay messages name before there is a handle. */
  get channel(): number | undefined {
    return "channel" in this.#state ? this.#state.channel : undefined;
  }

  get handle(): number | undefined {
    return "handle" in this.#state ? this.#state.handle : undefined;
  }

  /** Whether the document as the relay has it was asked for, and is not whole here yet. */
  get isArriving(): boolean {
    return this.#state.type === "opening" || this.#state.type === "syncing";
  }

  get view(): SessionView {
    const type = this.#state.type;
    const session = type === "reading" ? "opening" : type === "postponed" ? "detached" : type;
    return {
      session,
      synced: this.#synced,
      waiting: this.#outbox.waiting,
      copies: this.#outbox.copies ?? this.#durability.copies,
      replicas: this.#durability.replicas,
      needed: this.#durability.needed,
      ...this.#reached.view,
      isBehind: this.#open !== undefined && this.#reached.isBehind,
      problem: this.#problem ?? this.#repairRefused,
      repairRefused: this.#repairRefused,
    };
  }

  get entries(): readonly OutboxEntry[] {
    return this.#outbox.entries;
  }

  /** Whether an entry of `tab` with this number or an earlier one is not saved yet, or a repair. */
  isWaiting(tab: string, upTo: number): boolean {
    return this.#outbox.has(tab, upTo);
  }

  nextDeadline(): number | undefined {
    return deadlineOf(this.#state);
  }

  get #open(): Open | undefined {
    return this.#state.type === "syncing" || this.#state.type === "live" ? this.#state : undefined;
  }

  // What the driver tells.

  loaded(copy: Extract<ClientInput, { type: "room-loaded" }>): void {
    if (this.#state.type !== "loading") return;
    this.#reached.loaded(copy);
    this.#outbox.add(copy.entries);
    this.#state = { type: "detached" };
  }

  edited(entries: readonly OutboxEntry[], line: Line | undefined): void {
    this.#outbox.add(entries);
    if (line) this.#pump(line);
  }

  adopted(entries: readonly OutboxEntry[], leftBehind: boolean, line: Line | undefined): void {
    this.#outbox.insert(entries);
    if (leftBehind) this.#absence.tookOver(entries);
    if (line) this.#pump(line);
  }

  editsHeld(held: boolean, line: Line | undefined): void {
    this.#outbox.isHeld = held;
    if (line) this.#pump(line);
  }

  settledElsewhere(keys: readonly OutboxKey[], line: Line | undefined): void {
    this.#outbox.forget(keys);
    this.#absence.dropped(keys);
    if (line) this.#sayReturn(line);
  }

  /** Begins, if the device's copy is here and nothing ended the room. */
  attach(line: Line): void {
    if (this.#state.type !== "detached") return;
    this.#state = { type: "reading" };
    line.want({ type: "read-state", room: this.room });
  }

  stateRead(stateVector: Uint8Array, line: Line): void {
    if (this.#state.type !== "reading") return;
    const channel = line.newChannel();
    this.#state = { type: "opening", channel };
    const { generation, clock, token } = this.#reached;
    line.say({ type: "open", channel, room: this.room, generation, access: this.#access, token, clock, stateVector });
  }

  differenceMade({ updates, containing }: Extract<ClientInput, { type: "difference-made" }>, nowMs: number, line: Line): void {
    const open = this.#open;
    if (open?.difference === undefined || open.difference.containing !== containing) return;
    const { purpose } = open.difference;
    open.difference = undefined;
    if (purpose === "repair") {
      this.#repairRefused = undefined;
      this.#outbox.addRepairs(updates);
    } else if (this.#outbox.nextEdit === containing) {
      if (updates.length > 0) this.#outbox.replaceNext(updates);
      else if (this.#outbox.parkNext(this.#limits.parkedRetriesMax)) open.unparkAtMs ??= this.#retryAtMs(nowMs);
      else this.#setNextAside(unfounded, line);
    }
    this.#pump(line);
  }

  generationTold(generation: number): void {
    this.#reached.generation ??= generation;
  }

  /** Without a session the next `synced` compares. */
  storeEmptied(line: Line | undefined): void {
    if (this.#open) this.#open.repairDue = { unlessContent: undefined };
    if (line) this.#pump(line);
  }

  presenceChanged(bytes: Uint8Array, line: Line): void {
    if (this.#open) line.say({ type: "presence", channel: this.#open.channel, bytes });
  }

  /** There is no line (any more). Answers whether others were visible through one. */
  cutOff(nowMs: number): boolean {
    const wasOpen = this.#open !== undefined;
    if (["loading", "deleted", "refused"].includes(this.#state.type)) return false;
    this.#absence.began(nowMs);
    this.#outbox.pause();
    this.#state = { type: "detached" };
    return wasOpen;
  }

  close(line: Line | undefined): void {
    if (line && this.channel !== undefined) line.say({ type: "close", channel: this.channel });
    this.#state = { type: "loading" };
  }

  deadlineReached(nowMs: number, line: Line | undefined): void {
    if (this.#state.type === "postponed" && this.#state.untilMs <= nowMs) this.#state = { type: "detached" };
    const open = this.#open;
    if (!open || !line) return;
    if (open.unparkAtMs !== undefined && open.unparkAtMs <= nowMs) {
      this.#outbox.retryParked(this.#limits.parkedRetriesMax);
      open.unparkAtMs = this.#retryAtMs(nowMs);
      this.#pump(line);
    }
    const { hold } = open;
    if (!hold || hold.type === "session" || hold.atMs > nowMs) return;
    open.hold = undefined;
    if (hold.type === "heal") this.#askDifference(open, "heal", hold, line);
    else this.#pump(line);
  }

  // What the relay says.

  opened(message: Said<"opened">, nowMs: number, line: Line): void {
    if (this.#state.type !== "opening" || this.#state.channel !== message.channel) return;
    const { generation = message.generation, clock } = this.#reached;
    if (generation !== message.generation) {
      // Another document under the same name: merging would mix two texts.
      line.say({ type: "close", channel: message.channel });
      return this.#notCurrent(message.generation, { by: "", atMs: 0 }, nowMs, line);
    }
    const open: SessionState = { type: "syncing", ...newlyOpen(message, clock, this.#limits) };
    this.#state = open;
    this.#reached.begin();
    this.#reached.generation = generation;
    this.#durability = { ...this.#durability, replicas: message.replicas, needed: message.needed };
    this.#problem = undefined;
    this.#outbox.restart();
    open.unparkAtMs = this.#retryAtMs(nowMs);
    this.#keepReached(line);
    this.#absence.ended(this.#outbox.entries, nowMs);
    if (message.access === "read-only") {
      open.hold = { type: "session" };
    } else {
      this.#askDifference(open, "repair", { stateVector: message.stateVector, unless: this.#outbox.payloads }, line);
    }
    line.want({ type: "presence-wanted", room: this.room });
  }

  updates(updates: readonly Uint8Array[], line: Line): void {
    if (this.#open) this.#open.received += updates.length;
    if (this.#open && updates.length > 0) line.want({ type: "apply-remote", room: this.room, updates });
  }

  /** One slice of an update; false when there are more bytes than this client takes. */
  chunk(message: Said<"chunk">, line: Line): boolean {
    const open = this.#open;
    if (!open) return true;
    const whole = open.chunks.add(message.bytes, message.remaining);
    if (whole === "too-big") return false;
    if (whole) this.updates([whole], line);
    return true;
  }

  synced(message: Said<"synced">, line: Line): void {
    if (this.#state.type !== "syncing") return;
    const open: SessionState = { ...this.#state, type: "live" };
    const relayLostEntries = this.#reached.isBehind || !message.clock.covers(this.#reached.clock);
    this.#state = open;
    this.#synced = true;
    this.#durability = { ...this.#durability, copies: Math.max(1, this.#durability.copies) };
    this.clockReached(message, line);
    line.want({ type: "synced", room: this.room, isReturn: this.#absence.isOngoing });
    this.#absence.synced(message.clock.beyond(open.resumedFrom), open.received);
    this.#sayReturn(line);
    if (relayLostEntries) open.repairDue = { unlessContent: undefined };
    else if (message.content !== undefined) open.repairDue ??= { unlessContent: message.content };
    this.#pump(line);
  }

  clockReached(message: Said<"clock"> | Said<"synced">, line: Line): void {
    if (!this.#open) return;
    this.#reached.told(message);
    this.#keepReached(line);
  }

  behind(message: Said<"behind">, line: Line): void {
    if (!this.#open) return;
    this.#reached.lacks(message.lacks);
    this.#keepReached(line);
  }

  acked(message: Said<"ack">, line: Line): void {
    if (!this.#open) return;
    const { number, copies, replicas, needed } = message;
    this.#durability = { copies, replicas, needed };
    const entries = this.#outbox.ack(number, { copies, replicas, needed });
    if (entries.length > 0) line.want({ type: "saved", room: this.room, entries });
    this.#absence.saved(entries);
    this.#sayReturn(line);
    if (this.#open.hold === undefined) this.#problem = undefined;
    this.#pump(line);
    if (!this.#reached.isBehind || !this.#isRepaired(this.#open)) return;
    this.#reached.gaveAll();
    this.#keepReached(line);
  }

  nacked(message: Said<"nack">, nowMs: number, line: Line): void {
    const open = this.#open;
    if (!open || !this.#outbox.isUnderWay(message.number)) return;
    const refusal = { code: message.code, detail: message.detail };
    const gaps = this.#outbox.rewind(message.number, message.code === "GAP");
    if (gaps === undefined) return this.#pump(line);
    const hold = holdAfter(message, gaps, nowMs, this.#limits);
    if (hold === undefined) {
      this.#setNextAside(refusal, line);
      return this.#pump(line);
    }
    if (hold.type === "heal" && hold.atMs <= nowMs) return this.#askDifference(open, "heal", hold, line);
    open.hold = hold;
    this.#problem = refusal;
  }

  deleted(message: Said<"deleted">, nowMs: number, line: Line): void {
    if (this.channel === message.channel) this.#notCurrent(message.generation, message, nowMs, line);
  }

  /** What the relay said about `generation` ends this one, unless that is an earlier one: then the relay has not heard of this one. */
  #notCurrent(generation: number, { by, atMs }: { by: string; atMs: number }, nowMs: number, line: Line): void {
    if (generation < (this.#reached.generation ?? 0)) this.refused({ code: "BEHIND", detail: `generation ${generation}` }, 0, nowMs, line);
    else this.#end("deleted", line, { type: "deleted", room: this.room, by, atMs });
  }

  refused(refusal: Refusal, retryAfterMs: number, nowMs: number, line: Line): void {
    if (refusal.code === "ROOM_DELETED") return this.#end("deleted", line, { type: "deleted", room: this.room, by: "", atMs: 0 });
    this.#problem = refusal;
    if (!errorKind(refusal.code).retryable) return this.#end("refused", line, { type: "refused", room: this.room, refusal });
    if (this.#open) line.want({ type: "presence-lost", room: this.room });
    this.#outbox.pause();
    this.#state = { type: "postponed", untilMs: nowMs + Math.max(retryAfterMs, errorKind(refusal.code).retryAfterMs ?? 0, 100) };
  }

  #keepReached(line: Line): void {
    const { generation, clock, token } = this.#reached;
    if (generation !== undefined) line.want({ type: "clock-reached", room: this.room, generation, clock, token });
  }

  #end(type: "deleted" | "refused", line: Line, effect: ClientEffect): void {
    if (this.#open) line.want({ type: "presence-lost", room: this.room });
    this.#state = { type };
    line.want(effect);
  }

  #askDifference(open: Open, purpose: "repair" | "heal", { stateVector, unless, unlessContent }: Wanted, line: Line): void {
    const containing = purpose === "heal" ? this.#outbox.nextEdit : undefined;
    open.difference = { purpose, containing };
    line.want({ type: "make-difference", room: this.room, stateVector, unless, containing, unlessContent });
  }

  /** Sends what the window allows. */
  #pump(line: Line): void {
    const open = this.#open;
    if (open?.hold?.type === "session" && this.#outbox.waiting > 0) this.#problem ??= { code: "READ_ONLY", detail: "" };
    if (!open || open.hold || open.difference) return;
    const due = open.repairDue;
    if (due) {
      open.repairDue = undefined;
      const unless = due.unlessContent === undefined ? undefined : this.#outbox.payloads;
      return this.#askDifference(open, "repair", { stateVector: open.stateVector, unless, ...due }, line);
    }
    const messageBytesMax = Math.min(this.#limits.messageBytesMax, line.updatesBytesMax);
    for (;;) {
      for (let why = this.#outbox.whyNextIsTooBig(line); why; why = this.#outbox.whyNextIsTooBig(line)) this.#setNextAside(why, line);
      const batch = this.#outbox.take({ ...this.#limits, messageBytesMax, updateBytesMax: line.updateBytesMax });
      if (batch === undefined) return;
      line.say({ type: "updates", channel: open.channel, ...batch });
    }
  }

  /** Whether the relay has on its disk what it was found to lack at `synced`. */
  #isRepaired({ repairDue, difference }: Open): boolean {
    return this.#state.type === "live" && !repairDue && !difference && !this.#outbox.holdsRepair && !this.#repairRefused;
  }

  #retryAtMs(nowMs: number): number | undefined {
    return this.#outbox.hasParked ? nowMs + this.#limits.parkedRetryMs : undefined;
  }

  #setNextAside(refusal: Refusal, line: Line): void {
    if (this.#outbox.isNextRepair) this.#repairRefused = refusal;
    const entry = this.#outbox.dropNext();
    this.#problem = refusal;
    if (!entry) return;
    line.want({ type: "set-aside", room: this.room, entry, refusal });
    this.#absence.dropped([entry]);
    this.#sayReturn(line);
  }

  #sayReturn(line: Line): void {
    const back = this.#absence.take();
    if (back) line.want({ type: "returned", room: this.room, ...back });
  }
}
