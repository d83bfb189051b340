/**
 * ModelRelay: one life of a relay in the world of one room, wired from the real parts: causal delivery, copies, completeness,
 * comparison, differences. It is what the wiring of the product has to be, with a set of tokens in place of a document.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { MeshFrame, MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { AntiEntropy, AntiEntropyStep } from "../../../../server/core/gossip/anti-entropy.ts";
import type { CausalDelivery, DeliveryStep } from "../../../../server/core/gossip/causal-delivery.ts";
import type { Completeness } from "../../../../server/core/gossip/completeness.ts";
import type { DifferenceIntake, IntakeStep } from "../../../../server/core/gossip/difference-intake.ts";
import type { DurableCopies } from "../../../../server/core/gossip/durable-copies.ts";
import { DurableTelling } from "../../../../server/core/gossip/durable-telling.ts";
import { RoomComparison, type RoomMoment } from "../../../../server/core/gossip/room-comparison.ts";
import type { RingRecords } from "../../../../server/core/membership/ring-records.ts";
import { lineage } from "../../../unit/core/gossip/a-room.ts";
import { answersToWant, differenceMessages, entriesMessage, planFor, type DifferenceRequest } from "./model-answers.ts";
import { ModelCopy } from "./model-copy.ts";
import { applies, payloadOf, room, tokensOf, type ModelDisk, type Token } from "./model-disk.ts";
import { partsOf } from "./model-parts.ts";
import { ModelPlace } from "./model-place.ts";
import type { ModelSurroundings } from "./model-surroundings.ts";

export class ModelRelay {
  readonly actor: ActorId;
  readonly self: RelayId;
  readonly disk: ModelDisk;
  readonly copy: ModelCopy;
  readonly place: ModelPlace;
  readonly links = new Map<RelayId, ActorId>();
  readonly #world: ModelSurroundings;
  readonly #delivery: CausalDelivery;
  readonly #copies: DurableCopies;
  readonly #telling = new DurableTelling(lineage);
  readonly #completeness: Completeness;
  readonly #comparison = new RoomComparison();
  readonly #intake: DifferenceIntake;
  readonly #antiEntropy: AntiEntropy;
  readonly #ringAskedMs = new Map<ActorId, number>();
  #unsaved: { readonly token: Token; readonly position: number }[] = [];
  #requests: { readonly from: ActorId; readonly message: DifferenceRequest }[] = [];

  constructor(actor: ActorId, disk: ModelDisk, world: ModelSurroundings) {
    this.actor = actor;
    this.self = relayOf(actor);
    this.disk = disk;
    this.#world = world;
    this.copy = new ModelCopy(disk);
    this.place = new ModelPlace(this.self, disk, world.replicas);
    const parts = partsOf(this.self, disk, { copy: this.copy, place: this.place, world });
    this.#delivery = parts.delivery;
    this.#completeness = parts.completeness;
    this.#copies = parts.copies;
    this.#intake = parts.intake;
    this.#antiEntropy = parts.antiEntropy;
  }

  // -- what the checkers see -------------------------------------------------------------------------------------------

  get isComplete(): boolean {
    return this.#completeness.isComplete;
  }

  get unsaved(): number {
    return this.#unsaved.length;
  }

  // -- inputs ----------------------------------------------------------------------------------------------------------

  edit(token: Token): void {
    const position = this.#enterOwn([token]);
    this.#unsaved.push({ token, position });
  }

  /** Up to `count` entries reach the disk. */
  flush(count: number): void {
    const entries = this.copy.flush(count);
    if (entries.length === 0 && !this.#completeness.shouldMark) return;
    this.#copies.ownDurable(this.copy.durable);
    this.#mark();
    for (const entry of entries) this.#forward(entry);
    for (const { from, message } of this.copy.isSettled ? this.#requests.splice(0) : []) this.#answerRequest(from, message);
    this.#settleIntake();
    this.#standingChanged();
  }

  linkUp(actor: ActorId): void {
    const relay = relayOf(actor);
    this.links.set(relay, actor);
    this.#telling.forget(actor);
    this.#antiEntropy.linkUp(relay, this.#world.nowMs());
    this.#tellDurable(actor);
  }

  linkDown(actor: ActorId): void {
    const relay = relayOf(actor);
    if (this.links.get(relay) !== actor) return;
    this.links.delete(relay);
    this.#telling.forget(actor);
    this.#copies.linkDown(actor);
    this.#completeness.linkDown(relay);
    this.#comparison.linkDown(relay);
    this.#intake.linkDown(actor);
    this.#antiEntropy.linkDown(relay);
    this.#requests = this.#requests.filter((request) => request.from !== actor);
    this.#follow(this.#delivery.unanswered(relay, undefined, this.#world.nowMs()));
  }

  received(from: ActorId, frame: MeshFrame): void {
    if (this.links.get(relayOf(from)) !== from) return;
    for (const message of frame.messages) this.#hear(from, message, frame);
    if (frame.ring === this.disk.ring.id || (this.#ringAskedMs.get(from) ?? -Infinity) + 300 > this.#world.nowMs()) return;
    this.#ringAskedMs.set(from, this.#world.nowMs());
    this.#say(from, { type: "ring", records: this.disk.ring.entries(), answer: true });
  }

  ringChanged(ring: RingRecords): void {
    if (ring === this.disk.ring) return;
    this.disk.ring = ring;
    this.#copies.place(ring.id, this.place.replicas);
    this.#completeness.place(this.place.former());
    this.#antiEntropy.ringChanged(this.#world.nowMs());
    for (const actor of this.links.values()) this.#say(actor, { type: "ring", records: ring.entries(), answer: false });
    this.#standingChanged();
  }

  tick(): void {
    const nowMs = this.#world.nowMs();
    for (const entry of this.#delivery.overdue(nowMs)) {
      const tokens = tokensOf(entry.payload);
      if (!applies(this.copy.content, tokens)) continue;
      const fresh = this.copy.fresh(tokens);
      if (fresh.length > 0) this.#enterOwn(fresh);
      this.#delivery.passedOver(entry.dot);
      this.#world.count("passed over");
    }
    this.#follow(this.#delivery.expire(nowMs));
    this.#followAntiEntropy(this.#antiEntropy.expire(nowMs));
    for (const relay of this.#completeness.toCompare(nowMs)) this.#sayTo(relay, { ...this.copy.moment(this.isComplete), answer: true });
  }

  // -- entries ---------------------------------------------------------------------------------------------------------

  #enterOwn(tokens: readonly Token[]): number {
    const dot = { actor: this.actor, counter: this.copy.clock.counter(this.actor) + 1 };
    const entry: Entry = {
      dot,
      deps: this.copy.clock,
      hlc: { physicalMs: this.#world.nowMs(), logical: 0, relay: this.self },
      author: "",
      payload: payloadOf(tokens),
    };
    this.#world.issued(entry);
    const position = this.#enter(entry);
    this.#follow(this.#delivery.advanced(this.#world.nowMs()));
    return position;
  }

  #enter(entry: Entry): number {
    const position = this.copy.enter(entry);
    assert(this.#copies.entered(entry.dot) === position, "positions count entries");
    this.#antiEntropy.changed(room, this.#world.nowMs());
    return position;
  }

  /** Own entries go to the replicas, what a replica has goes to the edges. */
  #forward(entry: Entry): void {
    const isOwn = relayOf(entry.dot.actor) === this.self;
    for (const [relay, actor] of this.links) {
      const isReplica = this.place.replicas.includes(relay);
      if (isOwn ? isReplica : this.place.isReplica && !isReplica) this.#say(actor, entriesMessage([entry], this.#upstream));
    }
  }

  get #upstream(): RelayId | undefined {
    return this.place.isReplica ? undefined : this.place.replicas.find((relay) => this.links.has(relay));
  }

  #ownOf(entries: readonly Entry[]): readonly Entry[] {
    return entries.filter((entry) => relayOf(entry.dot.actor) === this.self);
  }

  #follow(steps: readonly DeliveryStep[]): void {
    for (const step of steps) {
      if (step.type === "deliver") this.#enter(step.entry);
      else if (step.type === "ask") this.#sayTo(step.of, { type: "want", lineage, run: step.run });
      else {
        this.#world.count("exchange");
        this.#request(step.with);
      }
    }
  }

  // -- durability ------------------------------------------------------------------------------------------------------

  #standingChanged(): void {
    for (const actor of this.links.values()) this.#tellDurable(actor);
    this.#copiesChanged();
    this.#ownPlace();
  }

  #tellDurable(to: ActorId): void {
    const message = this.#telling.tell(to, { ring: this.disk.ring.id, isComplete: this.isComplete, clock: this.copy.durableClock });
    if (message !== undefined) this.#say(to, message);
  }

  #copiesChanged(): void {
    while ((this.#unsaved[0]?.position ?? Infinity) <= this.#copies.savedTo) {
      const { token, position } = this.#unsaved.shift()!;
      this.#world.saved(token, this.#copies.holdersAt(position), this.place.replicas);
    }
  }

  #heardDurable(from: ActorId, message: MeshRoomMessage & { type: "durable" }, ring: MeshFrame["ring"]): void {
    const { isWhole, isComplete, clock } = message;
    if (!this.#copies.heard({ actor: from, ring, isWhole, isComplete, clock }))
      this.#say(from, { type: "durable-query", lineage, isAsking: true });
    this.#copiesChanged();
    // A whole clock comes on a new link: what its relay lacks of this one's entries is sent again.
    const owed =
      isWhole && this.place.replicas.includes(relayOf(from)) ? this.#ownOf(this.disk.log).filter(({ dot }) => !clock.contains(dot)) : [];
    if (owed.length > 0) this.#say(from, entriesMessage(owed, this.#upstream));
  }

  // -- comparison ------------------------------------------------------------------------------------------------------

  #compareCame(from: ActorId, theirs: RoomMoment, ring: MeshFrame["ring"]): void {
    const relay = relayOf(from);
    if (!this.copy.isSettled) {
      if (theirs.answer) this.#antiEntropy.changed(room, this.#world.nowMs());
      return;
    }
    const isUrgent = this.#completeness.missing.includes(relay);
    const mine = this.copy.moment(this.isComplete);
    for (const step of this.#comparison.compare(relay, { mine, theirs, unnamed: VectorClock.empty, isUrgent })) {
      if (step.type === "answer") this.#say(from, this.copy.moment(this.isComplete));
      if (step.type === "look-again") this.#antiEntropy.changed(room, this.#world.nowMs());
      if (step.type === "request-difference") this.#request(relay);
      if (step.type === "equal") {
        if (!this.copy.clock.covers(step.clock)) this.#world.count("clocks joined");
        this.#has(relay, ring, step);
      }
    }
  }

  #request(relay: RelayId): void {
    const actor = this.links.get(relay);
    if (actor === undefined) return;
    const message = this.#intake.begin(actor, { clock: this.copy.durableClock, stateVector: new Uint8Array(0) }, this.#world.nowMs());
    if (message !== undefined) this.#say(actor, message);
  }

  #answerRequest(from: ActorId, request: DifferenceRequest): void {
    const plan = planFor(this.disk.log, request, this.#world.limits);
    this.#world.count(`difference of ${plan.type}`);
    const disk = { log: this.disk.log, clock: this.copy.durableClock, isComplete: this.isComplete };
    this.#sayAll(from, differenceMessages(plan, disk, request.exchange, this.#upstream));
  }

  #followIntake(steps: readonly IntakeStep[]): void {
    for (const step of steps) {
      if (step.type === "given-up") continue;
      const tokens = tokensOf(step.state);
      const fresh = this.copy.fresh(tokens);
      const isWhole = applies(this.copy.content, fresh);
      const position = isWhole && fresh.length > 0 ? this.#enterOwn(fresh) : this.copy.entered;
      this.#intake.stored(step.from, step.exchange, isWhole ? position : undefined);
    }
    this.#settleIntake();
  }

  #settleIntake(): void {
    for (const covered of this.#intake.settle(this.copy.durable, this.copy.durableClock))
      this.#has(relayOf(covered.from), this.disk.ring.id, covered);
  }

  /** Everything that `relay` has of the room is on this disk. */
  #has(
    relay: RelayId,
    ring: MeshFrame["ring"],
    { clock, isComplete }: { readonly clock: VectorClock; readonly isComplete: boolean },
  ): void {
    this.#join(clock);
    this.#completeness.compared(relay, ring, isComplete);
    this.#mark();
    this.#standingChanged();
  }

  /** `clock` names nothing that is not on this disk. */
  #join(clock: VectorClock): void {
    if (this.copy.join(clock)) this.#antiEntropy.changed(room, this.#world.nowMs());
    this.#copies.ownCovers(clock);
    this.#follow(this.#delivery.advanced(this.#world.nowMs()));
  }

  // -- place -----------------------------------------------------------------------------------------------------------

  #mark(): void {
    if (!this.#completeness.shouldMark || (this.disk.log.length === 0 && this.copy.clock.size === 0 && this.isComplete)) return;
    this.disk.isMarked = true;
    this.#completeness.marked();
    this.#copies.ownCompleteness(true);
  }

  /** Once all that the ring places here is complete, the disk is whole under it, and this relay belongs for good. */
  #ownPlace(): void {
    if (this.place.isReplica && !this.isComplete) return;
    this.disk.wholeRing = this.disk.ring;
    const { ring } = this.disk;
    if (ring.status(this.self) === "joining") this.ringChanged(ring.advance(this.self, "member"));
    const isElsewhere = this.#copies.holders(this.copy.durableClock).length === this.place.replicas.length;
    if (ring.status(this.self) === "leaving" && isElsewhere && this.copy.isSettled) this.ringChanged(ring.advance(this.self, "left"));
  }

  // -- words -----------------------------------------------------------------------------------------------------------

  #hear(from: ActorId, message: MeshMessage, frame: MeshFrame): void {
    const relay = relayOf(from);
    const nowMs = this.#world.nowMs();
    switch (message.type) {
      case "ring":
        this.ringChanged(this.disk.ring.merge(message.records));
        if (message.answer) this.#say(from, { type: "ring", records: this.disk.ring.entries(), answer: false });
        return;
      case "entries":
        for (const entry of message.entries)
          this.#follow(this.#delivery.offer(entry, { sender: relay, upstream: message.upstream }, nowMs));
        return this.#settleIntake();
      case "want":
        return this.#sayAll(from, answersToWant(this.disk.log, message.run, this.#upstream));
      case "unavailable":
        return this.#follow(this.#delivery.unanswered(relay, message.run.actor, nowMs));
      case "durable":
        return this.#heardDurable(from, message, frame.ring);
      case "durable-query":
        this.#telling.forget(from);
        return this.#tellDurable(from);
      case "tree":
        return this.#followAntiEntropy(this.#antiEntropy.treeCame(relay, message, nowMs));
      case "digests":
        return this.#followAntiEntropy(this.#antiEntropy.digestsCame(relay, message, nowMs));
      case "compare":
        return this.#compareCame(from, message, frame.ring);
      case "difference-request":
        if (this.copy.isSettled) return this.#answerRequest(from, message);
        this.#requests.push({ from, message });
        return;
      case "difference":
        return this.#followIntake(this.#intake.differenceCame(from, message));
      case "cover":
        return this.#followIntake(this.#intake.coverCame(from, message));
      default:
    }
  }

  #followAntiEntropy(steps: readonly AntiEntropyStep[]): void {
    for (const step of steps) {
      if (step.type === "send") this.#sayTo(step.to, step.message);
      else if (this.copy.isSettled) this.#sayTo(step.with, { ...this.copy.moment(this.isComplete), answer: true });
      else this.#antiEntropy.changed(room, this.#world.nowMs());
    }
  }

  #sayTo(relay: RelayId, message: MeshMessage): void {
    const actor = this.links.get(relay);
    if (actor !== undefined) this.#say(actor, message);
  }

  #sayAll(to: ActorId, messages: readonly MeshMessage[]): void {
    for (const message of messages) this.#say(to, message);
  }

  #say(to: ActorId, message: MeshMessage): void {
    this.#world.send(this.actor, to, { ring: this.disk.ring.id, messages: [message] });
  }
}
