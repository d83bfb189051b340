/**
 * Replication: one room as one of its copies: what this relay tells the others of it, and what it lets in from them.
 *
 *     own entry ─▶ disk ──entries──▶ replicas           theirs ─▶ causal-delivery ─▶ room ─▶ disk ──durable──▶ whoever asked
 *     durable replies ─▶ durable-copies ─▶ acks         a gap, too much that waits, a comparison ─▶ difference ─▶ clock joined
 *
 * It puts the parts of this folder together and decides nothing that they decide. Whoever has sessions for a room asks its replicas
 * once per link how far it is on their disks; they answer whenever that moves, until the link ends or nobody asks any more.
 *
 * Invariants: [C3] nothing is told, counted or answered that is not on this disk; what is heard on a link counts as long as the link
 * lasts; what speaks of another generation is never let in. On a ring of one relay it sends nothing and sets no deadline.
 */
import { relayOf, type ActorId, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { RelayContext } from "../relay-context.ts";
import { AskedReplicas } from "./asked-replicas.ts";
import { Completeness } from "./completeness.ts";
import { CopyReview } from "./copy-review.ts";
import { DurableCopies } from "./durable-copies.ts";
import { EntryForwarding } from "./entry-forwarding.ts";
import { EntryIntake } from "./entry-intake.ts";
import { Followers } from "./followers.ts";
import type { LineageMessage } from "./lineage-message.ts";
import { answersToWant } from "./missing-entries.ts";
import { PrunedNames } from "./pruned-names.ts";
import { knownDurable, type RoomCopy } from "./room-copy.ts";
import type { RoomPlace } from "./room-place.ts";
import { Freshness } from "./freshness.ts";
import { HandOver } from "./hand-over.ts";
import { RoomRepair, type Had, type RepairStanding } from "./room-repair.ts";
import { traceWithoutMark } from "./room-trace.ts";
import { Seekers } from "./seekers.ts";
import { Subscribers } from "./subscribers.ts";
import { Upstream } from "./upstream.ts";

type Message<Type extends MeshRoomMessage["type"]> = Extract<MeshRoomMessage, { type: Type }>;

interface ReplicationOptions {
  readonly context: RelayContext;
  readonly copy: RoomCopy;
  /** Whether the disk says that the room is complete here. */
  readonly isMarked: boolean;
  /** Those of the generation before this one. */
  readonly before: Followers | undefined;
  /** Something of the room changed on this disk, or it is to be compared again. */
  readonly changed: () => void;
}

export class Replication implements RepairStanding {
  readonly #context: RelayContext;
  readonly #copy: RoomCopy;
  readonly #changed: () => void;
  readonly #place: RoomPlace;
  readonly #intake: EntryIntake;
  readonly #copies: DurableCopies;
  readonly #completeness: Completeness;
  readonly #repair: RoomRepair;
  readonly freshness: Freshness;
  readonly seekers: Seekers;
  readonly review: CopyReview;
  readonly followers: Followers;
  readonly subscribers = new Subscribers();
  readonly upstream: Upstream;
  readonly handOver: HandOver;
  readonly #asked: AskedReplicas;
  readonly names: PrunedNames;
  readonly #forwarding: EntryForwarding;
  #isWanted = false;

  constructor({ context, copy, isMarked, before, changed }: ReplicationOptions) {
    const { self, placement } = context;
    const { limits, choice } = placement;
    const { lineage } = copy;
    const { room } = lineage;
    this.#context = context;
    this.#copy = copy;
    this.#changed = changed;
    this.#place = placement.of(room);
    const trace = isMarked ? "marked" : traceWithoutMark(context, copy, this.#place);
    this.#completeness = new Completeness({ self, limits, trace, former: this.#place.former() });
    this.#copies = new DurableCopies({
      ...{ self, level: choice.level, dotsMax: limits.countedDotsMax },
      clock: copy.log.durableClock,
      ...{ isComplete: this.#completeness.isComplete, ring: context.peers.ringId, replicas: this.#place.replicas },
    });
    this.followers = new Followers({ context, lineage, place: this.#place, standing: this, before });
    this.freshness = new Freshness(context, room, () => copy.becameFresh());
    this.seekers = new Seekers({ context, place: this.#place, durable: () => knownDurable(copy) });
    this.review = new CopyReview({ context, place: this.#place, tail: () => copy.content.tail });
    this.#asked = new AskedReplicas(context, lineage, this.#place);
    this.upstream = new Upstream({
      ...{ context, lineage, place: this.#place, clock: () => knownDurable(copy) },
      ...{ others: () => this.#asked.actors, compareWith: (actor) => this.compareWith(actor) },
    });
    this.#forwarding = new EntryForwarding({ context, copy, place: this.#place, subscribers: this.subscribers, upstream: this.upstream });
    const mayHold = (actor: ActorId): boolean =>
      this.#place.mayKnow(relayOf(actor)) || this.followers.has(actor) || this.subscribers.has(actor);
    this.names = new PrunedNames({ context, copy, mayHold, isOnAll: () => this.holders.length === this.#place.replicas.length });
    this.#repair = new RoomRepair({ context, copy, standing: this, has: (had) => this.#has(had), changed });
    const parts = { asked: this.#asked, repair: this.#repair, holders: () => this.holders };
    this.handOver = new HandOver({ context, copy, place: this.#place, ...parts, changed });
    this.#intake = new EntryIntake({ context, copy, place: this.#place, repair: this.#repair, names: this.names, changed });
  }

  // -- what may be said of the copies ----------------------------------------------------------------------------------

  get copies(): Pick<DurableCopies, "savedTo" | "heldBy" | "replicas" | "needed" | "holders" | "holdersAt" | "told"> {
    return this.#copies;
  }

  get isComplete(): boolean {
    return this.#completeness.isComplete;
  }

  /** Whether the next thing that is written may say that the room is complete here. */
  get shouldMark(): boolean {
    return !this.#place.isElsewhere && this.#completeness.shouldMark;
  }

  /** The relays that certainly have on disk all that this one has there. */
  get holders(): readonly RelayId[] {
    return this.#copies.holders(this.#copy.log.durableClock);
  }

  /** What others are told of this disk. */
  get durableClock(): VectorClock {
    return knownDurable(this.#copy);
  }

  get isMarked(): boolean {
    return this.#completeness.isMarked;
  }

  get isReplica(): boolean {
    return this.#place.isReplica;
  }

  /** Something of it would be lost if the room left memory. */
  get isBusy(): boolean {
    return this.#intake.isHolding || this.#repair.isBusy || this.#canCompare || this.handOver.isRunning || this.subscribers.size > 0;
  }

  isUrgent(relay: RelayId): boolean {
    return [this.freshness, this.seekers, this.review].some((part) => part.isAwaiting(relay)) || this.#missing.includes(relay);
  }

  comparedWith(relay: RelayId): void {
    this.freshness.comparedWith(relay);
    this.seekers.comparedWith(relay);
    this.upstream.compared(relay);
  }

  // -- what happens here -----------------------------------------------------------------------------------------------

  /** Somebody here wants to see it, and to know how safe it is. */
  wanted(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#query();
    this.upstream.want();
    if (!this.freshness.isBegun) this.freshness.await(this.#asked.actors.map(relayOf));
  }

  /** Runs `then` when a request may be answered from what is here: where others hold the room, once they have said what they have. */
  whenFresh(then: () => void): void {
    if (!this.#place.isElsewhere || !this.#copy.isOpen) return then();
    this.wanted();
    this.freshness.whenReached(then);
  }

  /** Nobody here has it open any more: on a new link nobody is asked. To a replica still comes what is written; the sweep finds the rest. */
  unwanted(): void {
    if (this.#isWanted && this.#place.isElsewhere) {
      this.upstream.unwant();
      this.freshness.end();
    }
    this.#isWanted = false;
  }

  /** The room leaves memory: what the others would tell it goes nowhere. */
  forget(): void {
    this.upstream.unwant();
    this.#asked.cease();
  }

  /** An entry was let in. */
  entered(entry: Entry): void {
    this.#copies.entered(entry.dot);
    if (this.shouldMark) this.#copy.log.complete();
    else this.#retrace();
    this.#changed();
  }

  /** What `gone` names needs no name any more. */
  pruned(gone: VectorClock): void {
    this.#copies.pruned(gone, this.#copy.content.snapshot?.clock ?? gone);
    this.names.tellAll();
    this.#changed();
  }

  /** `entries` are on this disk now; `isMarked`: so is the mark that the room is complete here. */
  landed(entries: readonly Entry[], isMarked: boolean): void {
    if (isMarked) this.#marked();
    this.#copies.ownDurable(this.#copy.log.durable);
    this.#forwarding.forward(entries);
    this.#context.blobs.landed(this.#copy.lineage, entries);
    this.seekers.advanced();
    this.#repair.landed();
    this.followers.tellAll();
  }

  /** Who has seen nothing of it vouches for that only as long as it is so. */
  #retrace(): void {
    if (this.#completeness.retraced(traceWithoutMark(this.#context, this.#copy, this.#place))) return;
    this.#copies.ownCompleteness(false);
    this.followers.tellAll();
  }

  #marked(): void {
    this.#completeness.marked();
    this.#copies.ownCompleteness(true);
    this.followers.tellAll();
    this.#changed();
  }

  /** The record is on this disk; `isMarked`: and so is the mark. */
  recordLanded(isMarked: boolean): void {
    if (isMarked) this.#marked();
    else this.#retrace();
    this.#changed();
    this.#repair.landed();
  }

  // -- peers -----------------------------------------------------------------------------------------------------------

  peerUp(actor: ActorId): void {
    this.followers.linkUp(actor);
    this.seekers.linkUp();
    this.#query();
    this.upstream.review();
    this.#copy.touched();
  }

  peerDown(actor: ActorId): void {
    const relay = relayOf(actor);
    this.#completeness.linkDown(relay);
    this.subscribers.remove(actor);
    for (const part of [this.followers, this.#copies, this.#repair, this.#asked, this.upstream, this.names]) part.linkDown(actor);
    this.#intake.unanswered(relay, undefined);
    this.review.linkDown();
  }

  ringChanged(): void {
    this.#copies.place(this.#context.peers.ringId, this.#place.replicas);
    this.#completeness.place(this.#place.former());
    this.#retrace();
    if (this.shouldMark) this.#copy.log.complete();
    this.seekers.ringChanged();
    if (!this.#place.isReplica) this.subscribers.clear();
    this.#query();
    this.upstream.review();
    this.followers.tellAll();
    this.#copy.copiesChanged();
    this.#copy.touched();
  }

  /** `message` speaks of this generation. */
  received(from: ActorId, ring: RingId, message: LineageMessage): void {
    switch (message.type) {
      case "entries":
        if (!this.#intake.came(from, message)) break;
        this.followers.add(from);
        // What was here already is told at once: whoever sends it again does not know.
        this.followers.tell(from);
        break;
      case "want":
        this.#sayAll(from, answersToWant(this.#copy, message.run, this.upstream.relay));
        break;
      case "unavailable":
        if (message.isFolded) this.#repair.request(relayOf(from));
        this.#intake.unanswered(relayOf(from), message.run.actor);
        break;
      case "durable":
        this.#durableCame(from, ring, message);
        break;
      case "durable-query":
        this.followers.queried(from, message.isAsking);
        break;
      case "subscribe":
        this.#subscribeCame(from, message);
        break;
      case "pruned":
        this.names.came(from, message);
        break;
      case "compare":
        this.#repair.compareCame(from, message, ring);
        break;
      case "difference-request":
        this.#repair.answerRequest(from, message);
        break;
      case "difference":
      case "cover":
        this.#repair.differenceCame(from, message);
        break;
    }
    this.#copy.touched();
  }

  /** Whoever is linked and may know the room is asked what it has. */
  compareWithAll(): void {
    for (const actor of this.#context.peers.linked) if (this.#place.mayKnow(relayOf(actor))) this.#repair.compareWith(actor);
  }

  /** Asks for the same in return. */
  compareWith(actor: ActorId): void {
    this.#repair.compareWith(actor);
  }

  // -- time ------------------------------------------------------------------------------------------------------------

  expire(): void {
    this.#intake.expire();
    this.#repair.expire();
    const missing = this.#place.isElsewhere ? [] : this.#completeness.toCompare(this.#nowMs);
    const lives = missing.flatMap((relay) => this.#context.peers.lifeOf(relay) ?? []);
    for (const actor of new Set([...lives, ...this.seekers.toAsk(this.#nowMs), ...this.review.toAsk(this.#nowMs)]))
      this.#repair.compareWith(actor);
    this.#copy.touched();
  }

  /** Notes when there is something to do; nothing where that is never. */
  schedule(): void {
    const deadline = { type: "replicate", room: this.#copy.lineage.room } as const;
    const compareMs = this.#canCompare ? this.#completeness.nextDeadline() : Number.POSITIVE_INFINITY;
    const parts = [this.handOver, this.#intake, this.#repair, this.seekers, this.review];
    const atMs = Math.min(compareMs, ...parts.map((part) => part.nextDeadline()));
    if (atMs === Number.POSITIVE_INFINITY) this.#context.deadlines.clear(deadline);
    else this.#context.deadlines.set(deadline, Math.max(atMs, this.#nowMs));
  }

  /** With whom it has to compare before its copy counts: never an edge, whose copy does not. */
  get #missing(): readonly RelayId[] {
    return this.#place.isElsewhere ? [] : this.#completeness.missing;
  }

  /** Whether somebody is there with whom it has to compare before it is complete: what was compared is known in memory only. */
  get #canCompare(): boolean {
    return this.#missing.some((relay) => this.#context.peers.lifeOf(relay) !== undefined);
  }

  // -- durability ------------------------------------------------------------------------------------------------------

  #query(): void {
    for (const actor of this.#isWanted ? this.#asked.ask() : []) if (this.upstream.mayCompareWith(actor)) this.#repair.compareWith(actor);
  }

  #subscribeCame(from: ActorId, { isSubscribing, clock }: Message<"subscribe">): void {
    if (!isSubscribing || !this.#place.isReplica) return this.subscribers.remove(from);
    if (this.subscribers.heard(from, clock, this.#copy.log.durableClock)) this.#repair.compareWith(from);
  }

  #durableCame(from: ActorId, ring: RingId, { isWhole, isComplete, clock }: Message<"durable">): void {
    if (!this.#copies.heard({ actor: from, ring, isWhole, isComplete, clock })) this.#asked.again(from);
    this.#copy.copiesChanged();
    this.handOver.review();
    if (isWhole) this.#forwarding.sendOwed(from, clock);
  }

  // -- what was compared ----------------------------------------------------------------------------------------------

  /** Everything that `relay` has of the room is on this disk. */
  #has({ relay, ring, clock, isComplete }: Had): void {
    // What is named here may be pruned by a compaction under way: with the rest it would come back behind that.
    const named = this.#copy.log.lacking(this.names.taken(relay, clock));
    if (named.size > 0) {
      this.#copy.takeClock(named);
      this.#context.histories.note(this.#copy.lineage);
      this.#context.blobs.note(this.#copy.lineage);
      this.#changed();
    }
    this.#copies.ownCovers(clock);
    this.#completeness.compared(relay, ring, isComplete);
    this.comparedWith(relay);
    if (this.shouldMark && !this.#completeness.isComplete) this.#copy.log.complete();
    this.#copy.touched();
    this.#intake.advanced();
    this.followers.tellAll();
    this.#copy.copiesChanged();
  }

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }

  #sayAll(to: ActorId, messages: readonly MeshRoomMessage[]): void {
    for (const message of messages) this.#context.peers.tell(to, message);
  }
}
