/**
 * Session: one client in one room.
 *
 *     opening ──room open, state vector durable──▶ live ──closed, deleted, refused──▶ ended
 *     (messages wait)                              (messages are handled; updates flow both ways)
 *
 * The same for every dialect; what differs is what it may say: numbered updates are acknowledged and refused by number
 * (native), unnumbered ones are healed by asking again (Yjs).
 *
 * Invariants: messages are handled in the order in which they came; a message never waits without a limit; an ack, a
 * `synced` or a state vector leaves only when what it names is on disk [C3]; after `ended` nothing is sent.
 * Knows no sockets: `Line` is its connection.
 */
import { noBytes } from "@inkmesh/shared/base/bytes";
import { errorKind } from "@inkmesh/shared/base/errors";
import type { ConnectionId, SeatId } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import { CatchUp } from "./catch-up.ts";
import { Delivery } from "./delivery.ts";
import { standingOf } from "./gossip/record-join.ts";
import { Joiner } from "./joiner.ts";
import { SessionLine, type Line } from "./line.ts";
import { NumberedIntake } from "./numbered-intake.ts";
import type { Participant, Topic } from "./participant.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Room } from "./room.ts";
import { provenGeneration } from "./room-record.ts";
import { behindAfterMs, provesGeneration } from "./seen-before.ts";
import { SessionAccess, type Admission } from "./session-access.ts";
import { bytesOf, type Opening, type SessionMessage } from "./session-message.ts";
import type { RoomRecord } from "./stored-room.ts";
import type { TriedUpdate } from "./tried-update.ts";
import { UnnumberedIntake } from "./unnumbered-intake.ts";

type Updates = SessionMessage & { type: "updates" };

type SessionState = "opening" | "live" | "ended";

export class Session implements Participant {
  readonly seat: SeatId;
  readonly access: SessionAccess;
  readonly #context: RelayContext;
  readonly #line: SessionLine;
  readonly #room: Room;
  readonly #opening: Opening;
  readonly #numbered: NumberedIntake;
  readonly #unnumbered: UnnumberedIntake;
  readonly #delivery: Delivery;
  readonly #joiner: Joiner;
  readonly #catchUp: CatchUp;
  #state: SessionState = "opening";
  /** What the client's document belongs to; undefined: it has none, and takes what there is. */
  #generation: number | undefined;
  #isOpening = false;
  #waiting: SessionMessage[] = [];
  #waitingBytes = 0;
  #missedPresence = false;
  /** Once the client has let go of the document. */
  #letGo: (() => void) | undefined;

  /** `admission`: undefined: no application is asked. */
  constructor(options: { context: RelayContext; line: Line; room: Room; opening: Opening; admission: Admission | undefined }) {
    const { context, admission } = options;
    this.#context = context;
    this.#line = new SessionLine(options.line, options.line.dialect.addressed(options.opening.address ?? ""));
    this.#room = options.room;
    this.#opening = options.opening;
    this.#generation = options.opening.generation;
    this.seat = context.nextSeat();
    this.#delivery = new Delivery({ heldBytesMax: context.limits.backlogBytesMax });
    const [line, { room, opening }] = [this.#line, options];
    const isLive = (): boolean => this.#state === "live";
    const isHere = (): boolean => isLive() && this.#letGo === undefined;
    const refuse = (refusal: Refusal): void => this.#refuse(refusal);
    const changed = (): void => this.#accessChanged();
    this.access = new SessionAccess({ context, line, room: room.name, opening, admission, changed, refuse });
    const mayWrite = (): boolean => this.access.access === "read-write";
    const intake = { context, line, room, author: this, mayWrite, isLive, refuse };
    this.#catchUp = new CatchUp({ context, line, room, channel: opening.channel, tellClock: () => this.#tellClock() });
    this.#joiner = new Joiner({ context, line, room, delivery: this.#delivery, catchUp: this.#catchUp, isLive: isHere });
    this.#numbered = new NumberedIntake(intake);
    this.#unnumbered = new UnnumberedIntake(intake, opening.channel);
  }

  /** Who writes here. */
  get principal(): string {
    return this.access.principal;
  }

  get connection(): ConnectionId {
    return this.#line.id;
  }

  get dialect(): Dialect {
    return this.#line.dialect;
  }

  get room(): Room {
    return this.#room;
  }

  /** Messages that wait for the room. */
  get waiting(): number {
    return this.#waiting.length;
  }

  start(): void {
    this.#room.attend(this);
  }

  /** The client went, or was sent, away. */
  end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#letGo?.();
    this.#waiting = [];
    this.access.end();
    this.#unnumbered.end();
    this.#catchUp.end();
    this.#room.leave(this);
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether the document is served. */
  get isLive(): boolean {
    return this.#state === "live";
  }

  /** Whether it is not known yet if the document can be. */
  get isNew(): boolean {
    return this.#state === "opening" && this.#opening.tries === undefined;
  }

  /**
   * The client lets go of the document: what it wrote before is taken first, once the room is there, if it may write it then still, as nobody is
   * asked any more; and nothing is said any more. `then` runs at the end.
   */
  letGo(then: () => void): void {
    this.#letGo = then;
    this.#line.mute();
    this.access.end();
    this.#catchUp.end();
    this.#waiting = this.#waiting.filter(({ type }) => type === "updates");
    if (this.#waiting.length === 0) this.end();
  }

  // -- the room's life -------------------------------------------------------------------------------------------------

  roomOpened(): void {
    if (this.#state === "live") return this.#handleWaiting();
    if (this.#state === "ended" || this.#isOpening) return;
    const record = this.#room.record.current;
    if (!this.dialect.carriesLineage) {
      if (record?.everDeleted === true) return this.#refuse({ code: "ROOM_DELETED", detail: "" });
      this.#state = "live";
      if (this.dialect.multiplexes) this.#sayOpened(noBytes);
      return this.#handleWaiting();
    }
    if (!this.#belongs(record)) return;
    this.#isOpening = true;
    this.#room.withDurableStateVector((stateVector) => this.#open(stateVector));
  }

  roomFailed(refusal: Refusal): void {
    const { multiplexes, carriesLineage } = this.dialect;
    // Who is not told of one document that it is to be tried again would come back with all of them.
    const mayWait = multiplexes && !carriesLineage && errorKind(refusal.code).retryable && this.#letGo === undefined;
    const isPostponed = mayWait && this.#line.postpone(this.#opening, this.#waiting, refusal);
    if (!isPostponed) this.#refuse(refusal);
  }

  roomClosed(record: RoomRecord): void {
    if (this.dialect.carriesLineage) this.#belongs(record);
    else this.#refuse({ code: "ROOM_DELETED", detail: "" });
  }

  /** Whether what the client has, if anything, is of the generation that is open; otherwise it is told which of the two is old. */
  #belongs(record: RoomRecord | undefined): boolean {
    const current = record?.generation ?? 0;
    const own = this.#generation ?? current;
    const standing = standingOf(own, record);
    if (standing === "closed") this.#sayDeleted(own, record);
    if (standing === "ahead" && !this.#awaitsGeneration(own))
      this.#refuse({ code: "BEHIND", detail: `generation ${own}, here ${current}` });
    return standing === "current";
  }

  /** Whether its token proves that the generation was opened: then this relay asks the others for the record of that. */
  #awaitsGeneration(generation: number): boolean {
    const { deadlines, now, tokenSecret } = this.#context;
    const isProven = this.dialect.carriesLineage && provesGeneration(this.#room, this.#opening.token, generation, tokenSecret);
    const deadline = { type: "catch-up", connection: this.connection, channel: this.#opening.channel } as const;
    if (!isProven || deadlines.has(deadline)) return isProven;
    deadlines.set(deadline, now.monotonicMs + behindAfterMs);
    this.#room.replication.compareWithAll();
    return true;
  }

  /** No relay that can be reached has the record: it was lost, or is on its way. The token is proof enough to go on. */
  #openProven(): void {
    const generation = this.#generation ?? 0;
    this.#room.takeRecord(provenGeneration(this.#room.name, generation, this.#context.stamp()), (result) => {
      if (!result.ok && this.#state === "opening") this.#refuse({ code: "BEHIND", detail: `generation ${generation}` });
    });
  }

  #open(stateVector: Uint8Array): void {
    this.#isOpening = false;
    if (this.#state !== "opening" || !this.#room.isOpen) return;
    this.#state = "live";
    const { clock, generation, token } = this.#opening;
    this.#generation = this.#room.lineage.generation;
    if (this.#letGo !== undefined) return this.#handleWaiting();
    this.#sayOpened(stateVector);
    this.#catchUp.begin(token);
    this.#joiner.join({ clock: generation === undefined ? undefined : clock, stateVector: this.#opening.stateVector });
    this.#handleWaiting();
  }

  #sayOpened(stateVector: Uint8Array): void {
    const { channel } = this.#opening;
    const { access } = this.access;
    const { handle, lineage, replication } = this.#room;
    const { replicas, needed } = replication.copies;
    this.#line.send({ type: "opened", channel, handle, generation: lineage.generation, access, replicas, needed, stateVector });
  }

  /**
   * Our own client hears what it may when it opens the document, so it does that anew. Others go on: a Hocuspocus client is told, and who
   * may write now is asked for what was refused before.
   */
  #accessChanged(): void {
    if (this.#state !== "live") return;
    if (this.dialect.carriesLineage) return this.#refuse({ code: "ACCESS_CHANGED", detail: "" });
    if (this.dialect.multiplexes) this.#sayOpened(noBytes);
    if (this.access.access === "read-write") this.#unnumbered.ask();
  }

  #handleWaiting(): void {
    const waiting = this.#letGo !== undefined && this.access.isLapsed ? [] : this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const message of waiting) this.receive(message);
    if (this.#letGo !== undefined && this.#waiting.length === 0) this.end();
  }

  #sayDeleted(generation: number, record: RoomRecord | undefined): void {
    const { channel } = this.#opening;
    const [by, atMs] = [record?.deleted?.by ?? "", record?.deleted?.hlc.physicalMs ?? 0];
    this.#end({ type: "deleted", channel, generation, by, atMs }, { code: "ROOM_DELETED", detail: "" });
  }

  // -- what the client says --------------------------------------------------------------------------------------------

  receive(message: SessionMessage): void {
    if (this.#state === "ended") return;
    if (this.#state === "opening" || !this.#room.isOpen) return this.#wait(message);
    switch (message.type) {
      case "sync-request":
        return this.#answerSync(message.stateVector);
      case "updates":
        return this.#take(message);
      case "presence":
        return this.#takePresence(message.bytes);
      case "presence-query":
        return this.#joiner.sendPresence(true);
      case "stateless":
        return this.#sayToAll(message.text);
      default:
    }
  }

  /** The room is being loaded, or deleted: it will be clear in a moment what becomes of this. */
  #wait(message: SessionMessage): void {
    const { waitingPerSessionMax, stateBytesMax } = this.#context.limits;
    this.#waiting.push(message);
    this.#waitingBytes += bytesOf(message);
    if (this.#waiting.length > waitingPerSessionMax || this.#waitingBytes > 2 * stateBytesMax) {
      this.#refuse({ code: "RELAY_BUSY", detail: `${this.#waiting.length} messages before the document was loaded` });
    }
  }

  /** What the client brought before it went away is let in, too. */
  #take({ first, kind, updates }: Updates): void {
    const mayWrite = this.access.access === "read-write";
    this.#room.trials.run(updates, mayWrite, (tried) => {
      if (this.#state === "ended") this.#takeLate(mayWrite ? tried : [], kind);
      else if (first === undefined) this.#unnumbered.take(tried, kind);
      else this.#numbered.take(first, tried, kind);
    });
  }

  #takeLate(tried: readonly TriedUpdate[], kind: UpdateKind): void {
    tried.every((update) => ["admitted", "known"].includes(this.#room.admit(update, kind, this).type));
  }

  #answerSync(stateVector: Uint8Array): void {
    if (this.dialect.countsSaves) this.#unnumbered.begin(stateVector);
    if (this.#delivery.isHeld) return;
    const isAgain = this.#delivery.hasJoined;
    if (!isAgain && !this.dialect.acknowledges && !this.dialect.countsSaves) this.#unnumbered.ask();
    if (isAgain && this.#line.isOwedTooMuch) return this.#line.refuse({ code: "CLIENT_SLOW", detail: "states that were not read yet" });
    if (isAgain) this.#line.charge(this.#room.content.bytes);
    this.#joiner.join({ clock: undefined, stateVector });
  }

  // -- what the room says ----------------------------------------------------------------------------------------------

  takes(frames: readonly Uint8Array[], topic: Topic): boolean {
    if (this.#state === "ended" || this.#letGo !== undefined) return false;
    if (topic === "presence-count" && !this.#line.hearsCount) return false;
    if (topic.startsWith("presence") && this.#line.isCongested) {
      this.#missedPresence = true;
      return false;
    }
    const fate = this.#delivery.take(frames, topic);
    if (fate === "overflow") this.#line.refuse({ code: "CLIENT_SLOW", detail: "too much came while a difference was made" });
    if (fate === "send") this.#line.noteSent();
    return fate === "send";
  }

  durabilityChanged(): void {
    if (this.#state === "ended") return;
    this.#numbered.durabilityChanged();
    this.#unnumbered.durabilityChanged();
  }

  /** The client has seen more than is here, and has waited long enough. */
  catchUpDue(): void {
    if (this.#state === "opening") this.#openProven();
    else this.#catchUp.overdue();
  }

  /** Behind what is on its way to the client already. */
  #tellClock(): void {
    const { log, handle } = this.#room;
    this.#room.flushFanOut();
    const frames = this.dialect.encode({ type: "clock", handle, ...log.horizon(log.durableClock) });
    if (this.takes(frames, "clock")) this.#line.sendFrames(frames);
  }

  /** A Yjs client is asked again for what is missing here. */
  healDue(): void {
    this.#unnumbered.askAgain();
  }

  /** The socket takes more again: cursors that were left out are sent. */
  relieved(): void {
    if (!this.#missedPresence || !this.#delivery.hasJoined) return;
    this.#missedPresence = false;
    this.#joiner.sendPresence(true);
  }

  // -- presence --------------------------------------------------------------------------------------------------------

  #takePresence(bytes: Uint8Array): void {
    const outcome = this.#room.presence.receive({ seat: this.seat, principal: this.principal }, bytes);
    if (!outcome.ok) return this.#report(outcome.refusal);
    const { correction, leftOut } = outcome.value;
    if (leftOut > 0) this.#report({ code: "PRESENCE_REFUSED", detail: `${leftOut} ids too many` });
    if (correction !== undefined) this.#line.send({ type: "presence", handle: this.#room.handle, bytes: correction });
  }

  #sayToAll(text: string): void {
    const isSaid = this.#room.presence.say(text, this.seat);
    if (!isSaid) this.#report({ code: "PRESENCE_REFUSED", detail: `${text.length} characters to all` });
  }

  // -- the end ---------------------------------------------------------------------------------------------------------

  #refuse(refusal: Refusal): void {
    const { code, detail } = refusal;
    this.#end({ type: "error", channel: this.#opening.channel, code, retryAfterMs: errorKind(code).retryAfterMs ?? 0, detail }, refusal);
  }

  #end(last: RelayMessage, refusal: Refusal): void {
    if (this.#state === "ended") return;
    if (this.#letGo !== undefined) return this.end();
    this.#line.endChannel(this.#opening.channel, last, refusal);
  }

  #report(refusal: Refusal): void {
    this.#context.report({ type: "refused", refusal, connection: this.connection, room: this.#room.name });
  }
}
