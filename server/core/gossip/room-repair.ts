/**
 * RoomRepair: brings this copy of a room and another one together, whatever went wrong between them.
 *
 *     compare ──equal──────────────────────────────────────▶ has(clock)
 *        └─differ─▶ difference-request ─▶ difference…, cover ─▶ all of it on disk ─▶ has(clock)
 *
 * Both sides speak of one moment of their disks, so whatever comes while something is still on its way there waits for it.
 *
 * Invariants: `has` is called only when everything that its clock names is on this disk; one question of each kind waits per peer;
 * what was asked on a link ends with it.
 */
import { relayOf, type ActorId, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { partsOf } from "../join-plan.ts";
import type { RelayContext } from "../relay-context.ts";
import type { CopyReview } from "./copy-review.ts";
import { DifferenceIntake, type IntakeStep } from "./difference-intake.ts";
import { planDifference } from "./difference-plan.ts";
import { differenceMessages, entriesMessages } from "./missing-entries.ts";
import { RoomComparison, type RoomMoment } from "./room-comparison.ts";
import type { PrunedNames } from "./pruned-names.ts";
import { knownDurable, type RoomCopy } from "./room-copy.ts";
import { momentOf } from "./room-moment.ts";

type Message<Type extends MeshRoomMessage["type"]> = Extract<MeshRoomMessage, { type: Type }>;

/** What another copy has, all of which is on this disk. */
export interface Had {
  readonly relay: RelayId;
  /** The ring under which it said so. */
  readonly ring: RingId;
  readonly clock: VectorClock;
  readonly isComplete: boolean;
}

/** The copy's own standing, which others decide. */
export interface RepairStanding {
  readonly isComplete: boolean;
  readonly isReplica: boolean;
  /** Whether somebody here wants to see it. */
  readonly freshness: { readonly isBegun: boolean };
  /** Whether it cannot be complete before it has compared with `relay`. */
  isUrgent(relay: RelayId): boolean;
  /** `relay` has said what it has, and there is nothing to get from it. */
  comparedWith(relay: RelayId): void;
  /** What clocks need not name any more. */
  readonly names: Pick<PrunedNames, "tell" | "known" | "isUnnamedWith" | "unnamedWith">;
  /** Who asked what comes of comparing. */
  readonly review: Pick<CopyReview, "heard">;
  /** Where this relay, if it is no replica, gets from what it does not write itself. */
  readonly upstream: { readonly relay: RelayId | undefined };
}

interface RepairOptions {
  readonly context: RelayContext;
  readonly copy: RoomCopy;
  readonly standing: RepairStanding;
  readonly has: (had: Had) => void;
  /** It is to be compared again. */
  readonly changed: () => void;
}

export class RoomRepair {
  readonly #context: RelayContext;
  readonly #copy: RoomCopy;
  readonly #standing: RepairStanding;
  readonly #has: (had: Had) => void;
  readonly #changed: () => void;
  readonly #comparison = new RoomComparison();
  readonly #intake: DifferenceIntake;
  /** What waits until this disk has all that is here. */
  readonly #requests = new Map<ActorId, Message<"difference-request">>();
  readonly #compares = new Map<ActorId, { readonly theirs: RoomMoment; readonly ring: RingId }>();
  readonly #wanted = new Set<RelayId>();

  constructor({ context, copy, standing, has, changed }: RepairOptions) {
    this.#context = context;
    this.#copy = copy;
    this.#standing = standing;
    this.#has = has;
    this.#changed = changed;
    this.#intake = new DifferenceIntake({ lineage: copy.lineage, limits: context.placement.limits });
  }

  linkDown(actor: ActorId): void {
    this.#comparison.linkDown(relayOf(actor));
    this.#intake.linkDown(actor);
    this.#requests.delete(actor);
    this.#compares.delete(actor);
    this.#wanted.delete(relayOf(actor));
  }

  /** Whether what it waits for would come to nothing if the room left memory. */
  get isBusy(): boolean {
    return this.#intake.isRunning;
  }

  nextDeadline(): number {
    return this.#intake.nextDeadline();
  }

  /** What was not answered is compared again. */
  expire(): void {
    if (this.#intake.expire(this.#context.now.monotonicMs)) this.#changed();
  }

  /** More is on this disk: what waited for all of it goes on, if that is so. */
  landed(): void {
    this.#settleIntake();
    if (!this.#copy.isSettled) return;
    for (const relay of [...this.#wanted]) this.request(relay);
    for (const [from, request] of [...this.#requests]) this.answerRequest(from, request);
    for (const [from, { theirs, ring }] of [...this.#compares]) this.compareCame(from, theirs, ring);
  }

  /** Says what is here and asks for the same in return. */
  compareWith(actor: ActorId): void {
    if (this.#copy.isSettled) this.#tellMoment(actor, true);
    else this.#changed();
  }

  compareCame(from: ActorId, theirs: RoomMoment, ring: RingId): void {
    if (!this.#copy.isSettled) return void this.#compares.set(from, { theirs, ring });
    this.#compares.delete(from);
    const { peers } = this.#context;
    const relay = relayOf(from);
    const mine = this.#moment(false);
    const isOfThis = theirs.lineage.generation === this.#copy.lineage.generation;
    const unnamed = isOfThis ? this.#standing.names.unnamedWith(from, theirs.clock) : VectorClock.empty;
    const steps = this.#comparison.compare(relay, { mine, theirs, unnamed, isUrgent: this.#standing.isUrgent(relay) });
    const isAll = !steps.some(({ type }) => type === "request-difference");
    for (const step of steps) {
      if (step.type === "answer") this.#tellMoment(from, false);
      else if (step.type === "keep-record") this.#copy.takeRecord(step.record, () => isAll && this.#standing.comparedWith(relay));
      else if (step.type === "tell-record") peers.tell(from, { type: "record", record: step.record });
      else if (step.type === "request-difference") this.request(relay);
      else if (step.type === "look-again") this.#changed();
      else this.#has({ relay, ring, clock: step.clock, isComplete: step.isComplete });
    }
    if (isAll && !steps.some(({ type }) => type === "keep-record")) this.#standing.comparedWith(relay);
    this.#standing.review.heard(relay, without(unnamed, mine), without(unnamed, theirs));
  }

  /** Asks for all that is missing here. */
  request(relay: RelayId): void {
    this.#wanted.delete(relay);
    const { peers, now } = this.#context;
    const actor = peers.lifeOf(relay);
    if (actor === undefined || !this.#copy.isOpen || !this.#takesIn) return;
    if (!this.#copy.isSettled) return void this.#wanted.add(relay);
    const { content } = this.#copy;
    const message = this.#intake.begin(actor, { clock: this.#clockFor(actor), stateVector: content.stateVector() }, now.monotonicMs);
    if (message !== undefined) peers.tell(actor, message);
  }

  /**
   * What names say is here. A replica that may not vouch for the room may have lost what nobody names any more: where something was pruned,
   * or may have been, since the other side has said nothing yet, it asks for all that its state vector does not name.
   */
  #clockFor(actor: ActorId): VectorClock {
    const { isComplete, isReplica, names } = this.#standing;
    const isDoubtful = names.isUnnamedWith(actor) || this.#comparison.isNew(relayOf(actor));
    return isReplica && !isComplete && isDoubtful ? VectorClock.empty : names.known();
  }

  answerRequest(from: ActorId, request: Message<"difference-request">): void {
    this.#requests.delete(from);
    if (!this.#copy.isOpen) return;
    if (!this.#copy.isSettled) return void this.#requests.set(from, request);
    const { lineage, content, log } = this.#copy;
    const { exchange, clock, stateVector } = request;
    const folded = content.pruned.join(content.snapshot?.clock ?? VectorClock.empty);
    const plan = planDifference({ folded, tail: content.tail }, clock, this.#context.placement.limits);
    const cover = { clock: log.durableClock, isComplete: this.#standing.isComplete };
    if (plan.type === "entries") {
      const entries = entriesMessages(lineage, this.#standing.upstream.relay, plan.entries);
      return this.#tell(from, [...entries, { type: "cover", lineage, exchange, entries: plan.named, ...cover }]);
    }
    this.#copy.call({ type: "diff", parts: partsOf(content), stateVector }, (result) => {
      if (result.ok) this.#tell(from, differenceMessages(lineage, exchange, result.value, cover));
    });
  }

  differenceCame(from: ActorId, message: Message<"difference"> | Message<"cover">): void {
    if (!this.#copy.isOpen) return;
    this.#follow(message.type === "cover" ? this.#intake.coverCame(from, message) : this.#intake.differenceCame(from, message));
  }

  #follow(steps: readonly IntakeStep[]): void {
    for (const step of steps) {
      if (step.type === "given-up") {
        this.#reportTooBig(step.from, step.tooBig);
        continue;
      }
      const isWhole = this.#copy.takeContent(step.state, "part") === "all";
      this.#intake.stored(step.from, step.exchange, isWhole ? this.#copy.log.position : undefined);
    }
    this.#settleIntake();
  }

  /** Nothing is wrong that would pass by itself: the copy here stays behind until somebody raises the limit. */
  #reportTooBig(from: ActorId, bytes: number | undefined): void {
    if (bytes === undefined) return;
    const { differenceBytesMax: bytesMax } = this.#context.placement.limits;
    this.#context.report({ type: "too-big", room: this.#copy.lineage.room, from: relayOf(from), bytes, bytesMax });
  }

  #settleIntake(): void {
    const { log } = this.#copy;
    for (const { from, clock, isComplete } of this.#intake.settle(log.durable, knownDurable(this.#copy)))
      this.#has({ relay: relayOf(from), ring: this.#context.peers.ringId, clock, isComplete });
  }

  /** What was dropped here, or never was here, comes only to whoever wants it, and where it is placed. */
  get #takesIn(): boolean {
    const { content, lineage } = this.#copy;
    if (content.clock.size > 0 || this.#standing.freshness.isBegun) return true;
    const place = this.#context.placement.of(lineage.room);
    return !place.isElsewhere || place.mayHold(this.#context.self);
  }

  /** Behind what is not named here any more. */
  #tellMoment(to: ActorId, answer: boolean): void {
    this.#standing.names.tell(to);
    this.#context.peers.tell(to, this.#moment(answer));
  }

  #moment(answer: boolean): RoomMoment {
    return momentOf(this.#copy, { answer, isComplete: this.#standing.isComplete });
  }

  #tell(to: ActorId, messages: readonly MeshRoomMessage[]): void {
    for (const message of messages) this.#context.peers.tell(to, message);
  }
}

function without(unnamed: VectorClock, moment: RoomMoment): RoomMoment {
  return { ...moment, clock: moment.clock.past(unnamed) };
}
