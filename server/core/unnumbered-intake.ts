/**
 * UnnumberedIntake: how a session of a Yjs dialect takes updates. Its clients know no acks and no refusals of one update,
 * but they answer a SyncStep1 with everything that its state vector lacks. So whatever could not be let in is asked for
 * again: a gap at once (but one question a second, and not for ever), a full disk's victims when there is space.
 *
 *     gap ──▶ SyncStep1 ──(further gaps are the same one)──▶ 1 s ──still gaps──▶ SyncStep1 … gapsPerWindowMax ──▶ closed
 *                └──answer: a state that hangs on what the client has not either ──▶ some of that comes from elsewhere ──▶ SyncStep1
 *                                                             └── 2, 4 … 30 s after the last one, until all of it is in ◀──┘
 *
 * Clients that count their unsaved updates are told of each when it is saved (`owed-saves.ts`). One that was refused is told only with a state
 * that holds it and was let in whole.
 *
 * Invariants: [C3] a SyncStep1 is an implicit ack to Yjs clients, so it names only what is on disk; while the disk takes
 * nothing, a client that writes is not read.
 */
import { noBytes } from "@inkmesh/shared/base/bytes";
import { errorKind, type ErrorCode } from "@inkmesh/shared/base/errors";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Admission, Lacking, UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import type { Deadline } from "./deadlines.ts";
import { GapCount } from "./gap-count.ts";
import { OwedSaves } from "./owed-saves.ts";
import type { Patient } from "./store-health.ts";
import type { TriedUpdate } from "./tried-update.ts";
import { reportRefusal, type IntakeSession } from "./update-intake.ts";

/** Milliseconds between two questions to one client: more than a round trip. */
const askEveryMs = 1_000;

/** As long at most, where each answer to the last ones held something back again. */
const askEveryMsMax = 30_000;

/** Refusals that pass: the disk's, not the update's. */
const passing: ReadonlySet<ErrorCode> = new Set(["STORE_FULL", "STORE_FAILED", "RELAY_BUSY"]);

export class UnnumberedIntake implements Patient {
  readonly #session: IntakeSession;
  readonly #gaps: GapCount;
  readonly #deadline: Deadline;
  readonly #owed: OwedSaves | undefined;
  /** Whether the socket is not read because of this session. */
  #isHolding = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** When it is asked again. */
  #dueMs = Number.POSITIVE_INFINITY;
  /** An edit hung on something that the client may have. Not forgotten with a question that somebody else caused: each second of it counts. */
  #hasGap = false;
  /**
   * What the client's state hung on: as it holds that back for want of it, too, it is not asked before some of that is here. `since`: what
   * was here then.
   */
  #awaited: { readonly lacking: Lacking; readonly since: VectorClock } | undefined;
  /** From one question about what is awaited to the next. */
  #waitMs = askEveryMs;

  constructor(session: IntakeSession, channel: number) {
    this.#session = session;
    this.#gaps = new GapCount(session.context.limits);
    this.#owed = session.line.dialect.countsSaves ? new OwedSaves() : undefined;
    this.#deadline = { type: "heal", connection: session.line.id, channel };
  }

  take(updates: readonly TriedUpdate[], kind: UpdateKind): void {
    const { room, author, mayWrite, isLive } = this.#session;
    for (const tried of updates) {
      const { bytes: update } = tried;
      if (!mayWrite()) {
        this.#hearReader(update, kind);
        continue;
      }
      const admission = room.admit(tried, kind, author);
      const isCounted = kind === "state" || !this.#wasMadeBefore(update);
      const isIn = admission.type === "known" || (admission.type === "admitted" && !admission.leftOut);
      // A state that hangs on nothing that could be named could only not be tried.
      const isGap = admission.type === "gap" && (kind === "edit" || admission.lacks === undefined);
      const isAskedFor = isGap || (admission.type === "refused" && this.#goesAsState(update, kind, admission.refusal));
      if (admission.type === "refused" && !isAskedFor) this.#refuse(admission.refusal);
      if (!isLive()) return;
      if (isCounted) this.#owe(kind, isIn);
      if (kind === "state") this.#await(admission);
      if (isAskedFor) this.#healGap();
      if (!isLive()) return;
    }
    this.durabilityChanged();
  }

  /** Says what is saved now, to clients that count, and asks for what can be placed now. */
  durabilityChanged(): void {
    const { context, line, room } = this.#session;
    const { lacking, since } = this.#awaited ?? {};
    if (lacking !== undefined && since !== undefined && room.content.hasSomeOf(lacking, since)) this.#askWithin(this.#waitMs);
    if (this.#owed === undefined) return;
    const { savedTo, replicas, needed } = room.replication.copies;
    const count = this.#owed.settle(savedTo);
    if (count > 0) context.report({ type: "acked", count });
    for (let told = 0; told < count; told++) line.send({ type: "ack", handle: room.handle, number: 0, copies: needed, replicas, needed });
  }

  /** The client asks what it lacks: it is asked, too, and counts anew. */
  begin(stateVector: Uint8Array): void {
    this.#owed?.begin(stateVector);
    this.ask();
  }

  /** Asks the client for what it has beyond what is on disk here. */
  ask(): void {
    const { context, line, room, isLive } = this.#session;
    this.#askedAtMs = context.now.monotonicMs;
    this.#awaited = undefined;
    room.withDurableStateVector((stateVector) => {
      if (isLive()) line.send({ type: "sync-step-1", handle: room.handle, stateVector });
    });
  }

  /** A while has passed since the last question, and something was missing. */
  askAgain(): void {
    const { context, isLive, refuse } = this.#session;
    const [hadGap, isAwaiting] = [this.#hasGap, this.#awaited !== undefined];
    this.#hasGap = false;
    this.#dueMs = Number.POSITIVE_INFINITY;
    if (!isLive()) return;
    if (hadGap && this.#gaps.addIsTooMany(context.now.monotonicMs)) return refuse({ code: "TOO_MANY_GAPS", detail: "" });
    if (isAwaiting) this.#waitMs = Math.min(2 * this.#waitMs, askEveryMsMax);
    if (hadGap || isAwaiting) this.ask();
  }

  storeRecovered(): void {
    this.#hold(false);
    this.ask();
  }

  end(): void {
    this.#hold(false);
    this.#session.context.store.leave(this);
    this.#session.context.deadlines.clear(this.#deadline);
  }

  /** Readers are asked what they have, too, and count their answer: where that is nothing new it is as good as saved. */
  #hearReader(update: Uint8Array, kind: UpdateKind): void {
    const isKnown = kind === "state" && this.#session.room.content.examine(update, kind).type === "known";
    if (isKnown) this.#owe(kind, true);
    else this.#refuseOne({ code: "READ_ONLY", detail: "" });
  }

  #wasMadeBefore(update: Uint8Array): boolean {
    const asked = this.#owed?.asked;
    return asked !== undefined && this.#session.room.content.isNamedBy(update, asked);
  }

  #owe(kind: UpdateKind, isIn: boolean): void {
    const { position } = this.#session.room.log;
    if (kind === "edit") this.#owed?.[isIn ? "edit" : "editMissing"](position);
    else if (isIn) this.#owed?.state(position);
  }

  /** A state has come. What it holds back is not asked for more and more often, should what it hangs on come letter by letter. */
  #await(admission: Admission): void {
    const lacking = "lacks" in admission ? admission.lacks : undefined;
    this.#awaited = lacking === undefined ? undefined : { lacking, since: this.#session.room.content.clock };
    if (lacking === undefined) this.#waitMs = askEveryMs;
  }

  #healGap(): void {
    this.#hasGap = true;
    this.#askWithin(askEveryMs);
  }

  /** Of the last question. */
  #askWithin(ms: number): void {
    const { deadlines, now } = this.#session.context;
    const dueMs = this.#askedAtMs + ms;
    if (dueMs > now.monotonicMs && dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    if (dueMs > now.monotonicMs) return deadlines.set(this.#deadline, dueMs);
    deadlines.clear(this.#deadline);
    this.askAgain();
  }

  /** An edit above a ceiling of edits is taken as a part of a state: who is told of each edit would be told nothing any more. */
  #goesAsState(update: Uint8Array, kind: UpdateKind, { code, detail }: Refusal): boolean {
    if (this.#owed === undefined || kind === "state" || !(code === "UPDATE_TOO_BIG" || this.#session.room.content.isForState(update, code)))
      return false;
    reportRefusal(this.#session, { code, detail });
    return true;
  }

  #hold(isHeld: boolean): void {
    if (isHeld === this.#isHolding) return;
    this.#isHolding = isHeld;
    this.#session.line.holdForStore(isHeld);
  }

  /** Refused for good; the session goes on. */
  #refuseOne({ code, detail }: Refusal): void {
    const { line, room } = this.#session;
    reportRefusal(this.#session, { code, detail });
    if (this.#owed) line.send({ type: "nack", handle: room.handle, number: 0, code, retryAfterMs: 0, detail, stateVector: noBytes });
  }

  /** These clients are not told about one update: they are asked for it again when there is space, or closed. */
  #refuse(refusal: Refusal): void {
    const { context, refuse } = this.#session;
    if (!passing.has(refusal.code) && errorKind(refusal.code).closeCode !== undefined) return refuse(refusal);
    if (!passing.has(refusal.code)) return this.#refuseOne(refusal);
    reportRefusal(this.#session, refusal);
    this.#hold(true);
    context.store.wait(this);
  }
}
