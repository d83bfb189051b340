/**
 * Room: one shared document and those attached to it, at this relay.
 *
 * The keystroke: `admit` asks the ContentIndex what of an update is new and applicable (no document is ever built here),
 * gives it dot, deps and stamp, and notes it for the fan-out and for the log. Both leave at the end of the turn; the
 * fan-out does not wait for the disk. When `log-appended` comes back, sessions are told how far everything is durable.
 *
 * What other relays have of it comes in through `Replication`, which sees the room as a `RoomCopy`.
 *
 * Invariants: [C3] whatever promises durability waits in the log's gate; one seat per session; nothing is
 * admitted unless the room is open (`RoomLife`). Knows no dialect's rules and no numbers of updates: sessions do.
 */
import { assert } from "@inkmesh/shared/base/assert";
import type { Lineage, RoomName, SeatId } from "@inkmesh/shared/base/ids";
import type { Refusal, Result } from "@inkmesh/shared/base/result";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Admission, ContentReader, EngineCall, UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { DurableWords } from "./durable-words.ts";
import type { Followers } from "./gossip/followers.ts";
import { RecordCopies } from "./gossip/record-copies.ts";
import { Replication } from "./gossip/replication.ts";
import type { RoomCopy } from "./gossip/room-copy.ts";
import { JoinFrames } from "./join-frames.ts";
import { KeptRecord, type RecordKeeper } from "./kept-record.ts";
import type { Participant } from "./participant.ts";
import type { RelayContext } from "./relay-context.ts";
import { RoomAudience } from "./room-audience.ts";
import { RoomContent } from "./room-content.ts";
import { RoomLife, type Then } from "./room-life.ts";
import { RoomLog } from "./room-log.ts";
import { RoomPresence } from "./room-presence.ts";
import { firstRecord, unnamed } from "./room-record.ts";
import { RoomTrials } from "./room-trials.ts";
import { takenAuthor } from "./stored-history.ts";
import type { Compaction, RoomRecord, StoredRoom } from "./stored-room.ts";
import { TailUpkeep } from "./tail-upkeep.ts";
import { admissionOf, isInAsTried, type TriedUpdate } from "./tried-update.ts";

interface RoomOptions {
  readonly name: RoomName;
  readonly engine: ContentReader;
  readonly context: RelayContext;
  readonly touch: (room: Room) => void;
  readonly changed: (room: Room) => void;
}

export class Room implements RoomCopy, RecordKeeper {
  readonly name: RoomName;
  readonly handle: number;
  readonly engine: ContentReader;
  readonly presence: RoomPresence;
  readonly frames: JoinFrames;
  readonly recordCopies: RecordCopies;
  readonly trials: RoomTrials;
  readonly #context: RelayContext;
  readonly #touch: (room: Room) => void;
  readonly #changed: (room: Room) => void;
  readonly #audience: RoomAudience;
  readonly #upkeep: TailUpkeep;
  readonly #words: DurableWords;
  readonly #life: RoomLife;
  #content: RoomContent;
  #log: RoomLog;
  #record: KeptRecord;
  #replication: Replication;

  /** `touch`: the room has something to do at the end of the turn; `changed`: other relays may lack something of it. */
  constructor(options: RoomOptions) {
    const { name, engine, context } = options;
    this.name = name;
    this.engine = engine;
    this.#context = context;
    this.#touch = options.touch;
    this.#changed = options.changed;
    this.handle = context.nextHandle();
    this.frames = new JoinFrames({ room: this.name, handle: this.handle, chunkBytes: context.limits.chunkBytes });
    this.recordCopies = new RecordCopies(context, context.placement.of(name));
    this.#upkeep = new TailUpkeep(context, name, () => this.#replication.names);
    this.trials = new RoomTrials(context, this);
    this.#words = new DurableWords(context, name, this.handle);
    this.#audience = new RoomAudience(context, this.handle);
    const { handle } = this;
    this.presence = new RoomPresence({ context, room: name, handle, audience: this.#audience, touched: () => this.touched() });
    this.#life = new RoomLife(context, this, this.#audience);
    this.#record = new KeptRecord(context, undefined, this);
    this.#content = RoomContent.empty(engine, context.limits);
    this.#log = this.#newLog(0, VectorClock.empty, undefined);
    this.#replication = this.#newReplication(false, undefined);
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

  get life(): RoomLife {
    return this.#life;
  }

  get replication(): Replication {
    return this.#replication;
  }

  get sessions(): number {
    return this.#audience.size;
  }

  get isOpen(): boolean {
    return this.#life.state === "open";
  }

  get hasFailed(): boolean {
    return this.#life.state === "failed";
  }

  /** Whether the current generation was ever used: it has a record or content. */
  get exists(): boolean {
    return this.#record.current !== undefined || !this.#content.isEmpty;
  }

  get isDeleted(): boolean {
    return this.#record.current?.deleted !== undefined;
  }

  /** What is here is what is on disk. */
  get isSettled(): boolean {
    const { state } = this.#life;
    return this.#log.isSettled && !this.#record.isWriting && (state === "open" || state === "closed");
  }

  get storedRecord(): RoomRecord | undefined {
    return this.#record.current;
  }

  get shouldMark(): boolean {
    return this.#replication.shouldMark;
  }

  /** Nobody needs it: it may leave memory, since everything is on disk. */
  get isIdle(): boolean {
    return (
      this.#life.isResting &&
      this.#audience.size === 0 &&
      this.#log.isAtRest &&
      !this.#replication.isBusy &&
      !this.#record.isWriting &&
      !this.recordCopies.isOwed &&
      !this.#upkeep.isRunning &&
      !this.trials.isRunning
    );
  }

  // -- life ------------------------------------------------------------------------------------------------------------

  load(): void {
    const seq = this.#context.loads.ask((result) => this.#loaded(result));
    this.#context.effect({ type: "load-room", room: this.name, seq });
  }

  /** It leaves memory. */
  forget(): void {
    this.#context.deadlines.clearRoom(this.name);
    this.frames.clear();
    this.#replication.forget();
  }

  /** Told now, but while it loads or is being closed: then at the end of that. */
  attend(participant: Participant): void {
    this.#audience.add(participant);
    if (this.#life.state !== "loading") this.#wanted();
    if (this.#replication.freshness.isReached || this.hasFailed) this.#life.attend(participant);
  }

  leave(participant: Participant): void {
    if (!this.#audience.remove(participant)) return;
    this.presence.leave(participant.seat);
    if (this.#audience.size === 0) this.frames.clear();
    this.#touch(this);
  }

  #loaded(result: Result<StoredRoom>): void {
    const content = result.ok ? RoomContent.of(result.value, this.engine, this.#context.limits) : result;
    if (!result.ok || !content.ok) return this.#life.failed(content.ok ? { code: "STORE_FAILED", detail: "" } : content.refusal);
    const { record, clock, tail, isMarked } = result.value;
    this.#content = content.value;
    this.#record = new KeptRecord(this.#context, record, this);
    if (record !== undefined) this.recordCopies.loaded(record);
    this.#log = this.#newLog(record?.generation ?? 0, clock, tail.at(-1)?.hlc);
    this.#replication = this.#newReplication(isMarked, undefined);
    this.#words.begin(this.#content.stateVector(), clock);
    this.#upkeep.watch(this.#content);
    this.#life.loaded();
    if (this.#audience.size === 0) return;
    this.#wanted();
    if (this.#replication.freshness.isReached) this.becameFresh();
  }

  #wanted(): void {
    this.#replication.wanted();
    this.presence.watch(this.lineage);
  }

  // -- a keystroke -----------------------------------------------------------------------------------------------------

  /** Lets in what of `update` is new and applicable. What is known already is known even when the disk is full. */
  admit(update: TriedUpdate, kind: UpdateKind, author: Participant): Admission {
    const context = this.#context;
    const admission = admissionOf(update, (bytes) => this.#content.examine(bytes, kind));
    if (admission.type === "known") {
      this.trials.letIn(update);
      context.report({ type: "known", room: this.name });
    }
    if (admission.type === "gap") context.report({ type: "gap", room: this.name, missing: admission.missing });
    if (admission.type !== "admitted") return admission;
    assert(this.isOpen, "updates are admitted to open rooms only");
    const refusal = context.store.refusal;
    if (refusal !== undefined) return { type: "refused", refusal: { code: refusal, detail: "" } };
    const entry = this.#content.enter(admission, context.entryMaker(this, author.principal));
    if (isInAsTried(update, admission)) this.trials.letIn(update);
    this.#letIn(entry, author.seat);
    context.report({ type: "admitted", room: this.name, bytes: entry.payload.length });
    if (admission.leftOut) context.report({ type: "left-out", room: this.name });
    if (this.#record.current === undefined && !this.#record.isWriting) this.#firstUse();
    return admission;
  }

  #letIn(entry: Entry, author: SeatId | undefined): void {
    if (author === undefined) this.trials.heard(entry.payload);
    this.#log.add(entry);
    this.#audience.note(entry.payload, author);
    this.#replication.entered(entry);
    this.#touch(this);
  }

  /** Everything of this turn leaves: to the sessions, and to the log. */
  endTurn(): void {
    this.flushFanOut();
    this.presence.endTurn();
    this.#log.depart();
    if (this.#audience.size === 0 && this.#life.isResting) this.#replication.unwanted();
    this.#replication.schedule();
    if (this.#life.state === "closing") {
      if (this.#log.isSettled && !this.#upkeep.isRunning) this.#life.goOnClosing();
    } else if (this.#upkeep.isDueAfterTurn(this.#content, this.#audience.size === 0)) this.compact();
  }

  /** What was admitted so far in this turn goes to those who are here: before somebody joins, who gets it with the state. */
  flushFanOut(): void {
    this.#audience.flush();
  }

  /** A first use needs no creation; should its record fail to be stored, the next update tries again. */
  #firstUse(): void {
    this.#record.write(firstRecord(this.name, unnamed, this.#context.stamp()), () => this.#touch(this));
  }

  // -- durability ------------------------------------------------------------------------------------------------------

  appended(seq: number): void {
    const { entries, isMarked } = this.#log.landed(seq);
    if (entries.length === 0 && !isMarked) return;
    this.#replication.landed(entries, isMarked);
    this.copiesChanged();
    this.#touch(this);
    if (entries.length === 0) return;
    this.#upkeep.watch(this.#content);
    if (this.#upkeep.isDue(this.#content, false)) this.compact();
    if (this.#words.clockIsDue) this.tellClock();
  }

  appendFailed(seq: number, refusal: Refusal): void {
    const code = refusal.code === "STORE_FULL" ? "STORE_FULL" : "STORE_FAILED";
    if (!this.#log.failed(seq, code)) return;
    this.#life.appendFailed({ code, detail: refusal.detail });
  }

  /** Runs `then` with a state vector that names only what is on disk. While the disk fails, with one from before. */
  withDurableStateVector(then: (stateVector: Uint8Array) => void): void {
    this.#words.withStateVector(this.#content, this.#log, then);
  }

  /** Tells clients with clocks how far the room is on disk. */
  tellClock(): void {
    if (this.isOpen) this.#words.tellClock(this.#log.durableClock, this.#log, this.#audience);
  }

  // -- what other relays have of it ------------------------------------------------------------------------------------

  takeEntry(entry: Entry): void {
    const isWhole = this.#content.take(entry);
    this.#context.observe(entry.hlc);
    this.#letIn(entry, undefined);
    if (!isWhole) this.#context.report({ type: "left-out", room: this.name });
  }

  takeContent(update: Uint8Array, how: "whole" | "part"): "all" | "part" | "none" {
    const admission = this.#content.examineTaken(update);
    if (admission.type === "known") return "all";
    if (admission.type !== "admitted" || (how === "whole" && admission.leftOut)) return "none";
    this.#letIn(this.#content.enter(admission, this.#context.entryMaker(this, takenAuthor)), undefined);
    return admission.leftOut ? "part" : "all";
  }

  takeClock(clock: VectorClock): void {
    this.#content.cover(clock);
    this.#log.cover(clock);
    this.#touch(this);
  }

  takeRecord(told: RoomRecord, then: Then = () => undefined): void {
    this.#life.keep(told, then);
  }

  becameFresh(): void {
    for (const participant of this.#audience.all()) this.#life.attend(participant);
  }

  attendAll(): void {
    for (const participant of this.#audience.all()) this.attend(participant);
  }

  copiesChanged(): void {
    for (const participant of this.#audience.all()) participant.durabilityChanged();
  }

  touched(): void {
    this.#touch(this);
  }

  recordLanded(record: RoomRecord): void {
    this.recordCopies.landed(record);
    this.#replication.followers.tellRecord(record);
  }

  recordSettled(isMarked: boolean): void {
    this.#replication.recordLanded(isMarked);
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
    const adopted = this.#content.adopt(result);
    this.#upkeep.watch(this.#content);
    if (!adopted.ok) return this.#context.report({ type: "refused", refusal: adopted.refusal, connection: undefined, room: this.name });
    if (this.#log.unname(adopted.value)) this.#replication.pruned(adopted.value.gone);
    this.frames.clear();
    const count = result.ok ? result.value.quarantined.length : 0;
    if (count > 0) this.#context.report({ type: "quarantined", room: this.name, count });
  }

  // -- deletion and creation -------------------------------------------------------------------------------------------

  /** A generation without content: one that was closed, or a new one. */
  begin(generation: number): void {
    this.frames.clear();
    this.#context.blobs.ended(this.lineage);
    this.trials.begin();
    this.#content = RoomContent.empty(this.engine, this.#context.limits);
    this.#log = this.#newLog(generation, VectorClock.empty, undefined);
    const { isComplete, followers, freshness } = this.#replication;
    this.#replication = this.#newReplication(isComplete, followers);
    freshness.end();
    this.#words.begin(this.#content.stateVector(), VectorClock.empty);
    this.#upkeep.watch(this.#content);
  }

  #newLog(generation: number, clock: VectorClock, stamp: Hlc | undefined): RoomLog {
    return new RoomLog({ context: this.#context, lineage: { room: this.name, generation }, clock, stamp });
  }

  #newReplication(isMarked: boolean, before: Followers | undefined): Replication {
    return new Replication({ context: this.#context, copy: this, isMarked, before, changed: () => this.#changed(this) });
  }
}
