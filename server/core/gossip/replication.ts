/**
 * Replication: one room as one of its copies: what this relay tells the others of it, and what it lets in from them.
 *
 *     own entry ─▶ disk ──entries──▶ replicas           theirs ─▶ causal-delivery ─▶ room ─▶ disk ──durable──▶ whoever asked
 *     durable replies ─▶ durable-copies ─▶ acks         a gap, too much that waits, a comparison ─▶ difference ─▶ clock joined
 *
 * It puts the parts of this folder together and decides nothing that they decide. Whoever has sessions for a room asks its
 * replicas once per link how far it is on their disks; they answer whenever that moves, as long as the link lasts.
 *
 * Invariants: [C3] nothing is told, counted or answered that is not on this disk; what is heard on a link counts as long as the
 * link lasts; what speaks of another generation is never let in. On a ring of one relay there is nobody to tell, and it sends
 * nothing and sets no deadline.
 */
import { relayOf, type ActorId, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { RelayContext } from "../relay-context.ts";
import { CausalDelivery, type DeliveryStep } from "./causal-delivery.ts";
import { Completeness, unmarkedTrace } from "./completeness.ts";
import { DurableCopies } from "./durable-copies.ts";
import { Followers } from "./followers.ts";
import { answersToWant, durableTail, entriesMessages } from "./missing-entries.ts";
import type { RoomCopy } from "./room-copy.ts";
import type { RoomPlace } from "./room-place.ts";
import { Freshness } from "./freshness.ts";
import { RoomRepair, type Had, type RepairStanding } from "./room-repair.ts";

type Message<Type extends MeshRoomMessage["type"]> = Extract<MeshRoomMessage, { type: Type }>;

/** What is said about one generation of a room. */
export type LineageMessage = Exclude<
  Extract<MeshRoomMessage, { lineage: unknown }>,
  { type: "record-durable" | "presence" | "presence-watch" }
>;

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
  readonly #delivery: CausalDelivery;
  readonly #copies: DurableCopies;
  readonly #completeness: Completeness;
  readonly #repair: RoomRepair;
  readonly freshness: Freshness;
  readonly followers: Followers;
  /** Who was asked how far the room is on its disk. */
  readonly #queried = new Set<ActorId>();
  #isWanted = false;

  constructor({ context, copy, isMarked, before, changed }: ReplicationOptions) {
    const { self, placement } = context;
    const { limits, choice } = placement;
    const { room } = copy.lineage;
    this.#context = context;
    this.#copy = copy;
    this.#changed = changed;
    this.#place = placement.of(room);
    const former = this.#place.former();
    const disk = { hasTrace: copy.storedRecord !== undefined || copy.content.clock.size > 0, whole: placement.wholeRing };
    // Where there is nobody else who could know of it, this disk has all that there is.
    const isAlone = former.all.every((relay) => relay === self);
    const trace = isAlone ? "unused" : unmarkedTrace(room, disk, { self, replicas: choice.replicas });
    this.#completeness = new Completeness({ self, limits, trace: isMarked ? "marked" : trace, former });
    this.#delivery = new CausalDelivery({
      self,
      limits,
      room: { known: () => copy.content.clock, replicas: () => this.#place.replicas },
    });
    this.#copies = new DurableCopies({
      self,
      level: choice.level,
      dotsMax: limits.countedDotsMax,
      clock: copy.log.durableClock,
      isComplete: this.#completeness.isComplete,
      ring: context.peers.ringId,
      replicas: this.#place.replicas,
    });
    this.followers = new Followers({ context, lineage: copy.lineage, place: this.#place, standing: this, before });
    this.freshness = new Freshness(context, room, () => copy.becameFresh());
    this.#repair = new RoomRepair({ context, copy, standing: this, has: (had) => this.#has(had), changed });
  }

  // -- what may be said of the copies ----------------------------------------------------------------------------------

  get copies(): Pick<DurableCopies, "savedTo" | "replicas" | "needed" | "holdersAt"> {
    return this.#copies;
  }

  get isComplete(): boolean {
    return this.#completeness.isComplete;
  }

  /** Whether the next thing that is written may say that the room is complete here. */
  get shouldMark(): boolean {
    return this.#completeness.shouldMark;
  }

  /** The relays that certainly have on disk all that this one has there. */
  get holders(): readonly RelayId[] {
    return this.#copies.holders(this.#copy.log.durableClock);
  }

  get durableClock(): VectorClock {
    return this.#copy.log.durableClock;
  }

  get isReplica(): boolean {
    return this.#place.isReplica;
  }

  /** Something of it would be lost if the room left memory. */
  get isBusy(): boolean {
    const isAhead = !this.#place.isReplica && this.#copies.heldBy(this.#copies.replicas) < this.#copy.log.durable;
    return this.#delivery.size > 0 || this.#repair.isBusy || this.#canCompare || isAhead;
  }

  /** Where this relay, if it is no replica, gets from what it does not write itself. */
  get upstream(): RelayId | undefined {
    if (this.#place.isReplica) return undefined;
    return this.#place.replicas.find((relay) => this.#context.peers.lifeOf(relay) !== undefined);
  }

  isUrgent(relay: RelayId): boolean {
    return this.freshness.isAwaiting(relay) || this.#completeness.missing.includes(relay);
  }

  comparedWith(relay: RelayId): void {
    this.freshness.comparedWith(relay);
  }

  // -- what happens here -----------------------------------------------------------------------------------------------

  /** Somebody here wants to see it, and to know how safe it is. */
  wanted(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#query();
    this.freshness.await([...this.#queried].map(relayOf));
  }

  /** An entry was let in. */
  entered(entry: Entry): void {
    this.#copies.entered(entry.dot);
    if (this.#completeness.shouldMark) this.#copy.log.complete();
    this.#changed();
  }

  /** `entries` are on this disk now; `isMarked`: so is the mark that the room is complete here. */
  landed(entries: readonly Entry[], isMarked: boolean): void {
    if (isMarked) this.#marked();
    this.#copies.ownDurable(this.#copy.log.durable);
    this.#forward(entries);
    this.#repair.landed();
    this.followers.tellAll();
  }

  #marked(): void {
    this.#completeness.marked();
    this.#copies.ownCompleteness(true);
    this.followers.tellAll();
  }

  /** The record is on this disk; `isMarked`: and so is the mark. */
  recordLanded(isMarked: boolean): void {
    if (isMarked) this.#marked();
    this.#changed();
    this.#repair.landed();
  }

  // -- peers -----------------------------------------------------------------------------------------------------------

  peerUp(actor: ActorId): void {
    this.followers.linkUp(actor);
    this.#query();
    this.#copy.touched();
  }

  peerDown(actor: ActorId): void {
    const relay = relayOf(actor);
    this.followers.linkDown(actor);
    this.#copies.linkDown(actor);
    this.#completeness.linkDown(relay);
    this.#repair.linkDown(actor);
    this.#queried.delete(actor);
    this.#follow(this.#delivery.unanswered(relay, undefined, this.#nowMs));
  }

  ringChanged(): void {
    this.#copies.place(this.#context.peers.ringId, this.#place.replicas);
    this.#completeness.place(this.#place.former());
    if (this.#completeness.shouldMark) this.#copy.log.complete();
    this.#query();
    this.followers.tellAll();
    this.#copy.copiesChanged();
    this.#copy.touched();
  }

  /** `message` speaks of this generation. */
  received(from: ActorId, ring: RingId, message: LineageMessage): void {
    switch (message.type) {
      case "entries":
        this.#entriesCame(from, message);
        break;
      case "want":
        this.#sayAll(from, answersToWant(this.#copy, message.run, this.upstream));
        break;
      case "unavailable":
        if (message.isFolded) this.#repair.request(relayOf(from));
        this.#follow(this.#delivery.unanswered(relayOf(from), message.run.actor, this.#nowMs));
        break;
      case "durable":
        this.#durableCame(from, ring, message);
        break;
      case "durable-query":
        this.followers.asked(from);
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

  /** Asks for the same in return. */
  compareWith(actor: ActorId): void {
    this.#repair.compareWith(actor);
  }

  // -- time ------------------------------------------------------------------------------------------------------------

  expire(): void {
    for (const entry of this.#copy.isOpen ? this.#delivery.overdue(this.#nowMs) : [])
      if (this.#copy.takeContent(entry.payload, "whole") === "all") this.#passedOver(entry);
    this.#follow(this.#delivery.expire(this.#nowMs));
    this.#repair.expire();
    const { peers } = this.#context;
    for (const relay of this.#completeness.toCompare(this.#nowMs)) {
      const actor = peers.lifeOf(relay);
      if (actor !== undefined) this.#repair.compareWith(actor);
    }
    this.#copy.touched();
  }

  /** Notes when there is something to do; nothing where that is never. */
  schedule(): void {
    const { deadlines } = this.#context;
    const deadline = { type: "replicate", room: this.#copy.lineage.room } as const;
    const compareMs = this.#canCompare ? this.#completeness.nextDeadline() : Number.POSITIVE_INFINITY;
    const atMs = Math.min(this.#delivery.nextDeadline(), this.#repair.nextDeadline(), compareMs);
    if (atMs === Number.POSITIVE_INFINITY) deadlines.clear(deadline);
    else deadlines.set(deadline, Math.max(atMs, this.#nowMs));
  }

  /** Whether somebody is there with whom it has to compare before it is complete: what was compared is known in memory only. */
  get #canCompare(): boolean {
    return this.#completeness.missing.some((relay) => this.#context.peers.lifeOf(relay) !== undefined);
  }

  // -- entries ---------------------------------------------------------------------------------------------------------

  #entriesCame(from: ActorId, { entries, upstream }: Message<"entries">): void {
    if (!this.#copy.isOpen) return;
    // The disk takes nothing now: it asks when it does.
    if (this.#context.store.refusal !== undefined) return this.#changed();
    this.followers.add(from);
    for (const entry of entries) this.#follow(this.#delivery.offer(entry, { sender: relayOf(from), upstream }, this.#nowMs));
    this.#repair.landed();
    // What was here already is told at once: whoever sends it again does not know.
    this.followers.tell(from);
  }

  #passedOver(entry: Entry): void {
    this.#delivery.passedOver(entry.dot);
    this.#context.report({ type: "passed-over", room: this.#copy.lineage.room });
    this.#follow(this.#delivery.advanced(this.#nowMs));
  }

  #follow(steps: readonly DeliveryStep[]): void {
    const { lineage } = this.#copy;
    for (const step of steps) {
      if (step.type === "deliver") this.#copy.takeEntry(step.entry);
      else if (step.type === "ask") this.#sayTo(step.of, { type: "want", lineage, run: step.run });
      else this.#repair.request(step.with);
    }
  }

  /** Own entries go to the replicas; what a replica has goes to those who hold the room and are none. */
  #forward(entries: readonly Entry[]): void {
    const { peers } = this.#context;
    if (peers.linked.length === 0 || entries.length === 0) return;
    const { lineage } = this.#copy;
    const own = entriesMessages(
      lineage,
      this.upstream,
      entries.filter((entry) => this.#isOwn(entry)),
    );
    const all = this.#place.isReplica ? entriesMessages(lineage, undefined, entries) : [];
    for (const actor of peers.linked) {
      if (this.#place.isOn(relayOf(actor))) this.#sayAll(actor, own);
      else if (this.followers.has(actor)) this.#sayAll(actor, all);
    }
  }

  #isOwn({ dot }: Entry): boolean {
    return relayOf(dot.actor) === this.#context.self;
  }

  // -- durability ------------------------------------------------------------------------------------------------------

  #query(): void {
    const { peers, self } = this.#context;
    if (!this.#isWanted || peers.linked.length === 0) return;
    const { lineage } = this.#copy;
    for (const relay of this.#place.replicas) {
      const actor = relay === self ? undefined : peers.lifeOf(relay);
      if (actor === undefined || this.#queried.has(actor)) continue;
      this.#queried.add(actor);
      this.#say(actor, { type: "durable-query", lineage });
      this.#repair.compareWith(actor);
    }
  }

  #durableCame(from: ActorId, ring: RingId, { isWhole, isComplete, clock }: Message<"durable">): void {
    const { lineage } = this.#copy;
    if (!this.#copies.heard({ actor: from, ring, isWhole, isComplete, clock })) this.#say(from, { type: "durable-query", lineage });
    this.#copy.copiesChanged();
    // A whole clock comes on a new link: what its relay lacks of this one's entries is sent again.
    if (!isWhole || !this.#place.isOn(relayOf(from))) return;
    const owed = durableTail(this.#copy).filter((entry) => this.#isOwn(entry) && !clock.contains(entry.dot));
    this.#sayAll(from, entriesMessages(lineage, this.upstream, owed));
  }

  // -- what was compared ----------------------------------------------------------------------------------------------

  /** Everything that `relay` has of the room is on this disk. */
  #has({ relay, ring, clock, isComplete }: Had): void {
    if (!this.#copy.log.durableClock.covers(clock)) {
      this.#copy.takeClock(clock);
      this.#changed();
    }
    this.#copies.ownCovers(clock);
    this.#completeness.compared(relay, ring, isComplete);
    this.comparedWith(relay);
    if (this.#completeness.shouldMark && !this.#completeness.isComplete) this.#copy.log.complete();
    this.#copy.touched();
    this.#follow(this.#delivery.advanced(this.#nowMs));
    this.followers.tellAll();
    this.#copy.copiesChanged();
  }

  // -- words -----------------------------------------------------------------------------------------------------------

  get #nowMs(): number {
    return this.#context.now.monotonicMs;
  }

  #sayTo(relay: RelayId, message: MeshRoomMessage): void {
    const actor = this.#context.peers.lifeOf(relay);
    if (actor !== undefined) this.#say(actor, message);
  }

  #sayAll(to: ActorId, messages: readonly MeshRoomMessage[]): void {
    for (const message of messages) this.#say(to, message);
  }

  #say(to: ActorId, message: MeshRoomMessage): void {
    this.#context.peers.tell(to, message);
  }
}
