/**
 * Room: one shared document and those attached to it, at this relay.
 *
 *     loading ──loaded──▶ open ──delete──▶ closing ──record on disk──▶ closed ──explicit create──▶ open, next generation
 *        └──failed──▶ failed                  └──did not work──▶ open
 *
 * The keystroke: `admit` asks the ContentIndex what of an update is new and applicable (no document is ever built here),
 * gives it dot, deps and stamp, and notes it for the fan-out and for the log. Both leave at the end of the turn; the
 * fan-out does not wait for the disk. When `log-appended` comes back, sessions are told how far everything is durable.
 *
 * Invariants: [C3] whatever promises durability waits in the log's gate; one participant per connection; nothing is
 * admitted unless the room is open; a closing room first gets everything it admitted onto the disk, so that nothing is
 * written into a generation behind its tombstone. Knows no dialect's rules and no numbers of updates: sessions do.
 */
import { assert } from "@inkmesh/shared/base/assert";
import type { ConnectionId, Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Admission, CrdtEngine, EngineCall, UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import { ClockTelling } from "./clock-telling.ts";
import { FanOut } from "./fan-out.ts";
import { JoinFrames } from "./join-frames.ts";
import { KeptRecord } from "./kept-record.ts";
import { audience, type Participant, type Topic } from "./participant.ts";
import type { RelayContext } from "./relay-context.ts";
import { RoomContent } from "./room-content.ts";
import { RoomLog } from "./room-log.ts";
import { RoomPresence } from "./room-presence.ts";
import { firstRecord, unnamed } from "./room-record.ts";
import type { Compaction, RoomRecord, StoredRoom } from "./stored-room.ts";
import { TailUpkeep } from "./tail-upkeep.ts";
import { Tombstone } from "./tombstone.ts";
import { updateFrames } from "./update-frames.ts";

type RoomState =
  | { readonly type: "loading" }
  | { readonly type: "open" }
  | { readonly type: "closing"; readonly tombstone: Tombstone; readonly then: (result: Result<undefined>) => void }
  | { readonly type: "closed" }
  | { readonly type: "failed"; readonly refusal: Refusal };

export class Room {
  readonly name: RoomName;
  readonly handle: number;
  readonly engine: CrdtEngine;
  readonly presence: RoomPresence;
  readonly frames: JoinFrames;
  readonly #context: RelayContext;
  readonly #touch: (room: Room) => void;
  readonly #participants = new Set<Participant>();
  readonly #fanOut = new FanOut();
  readonly #upkeep: TailUpkeep;
  readonly #clockTelling: ClockTelling;
  #state: RoomState = { type: "loading" };
  #content: RoomContent;
  #log: RoomLog;
  #record: KeptRecord;
  #waiting: ((result: Result<undefined>) => void)[] = [];
  #holds = 0;
  /** The last state vector that was asked for while everything was on disk. */
  #durableStateVector: Uint8Array = Uint8Array.of(0);

  /** `touch` is called when the room has something to do at the end of the turn. */
  constructor(options: { name: RoomName; engine: CrdtEngine; context: RelayContext; touch: (room: Room) => void }) {
    const { name, engine, context } = options;
    this.name = name;
    this.engine = engine;
    this.#context = context;
    this.#touch = options.touch;
    this.handle = context.nextHandle();
    this.frames = new JoinFrames({ handle: this.handle, chunkBytes: context.limits.chunkBytes });
    this.presence = new RoomPresence(context, name);
    this.#upkeep = new TailUpkeep(context, name);
    this.#clockTelling = new ClockTelling(context, name);
    this.#record = new KeptRecord(context, undefined);
    this.#content = RoomContent.empty(engine, context.limits);
    this.#log = this.#newLog(0, VectorClock.empty, undefined);
  }

  get lineage(): Lineage {
    return this.#log.lineage;
  }

  get record(): KeptRecord {
    return this.#record;
  }

  get content(): RoomContent {
    return this.#content;
  }

  get log(): RoomLog {
    return this.#log;
  }

  get sessions(): number {
    return this.#participants.size;
  }

  get isOpen(): boolean {
    return this.#state.type === "open";
  }

  get hasFailed(): boolean {
    return this.#state.type === "failed";
  }

  /** Whether the current generation was ever used: it has a record or content. */
  get exists(): boolean {
    return this.#record.current !== undefined || !this.#content.isEmpty;
  }

  get isDeleted(): boolean {
    return this.#record.current?.deleted !== undefined;
  }

  /** Nobody needs it: it may leave memory, since everything is on disk. */
  get isIdle(): boolean {
    const isResting = this.#state.type !== "loading" && this.#state.type !== "closing";
    return (
      isResting &&
      this.#participants.size === 0 &&
      this.#holds === 0 &&
      this.#log.isSettled &&
      !this.#record.isWriting &&
      !this.#upkeep.isRunning
    );
  }

  // -- life ------------------------------------------------------------------------------------------------------------

  load(): void {
    const seq = this.#context.loads.ask((result) => this.#loaded(result));
    this.#context.effect({ type: "load-room", room: this.name, seq });
  }

  /** Keeps the room in memory until `release`, and runs `then` when it is loaded or could not be. */
  hold(then: (result: Result<undefined>) => void): void {
    this.#holds += 1;
    if (this.#state.type === "loading") this.#waiting.push(then);
    else then(this.#state.type === "failed" ? { ok: false, refusal: this.#state.refusal } : ok(undefined));
  }

  release(): void {
    this.#holds -= 1;
    this.#touch(this);
  }

  /** It leaves memory. */
  forget(): void {
    const { deadlines } = this.#context;
    for (const type of ["verify-tail", "tell-clock", "expire-presence", "retry-append", "ask-of-tombstone"] as const)
      deadlines.clear({ type, room: this.name });
    this.frames.clear();
  }

  /** Told now, but while it loads or is being closed: then at the end of that. */
  attend(participant: Participant): void {
    this.#participants.add(participant);
    switch (this.#state.type) {
      case "open":
        return participant.roomOpened();
      case "failed":
        return participant.roomFailed(this.#state.refusal);
      case "closed":
        return participant.roomDeleted(this.#deletion());
      default:
    }
  }

  leave(participant: Participant): void {
    if (!this.#participants.delete(participant)) return;
    this.presence.leave(participant.connection);
    if (this.#participants.size === 0) this.frames.clear();
    this.#touch(this);
  }

  #loaded(result: Result<StoredRoom>): void {
    const content = result.ok ? RoomContent.of(result.value, this.engine, this.#context.limits) : result;
    if (!result.ok || !content.ok) return this.#failed(content.ok ? { code: "STORE_FAILED", detail: "" } : content.refusal);
    const { record, clock, tail } = result.value;
    this.#content = content.value;
    this.#record = new KeptRecord(this.#context, record);
    this.#log = this.#newLog(record?.generation ?? 0, clock, tail.at(-1)?.hlc);
    this.#durableStateVector = this.#content.stateVector();
    this.#clockTelling.told(clock);
    this.#state = { type: record?.deleted === undefined ? "open" : "closed" };
    this.#upkeep.watch(this.#content);
    this.#touch(this);
    for (const then of this.#waiting.splice(0)) then(ok(undefined));
    // A request that waited may be closing the room by now.
    for (const participant of [...this.#participants]) this.attend(participant);
  }

  #failed(refusal: Refusal): void {
    this.#state = { type: "failed", refusal };
    this.#touch(this);
    for (const then of this.#waiting.splice(0)) then({ ok: false, refusal });
    for (const participant of [...this.#participants]) participant.roomFailed(refusal);
  }

  // -- a keystroke -----------------------------------------------------------------------------------------------------

  /** Lets in what of `update` is new and applicable. What is known already is known even when the disk is full. */
  admit(update: Uint8Array, kind: UpdateKind, author: Participant): Admission {
    assert(this.isOpen, "updates are admitted to open rooms only");
    const context = this.#context;
    const admission = this.#content.examine(update, kind);
    if (admission.type === "known") context.report({ type: "known", room: this.name });
    if (admission.type === "gap") context.report({ type: "gap", room: this.name, missing: admission.missing });
    if (admission.type !== "admitted") return admission;
    const refusal = context.store.refusal;
    if (refusal !== undefined) return { type: "refused", refusal: { code: refusal, detail: "" } };
    const entry = this.#content.enter(admission, { actor: context.actor, author: author.principal, stamp: () => context.stamp() });
    this.#log.add(entry);
    this.#fanOut.add(entry.payload, author.connection);
    context.report({ type: "admitted", room: this.name, bytes: entry.payload.length });
    if (admission.leftOut) context.report({ type: "left-out", room: this.name });
    if (this.#record.current === undefined && !this.#record.isWriting) this.#firstUse();
    this.#touch(this);
    return admission;
  }

  /** Somebody's cursor moved, came or went: told at the end of the turn. */
  presenceChanged(): void {
    this.#touch(this);
  }

  expirePresence(): void {
    this.presence.expire();
    this.#touch(this);
  }

  /** Everything of this turn leaves: to the sessions, and to the log. */
  endTurn(): void {
    this.flushFanOut();
    const changes = this.presence.takeChanges();
    if (changes !== undefined) {
      this.#broadcast(
        "presence",
        (dialect) => dialect.encode({ type: "presence", handle: this.handle, bytes: changes.bytes }),
        changes.author,
      );
    }
    this.#log.depart();
    if (this.#state.type === "closing") this.#goOnClosing(this.#state.tombstone);
    else if (this.#participants.size === 0 && this.#upkeep.isDue(this.#content, true)) this.compact();
  }

  /** What was admitted so far in this turn goes to those who are here: before somebody joins, who gets it with the state. */
  flushFanOut(): void {
    const turn = this.#fanOut.take();
    if (turn === undefined) return;
    const { handle } = this;
    const { chunkBytes } = this.#context.limits;
    this.#broadcast("updates", (dialect) => updateFrames(turn.payloads, { dialect, handle, chunkBytes }), turn.author);
  }

  /** A first use needs no creation; should its record fail to be stored, the next update tries again. */
  #firstUse(): void {
    this.#record.write(firstRecord(this.name, unnamed, this.#context.stamp()), () => this.#touch(this));
  }

  #broadcast(topic: Topic, framesIn: (dialect: Dialect) => readonly Uint8Array[], except?: ConnectionId): void {
    for (const { frames, to } of audience([...this.#participants], topic, framesIn, except))
      this.#context.effect({ type: "send", to, frames });
  }

  // -- durability ------------------------------------------------------------------------------------------------------

  appended(seq: number): void {
    if (!this.#log.landed(seq)) return;
    const { durable } = this.#log;
    for (const participant of [...this.#participants]) participant.durableTo(durable);
    this.#upkeep.watch(this.#content);
    if (this.#upkeep.isDue(this.#content, false)) this.compact();
    if (this.#clockTelling.isDue()) this.tellClock();
    this.#touch(this);
  }

  appendFailed(seq: number, refusal: Refusal): void {
    const code = refusal.code === "STORE_FULL" ? "STORE_FULL" : "STORE_FAILED";
    if (!this.#log.failed(seq, code)) return;
    if (this.#state.type === "closing") this.#state.tombstone.abandon({ code, detail: refusal.detail });
  }

  /** Runs `then` with a state vector that names only what is on disk. While the disk fails, with one from before. */
  withDurableStateVector(then: (stateVector: Uint8Array) => void): void {
    if (!this.#log.isSettled && this.#context.store.isFailing) return then(this.#durableStateVector);
    const stateVector = this.#content.stateVector();
    this.#log.whenDurable(() => {
      this.#durableStateVector = stateVector;
      then(stateVector);
    });
  }

  /** Tells clients with clocks how far the room is on disk. */
  tellClock(): void {
    const clock = this.#log.durableClock;
    if (!this.isOpen || !this.#clockTelling.isNews(clock)) return;
    this.#clockTelling.told(clock);
    const horizon = this.#log.horizon(clock);
    this.#broadcast("clock", (dialect) => (dialect.acknowledges ? dialect.encode({ type: "clock", handle: this.handle, ...horizon }) : []));
  }

  // -- heavy work ------------------------------------------------------------------------------------------------------

  call(call: EngineCall, then: (result: Result<Uint8Array>) => void): void {
    const seq = this.#context.calls.ask(then);
    this.#context.effect({ type: "engine-call", lineage: this.lineage, seq, call });
  }

  /** Makes a snapshot of what is on disk. */
  compact(): void {
    if (this.isOpen) this.#upkeep.run(this.#content, this.#log, (result) => this.#compacted(result));
  }

  #compacted(result: Result<Compaction>): void {
    this.#touch(this);
    const adopted = result.ok ? this.#content.adopt(result.value) : result;
    this.#upkeep.watch(this.#content);
    if (!adopted.ok) return this.#context.report({ type: "refused", refusal: adopted.refusal, connection: undefined, room: this.name });
    this.frames.clear();
    const count = result.ok ? result.value.quarantined.length : 0;
    if (count > 0) this.#context.report({ type: "quarantined", room: this.name, count });
  }

  // -- deletion and creation -------------------------------------------------------------------------------------------

  /** Closes the generation: `record` says so. `then` runs when that is on disk and sessions have been told. */
  close(record: RoomRecord, then: (result: Result<undefined>) => void): void {
    // A full disk keeps room for tombstones, which make space: only entries of its own hold a room up.
    const code = this.#log.isSettled ? undefined : this.#context.store.refusal;
    if (code !== undefined) return then(refused(code));
    assert(this.isOpen, "only an open room is closed");
    const ended = (result: Result<undefined>): void => (result.ok ? this.#closed(record) : this.#notClosed(result.refusal));
    this.#state = { type: "closing", tombstone: new Tombstone({ context: this.#context, kept: this.#record, record, ended }), then };
    this.#touch(this);
  }

  /** Opens the generation that `record` names. */
  create(record: RoomRecord, then: (result: Result<undefined>) => void): void {
    this.#record.write(record, (result) => {
      if (result.ok && record.generation > this.lineage.generation) this.#begin(record.generation);
      if (result.ok) this.#state = { type: "open" };
      this.#touch(this);
      then(result);
    });
  }

  askOfTombstone(): void {
    if (this.#state.type === "closing") this.#state.tombstone.ask();
  }

  #goOnClosing(tombstone: Tombstone): void {
    if (this.#log.isSettled && !this.#upkeep.isRunning && !this.#record.isWriting) tombstone.write();
  }

  #closed(record: RoomRecord): void {
    if (this.#state.type !== "closing") return;
    const { then } = this.#state;
    this.#begin(record.generation);
    this.#state = { type: "closed" };
    this.#touch(this);
    for (const participant of [...this.#participants]) participant.roomDeleted(record);
    then(ok(undefined));
  }

  #notClosed(refusal: Refusal): void {
    if (this.#state.type !== "closing") return;
    const { then } = this.#state;
    this.#state = { type: "open" };
    this.#touch(this);
    for (const participant of [...this.#participants]) participant.roomOpened();
    then({ ok: false, refusal });
  }

  /** A generation without content: one that was closed, or a new one. */
  #begin(generation: number): void {
    this.frames.clear();
    this.#content = RoomContent.empty(this.engine, this.#context.limits);
    this.#log = this.#newLog(generation, VectorClock.empty, undefined);
    this.#durableStateVector = this.#content.stateVector();
    this.#clockTelling.told(VectorClock.empty);
    this.#upkeep.watch(this.#content);
  }

  #newLog(generation: number, clock: VectorClock, stamp: Hlc | undefined): RoomLog {
    return new RoomLog({ context: this.#context, lineage: { room: this.name, generation }, clock, stamp });
  }

  #deletion(): RoomRecord {
    const record = this.#record.current;
    assert(record?.deleted !== undefined, "a closed room has a record of it");
    return record;
  }
}
