/**
 * DocumentSync: how a session of the automerge-repo dialect takes changes, and is brought what others write.
 *
 *     a message ─▶ its changes, as any client's ─▶ room ─▶ the end of the turn ─┐
 *        └── none, or none that were let in ──────────────────────────────────▶ AutomergeSync ─▶ a message · a difference · there is nothing
 *     others wrote ─▶ the end of the turn ──────────────────────────────────────┘
 *
 * What a client lacks is, by what it takes least to say: entries of the tail · snapshot and tail as they are, for who has nothing and takes whole
 * documents · a difference that a worker makes. What could not be let in for want of space is asked for again when there is some; what could not be
 * tried, or hung on something that was not here, after a while, for as long as it is held back: its client takes it for sent.
 *
 * Invariants: one message a turn at most, but for answers; a client that asks for everything again pays for it as for what it sends; who may not
 * write is told what others do, and nothing of its own is let in.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { bytesOfHex, concatBytes } from "@inkmesh/shared/base/bytes";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import type { Refusal } from "@inkmesh/shared/base/result";
import { splitUpdate } from "@inkmesh/shared/engine/automerge-change";
import type { AutomergeContentIndex } from "@inkmesh/shared/engine/automerge-content-index";
import type { SyncMessage } from "@inkmesh/shared/wire/automerge-sync";
import { AutomergeSync, type SyncAnswer } from "./automerge-sync.ts";
import type { Deadline } from "./deadlines.ts";
import type { TurnOfRoom } from "./fan-out.ts";
import { HeadsTelling } from "./heads-telling.ts";
import { partsOf } from "./join-plan.ts";
import type { Patient } from "./store-health.ts";
import { tailDifference } from "./tail-difference.ts";
import type { TriedUpdate } from "./tried-update.ts";
import { KnownBytes } from "./known-bytes.ts";
import { reportRefusal, strike, type IntakeSession } from "./update-intake.ts";

/** Refusals that pass: the disk's, not the changes'. */
const passing: ReadonlySet<ErrorCode> = new Set(["STORE_FULL", "STORE_FAILED", "RELAY_BUSY"]);

/** Milliseconds between two questions for what was held back; twice as many after each that did not bring it, up to the longest. */
const askEveryMs = 1_000;
const askEveryMsMax = 30_000;

/** What it takes to look for what somebody lacks among the changes of a document, as if each were so many bytes: a snapshot of few may have many. */
const changeCost = 256;

/** Milliseconds until a client is told that there is nothing of a document: what somebody has just begun is on its way. */
const missingAfterMs = 1_000;

/** What came in one message is tried, and refused, in such pieces: one change over which a worker is lost leaves the others alone. */
const updateBytesMax = 65_536;

/** Of what a client brought: "known": nothing is to be done about it. */
type Outcome = "known" | "let-in" | "gap" | "not-now" | "refused";

export class DocumentSync implements Patient {
  readonly #session: IntakeSession;
  readonly #sync: AutomergeSync;
  readonly #telling = new HeadsTelling();
  readonly #deadline: Deadline;
  #isHolding = false;
  /** It is to be told that there is nothing, should that stay so. */
  #isMissing = false;
  #wasBrought = false;
  #askedMs = Number.NEGATIVE_INFINITY;
  #waitMs = askEveryMs;
  readonly #refusals = new KnownBytes();

  constructor(session: IntakeSession, channel: number) {
    this.#session = session;
    this.#deadline = { type: "heal", connection: session.line.id, channel };
    this.#sync = new AutomergeSync(() => this.#known(), { heldBytesMax: session.context.limits.backlogBytesMax });
  }

  /** The document is here. */
  begin(): void {
    this.#note();
    this.#tellHeads();
  }

  received(message: SyncMessage, isRequest: boolean): void {
    this.#sync.received(message, { isRequest });
    if (message.changes.length === 0) return this.#answer();
    const { room, mayWrite } = this.#session;
    const mightWrite = mayWrite();
    if (!mightWrite) reportRefusal(this.#session, { code: "READ_ONLY", detail: "" });
    room.trials.run(splitUpdate(message.changes, updateBytesMax), mightWrite, (tried) => {
      const outcomes = mightWrite ? tried.map((update) => this.#take(update)) : [];
      // What hangs on something that was refused for good never can be let in, and comes with it whenever it is asked for.
      const isGap = outcomes.includes("gap") && !outcomes.includes("refused");
      if (isGap || outcomes.includes("not-now")) this.#heal();
      // What was let in is answered with the turn, which others may add to.
      if (!outcomes.includes("let-in") && this.#session.isLive()) this.#answer();
    });
  }

  /** What was let in since the last call. */
  heard({ payloads, author }: TurnOfRoom): void {
    const isOwn = author === this.#session.author.seat;
    this.#isMissing = false;
    const answer = this.#sync.heard(isOwn ? [] : payloads);
    this.#note();
    if (answer === "overflow")
      return this.#session.line.refuse({ code: "CLIENT_SLOW", detail: "too much came while a difference was made" });
    this.#say(answer);
  }

  durabilityChanged(): void {
    this.#tellHeads();
  }

  /** The client wants to be told of these from now on. */
  wants(storages: readonly string[]): void {
    for (const storage of storages) this.#telling.forget(storage);
    this.#note();
    this.#tellHeads();
  }

  /** What the client sent and is not here may be let in now. */
  ask(): void {
    this.#askAgain();
  }

  /** A while has passed since something was held back, or there was nothing. */
  healDue(): void {
    if (this.#isMissing) return this.#missingDue();
    this.#askedMs = this.#session.context.now.monotonicMs;
    this.#waitMs = Math.min(2 * this.#waitMs, askEveryMsMax);
    this.#askAgain();
  }

  storeRecovered(): void {
    this.#hold(false);
    this.#askAgain();
  }

  end(): void {
    this.#hold(false);
    this.#session.context.store.leave(this);
    this.#session.context.deadlines.clear(this.#deadline);
  }

  // -- what the client wrote -------------------------------------------------------------------------------------------

  /** Also of somebody who has gone meanwhile, who brought it before. */
  #take(changes: TriedUpdate): Outcome {
    const { room, author, isLive } = this.#session;
    const admission = room.admit(changes, "state", author);
    if (!isLive() || admission.type === "known") return "known";
    if (admission.type === "refused") return this.#refused(changes, admission.refusal);
    if (admission.type === "gap") return "gap";
    if (admission.leftOut) this.#heal();
    else this.#waitMs = askEveryMs;
    return "let-in";
  }

  /** Nothing can be said of one change to these clients. What they write behind one that was refused for good is held back, too. */
  #refused({ bytes }: TriedUpdate, refusal: Refusal): Outcome {
    const { store } = this.#session.context;
    reportRefusal(this.#session, refusal);
    if (!passing.has(refusal.code)) {
      if (this.#refusals.isNew(bytes)) strike(this.#session, refusal);
      return "refused";
    }
    if (store.refusal === undefined) return "not-now";
    this.#hold(true);
    store.wait(this);
    return "known";
  }

  /** Something that it hangs on was sent, and is not here; or could not be tried. */
  #heal(): void {
    const { context, isLive } = this.#session;
    const { deadlines, now } = context;
    this.#isMissing = false;
    if (!isLive() || deadlines.has(this.#deadline)) return;
    deadlines.set(this.#deadline, Math.max(now.monotonicMs, this.#askedMs + this.#waitMs));
  }

  #askAgain(): void {
    if (this.#session.isLive()) this.#send(this.#sync.askAgain());
  }

  #hold(isHeld: boolean): void {
    if (isHeld === this.#isHolding) return;
    this.#isHolding = isHeld;
    this.#session.line.holdForStore(isHeld);
  }

  // -- what the client lacks -------------------------------------------------------------------------------------------

  #answer(): void {
    // What others wrote in this turn is in what is gathered now.
    if (!this.#sync.isLevel) this.#session.room.flushFanOut();
    this.#say(this.#sync.answer());
  }

  #say(answer: SyncAnswer): void {
    if (answer.type === "message") this.#send(answer.bytes);
    if (answer.type === "unavailable") this.#awaitDocument();
    if (answer.type === "bring") this.#bring(answer.basis);
  }

  #awaitDocument(): void {
    const { deadlines, now } = this.#session.context;
    this.#isMissing = true;
    deadlines.set(this.#deadline, now.monotonicMs + missingAfterMs);
  }

  /** What is being tried may be let in. */
  #missingDue(): void {
    const { line, room, isLive } = this.#session;
    if (!isLive()) return;
    if (room.trials.isRunning) return this.#awaitDocument();
    this.#isMissing = false;
    line.send({ type: "unavailable", handle: room.handle });
  }

  #send(bytes: Uint8Array): void {
    this.#session.line.send({ type: "sync", handle: this.#session.room.handle, bytes });
  }

  #bring(basis: readonly string[]): void {
    const { line, room } = this.#session;
    if (this.#wasBrought && line.isOwedTooMuch) return line.refuse({ code: "CLIENT_SLOW", detail: "states that were not read yet" });
    if (this.#wasBrought) line.charge(room.content.bytes + changeCost * this.#known().size);
    this.#wasBrought = true;
    const parts = partsOf(room.content);
    const isWhole = basis.length === 0 && (room.content.snapshot === undefined || this.#sync.takesDocuments);
    const here = isWhole ? parts : tailDifference(room.content, basis);
    if (here !== undefined) return this.#brought(here);
    const stateVector = concatBytes([...basis].sort().map(bytesOfHex));
    room.call({ type: "diff", parts, stateVector }, (result) => {
      if (!result.ok) reportRefusal(this.#session, result.refusal);
      // A snapshot is taken by all but the oldest versions of Automerge, and everything is never wrong.
      if (this.#session.isLive()) this.#brought(result.ok ? [result.value] : parts);
    });
  }

  #brought(parts: readonly Uint8Array[]): void {
    const { line, room } = this.#session;
    const bytes = this.#sync.brought(parts.filter(({ length }) => length > 0));
    line.sendState(line.dialect.encode({ type: "sync", handle: room.handle, bytes }));
  }

  #known(): AutomergeContentIndex {
    const { changes } = this.#session.room.content;
    assert(changes !== undefined, "automerge-repo clients are in rooms of Automerge only");
    return changes;
  }

  // -- what is safe ----------------------------------------------------------------------------------------------------

  #note(): void {
    const { line, room } = this.#session;
    if (line.wantedHeads.size > 0) this.#telling.note(room.log.position, this.#known().heads);
  }

  #tellHeads(): void {
    const { context, line, room } = this.#session;
    if (line.wantedHeads.size === 0) return;
    const nowMs = Math.max(context.now.wallMs, context.latestStamp.physicalMs);
    const heads = this.#telling.news(line.wantedHeads, room.replication.copies, nowMs);
    if (heads.size > 0) line.send({ type: "heads", handle: room.handle, heads });
  }
}
