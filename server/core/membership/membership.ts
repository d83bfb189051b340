/**
 * Membership: which relays there are, which of them seem alive, and how the ring stands; the same view everywhere, soon,
 * without anybody in charge. SWIM (Das, Gupta, Motivala, DSN 2002) with Lifeguard's corrections (arXiv 1707.00788), over
 * links that are proven before a byte arrives here.
 *
 *     link, frame, time ─▶ Membership ─▶ FailureDetector   who does not answer?
 *                              │    └──▶ Members           what do we believe of each life?      ─▶ member-changed
 *                              ├───────▶ RumorQueue        what have others not heard yet?       ─▶ send
 *                              ├───────▶ RingExchange      do our rings differ?                  ─▶ ring-changed
 *                              ├───────▶ DialPlan          whom to call?                         ─▶ dial
 *                              └───────▶ ContestedNames    do two lives claim one name?          ─▶ contested
 *
 * This file only routes, and packs what one step has for a peer into one frame: probes and answers carry rumors along, and
 * whoever is believed suspect or dead is told so with the first of them, so that it can refute; so are those who are asked to probe it.
 * Somebody dead who speaks, be it without a word, is answered with that.
 *
 * Told `now` with every input; asks nothing. Invariants: a view of who is alive never changes the ring; time during which
 * this relay itself stood still counts against nobody; a send may be lost; after `leave` only the goodbye is spread.
 */
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import { unreachable } from "@inkmesh/shared/base/assert";
import { shuffled, type Random } from "@inkmesh/shared/base/random";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { MeshFrame, MeshMessage, Rumor } from "@inkmesh/shared/wire/mesh-message";
import { ringIdOf } from "@inkmesh/shared/wire/ring-codec";
import { RumorQueue } from "../gossip/rumor-queue.ts";
import { ContestedNames, type Contest } from "./contested-names.ts";
import { DialPlan, type KnownAddress } from "./dial-plan.ts";
import { FailureDetector, type DetectorStep } from "./failure-detector.ts";
import { LocalHealth } from "./local-health.ts";
import { isPresent, type Member } from "./member.ts";
import { Members, type MemberChange } from "./members.ts";
import type { MembershipLimits } from "./membership-limits.ts";
import { RingExchange } from "./ring-exchange.ts";
import type { RingRecords } from "./ring-records.ts";
import { RoundTrips } from "./round-trips.ts";

export type MembershipInput =
  /** A link to `actor` was proven. `dialled`: the address of a `dial` that led to it; undefined when it was accepted. */
  | { readonly type: "link-up"; readonly actor: ActorId; readonly address: string; readonly dialled: string | undefined }
  | { readonly type: "link-down"; readonly actor: ActorId }
  /** A `dial` came to nothing. `met`: who answered all the same: this relay itself, or one that has a link already. */
  | { readonly type: "dial-failed"; readonly address: string; readonly met: ActorId | undefined }
  | { readonly type: "frame"; readonly from: ActorId; readonly frame: MeshFrame }
  /** This relay, or an operator through it, writes records. */
  | { readonly type: "ring-written"; readonly records: readonly RingRecord[] }
  /** How late the event loop runs, 99 of 100 times; told now and then. */
  | { readonly type: "event-loop-delay"; readonly ms: number }
  /** This relay ends on purpose. */
  | { readonly type: "leave" }
  | { readonly type: "deadline-reached" };

export type MembershipEffect =
  /** One frame to a linked peer; its `ring` is this relay's RingId at the moment of sending. */
  | { readonly type: "send"; readonly to: ActorId; readonly frame: MeshFrame }
  | ({ readonly type: "member-changed" } & MemberChange)
  /** To be kept on disk, and to be placed by. */
  | { readonly type: "ring-changed"; readonly ring: RingRecords }
  /** Answered by `link-up` with this address, or by `dial-failed`. */
  | { readonly type: "dial"; readonly address: string }
  /** Two lives claim one name, or do no longer. */
  | ({ readonly type: "contested" } & Contest)
  /** The table of members is full of living ones. */
  | { readonly type: "turned-away"; readonly actor: ActorId };

export interface MembershipOptions {
  readonly self: ActorId;
  /** Where other relays reach this one; empty when they cannot. */
  readonly address: string;
  /** `--join`. */
  readonly seeds: readonly string[];
  /** What `addresses` said in earlier lives. */
  readonly remembered: readonly KnownAddress[];
  /** As kept on disk. */
  readonly ring: RingRecords;
  readonly limits: MembershipLimits;
  readonly random: Random;
  readonly nowMs: number;
}

export class Membership {
  readonly #self: ActorId;
  readonly #limits: MembershipLimits;
  readonly #random: Random;
  readonly #rumors: RumorQueue;
  readonly #health: LocalHealth;
  readonly #members: Members;
  readonly #detector: FailureDetector;
  readonly #rings: RingExchange;
  readonly #dials: DialPlan;
  readonly #contests: ContestedNames;
  readonly #trips = new RoundTrips();
  /** To whom there is a link. */
  readonly #links = new Set<ActorId>();
  /** What this step has for whom. */
  #outbox = new Map<ActorId, MeshMessage[]>();
  #gossipMs: number;
  #pushPullMs: number;
  #isLeaving = false;

  constructor(options: MembershipOptions) {
    const { self, address, seeds, remembered, limits, random, nowMs } = options;
    this.#self = self;
    this.#limits = limits;
    this.#random = random;
    this.#rumors = new RumorQueue(limits);
    this.#health = new LocalHealth(limits);
    this.#members = new Members({ self, address, limits, rumors: this.#rumors, health: this.#health, nowMs });
    const around = { present: () => this.#othersPresent(), isLinked: (actor: ActorId) => this.#links.has(actor) };
    this.#detector = new FailureDetector({ limits, random, health: this.#health, around, nowMs });
    this.#rings = new RingExchange({ ring: options.ring, limits });
    this.#dials = new DialPlan({ self: relayOf(self), ownAddress: address, seeds, remembered, limits, random, nowMs });
    this.#contests = new ContestedNames(limits);
    this.#gossipMs = nowMs;
    this.#pushPullMs = nowMs + limits.pushPullIntervalMs * (0.5 + random.fraction());
  }

  get ring(): RingRecords {
    return this.#rings.ring;
  }

  /** How much this relay distrusts its own ears; 0 is well. */
  get localHealth(): number {
    return this.#health.score;
  }

  /** All lives that are remembered, this one too. */
  members(): readonly Member[] {
    return this.#members.all();
  }

  /** The one life that speaks for `relay`; undefined when none is there or two claim to. */
  lifeOf(relay: RelayId): Member | undefined {
    return this.#contests.isContested(relay) ? undefined : this.#members.lifeOf(relay);
  }

  /** Whether this relay believes so: it says so to whoever speaks all the same. */
  holdsDead(actor: ActorId): boolean {
    return this.#members.get(actor)?.state === "dead";
  }

  /** Milliseconds to `actor` and back, as its latest probe took; undefined while none has come back. */
  roundTripMs(actor: ActorId): number | undefined {
    return this.#trips.of(actor);
  }

  isLinked(actor: ActorId): boolean {
    return this.#links.has(actor);
  }

  /** Where relays were heard of: to be remembered for the next start. */
  addresses(): readonly KnownAddress[] {
    return this.#dials.addresses();
  }

  /** When `deadline-reached` is due, in monotonic ms. */
  nextDeadline(): number {
    const gossip = this.#rumors.size > 0 && this.#links.size > 0 ? this.#gossipMs : Number.POSITIVE_INFINITY;
    if (this.#isLeaving) return gossip;
    const parts = [this.#members, this.#dials, this.#contests];
    // Who is alone has nobody to probe or to compare with, and need not wake for it.
    const others = this.#othersPresent().length === 0 ? [] : [this.#pushPullMs, this.#detector.nextDeadline()];
    return Math.min(gossip, ...others, ...parts.map((part) => part.nextDeadline()));
  }

  /** What is to be done about `input`, in order. */
  step(input: MembershipInput, nowMs: number): readonly MembershipEffect[] {
    this.#noticeStall(nowMs);
    const ring = this.#rings.ring;
    this.#route(input, nowMs);
    if (!this.#isLeaving) this.#expire(nowMs);
    this.#gossip(nowMs);
    return this.#effects(ring, nowMs);
  }

  /** A deadline handled far too late: it was this relay that was silent. */
  #noticeStall(nowMs: number): void {
    const stalledMs = nowMs - this.nextDeadline();
    if (stalledMs < this.#limits.stallMs) return;
    this.#health.count(1);
    this.#members.postpone(stalledMs);
    this.#detector.abandon(nowMs);
  }

  #route(input: MembershipInput, nowMs: number): void {
    switch (input.type) {
      case "link-up":
        return this.#linkUp(input, nowMs);
      case "link-down":
        return this.#linkDown(input.actor, nowMs);
      case "dial-failed":
        return this.#dialFailed(input.address, input.met, nowMs);
      case "frame":
        return this.#frame(input.from, input.frame, nowMs);
      case "ring-written":
        return this.#mergeRing(input.records, undefined);
      case "event-loop-delay":
        return this.#health.runsLate(input.ms);
      case "leave":
        return this.#leave(nowMs);
      case "deadline-reached":
        return;
      default:
        return unreachable(input);
    }
  }

  #dialFailed(address: string, met: ActorId | undefined, nowMs: number): void {
    if (met === this.#self) return this.#dials.isOwn(address, nowMs);
    this.#dials.failed(address, met === undefined ? undefined : relayOf(met), nowMs);
  }

  #linkUp({ actor, address, dialled }: Extract<MembershipInput, { type: "link-up" }>, nowMs: number): void {
    this.#linkDown(actor, nowMs);
    this.#dials.linkUp(relayOf(actor), dialled);
    this.#links.add(actor);
    this.#members.greet(actor, address, nowMs);
    this.#say(actor, { type: "push-pull", rumors: this.#members.rumors(), answer: false });
  }

  #linkDown(actor: ActorId, nowMs: number): void {
    if (!this.#links.delete(actor)) return;
    this.#dials.linkDown(relayOf(actor), nowMs);
    this.#rings.linkDown(actor);
    this.#trips.linkDown(actor);
    const member = this.#members.get(actor);
    if (member !== undefined && isPresent(member)) this.#detector.hurry(actor, nowMs);
  }

  #frame(from: ActorId, frame: MeshFrame, nowMs: number): void {
    if (!this.#links.has(from)) return;
    for (const message of frame.messages) this.#hear(from, message, nowMs);
    // Both sides may believe each other dead over a link that outlived a partition: nobody probes there.
    if (this.holdsDead(from)) this.#say(from, { type: "rumors", rumors: [] });
    const asking = this.#rings.named(from, frame.ring, nowMs);
    if (asking !== undefined) this.#say(from, asking);
  }

  #hear(from: ActorId, message: MeshMessage, nowMs: number): void {
    switch (message.type) {
      case "probe":
        return this.#say(from, { type: "ack", seq: message.seq });
      case "ack":
        this.#trips.answered(from, message.seq, nowMs);
        return this.#follow(this.#detector.acked(from, message.seq), nowMs);
      case "indirect-probe":
        return this.#follow(this.#detector.asked(from, message.seq, message.target, nowMs), nowMs);
      case "nack":
        return this.#detector.nacked(from, message.seq);
      case "rumors":
        return this.#setRight(
          from,
          message.rumors.map((rumor) => this.#members.hear(rumor, nowMs)),
        );
      case "push-pull":
        this.#setRight(
          from,
          message.rumors.map((rumor) => this.#members.hearSummary(rumor, from, nowMs)),
        );
        if (message.answer) this.#say(from, { type: "push-pull", rumors: this.#members.rumors(), answer: false });
        return;
      case "ring":
        this.#mergeRing(message.records, from);
        if (message.answer && ringIdOf(message.records) !== this.#rings.ring.id) this.#say(from, this.#rings.tell(false));
        return;
      default:
      // What is said about rooms is for others.
    }
  }

  /** Tells a peer what it has not heard. */
  #setRight(to: ActorId, corrections: readonly (Rumor | undefined)[]): void {
    const rumors = corrections.filter((rumor) => rumor !== undefined);
    if (rumors.length > 0) this.#say(to, { type: "rumors", rumors });
  }

  /** News about the ring goes on to a few others, written here to all. */
  #mergeRing(records: readonly RingRecord[], from: ActorId | undefined): void {
    if (!this.#rings.merge(records)) return;
    for (const { relay } of records) if (this.#isGone(relay)) this.#dials.drop(relay);
    const others = shuffled(this.#random, [...this.#links]).filter((actor) => actor !== from);
    for (const to of from === undefined ? others : others.slice(0, this.#limits.gossipFanOut)) this.#say(to, this.#rings.tell(false));
  }

  #leave(nowMs: number): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#members.leave(nowMs);
    const goodbye = this.#members.rumorOf(this.#members.get(this.#self)!);
    for (const actor of this.#links) this.#say(actor, { type: "rumors", rumors: [goodbye] });
  }

  #expire(nowMs: number): void {
    this.#follow(this.#detector.expire(nowMs), nowMs);
    this.#members.expire(nowMs);
    if (this.#pushPullMs > nowMs) return;
    this.#pushPullMs = nowMs + this.#limits.pushPullIntervalMs;
    const [partner] = shuffled(
      this.#random,
      this.#othersPresent().filter((actor) => this.#links.has(actor)),
    );
    if (partner !== undefined) this.#say(partner, { type: "push-pull", rumors: this.#members.rumors(), answer: true });
  }

  #follow(steps: readonly DetectorStep[], nowMs: number): void {
    for (const step of steps) {
      if (step.type === "unanswered") {
        this.#members.suspect(step.actor, nowMs);
        continue;
      }
      if (step.message.type === "probe") this.#trips.asked(step.to, step.message.seq, nowMs);
      this.#say(step.to, step.message);
    }
  }

  /** A few random members hear what is new; so do the dead, as long as there is a link: their own death is among it. */
  #gossip(nowMs: number): void {
    if (this.#rumors.size === 0 || this.#links.size === 0 || this.#gossipMs > nowMs) return;
    this.#gossipMs = nowMs + this.#limits.gossipIntervalMs;
    const listeners = [...this.#links].filter((actor) => this.#members.get(actor)?.state !== "left");
    for (const to of shuffled(this.#random, listeners).slice(0, this.#limits.gossipFanOut)) this.#say(to, { type: "rumors", rumors: [] });
  }

  #say(to: ActorId, message: MeshMessage): void {
    if (!this.#links.has(to)) return;
    const messages = this.#outbox.get(to);
    if (messages === undefined) this.#outbox.set(to, [message]);
    else messages.push(message);
  }

  #effects(ringBefore: RingRecords, nowMs: number): readonly MembershipEffect[] {
    const effects: MembershipEffect[] = [];
    for (const actor of this.#members.takeTurnedAway()) effects.push({ type: "turned-away", actor });
    for (const change of this.#members.takeChanges()) {
      const { relay, address } = change.member;
      if (this.#isGone(relay)) this.#dials.drop(relay);
      else this.#dials.learn(relay, address, nowMs);
      effects.push({ type: "member-changed", ...change });
    }
    for (const contest of this.#contests.review(this.#members.all(), nowMs)) effects.push({ type: "contested", ...contest });
    if (this.#rings.ring !== ringBefore) effects.push({ type: "ring-changed", ring: this.#rings.ring });
    effects.push(...this.#frames());
    if (!this.#isLeaving) for (const address of this.#dials.due(nowMs)) effects.push({ type: "dial", address });
    return effects;
  }

  #frames(): readonly MembershipEffect[] {
    const outbox = this.#outbox;
    this.#outbox = new Map();
    return [...outbox].flatMap(([to, messages]): readonly MembershipEffect[] => {
      const packed = this.#withRumors(to, messages);
      return packed.length === 0 ? [] : [{ type: "send", to, frame: { ring: this.#rings.ring.id, messages: packed } }];
    });
  }

  /** Rumors ride along on anything but a push-pull, which has them all. */
  #withRumors(to: ActorId, messages: readonly MeshMessage[]): readonly MeshMessage[] {
    const own = messages.flatMap((message) => (message.type === "rumors" ? message.rumors : []));
    const others = messages.filter((message) => message.type !== "rumors");
    if (others.some((message) => message.type === "push-pull")) return others;
    const rumors = new Map<ActorId, Rumor>();
    for (const actor of [to, ...messages.flatMap((message) => (message.type === "indirect-probe" ? message.target : []))]) {
      const member = this.#members.get(actor);
      if (member?.state === "suspect" || member?.state === "dead") rumors.set(actor, this.#members.rumorOf(member));
    }
    for (const rumor of [...own, ...this.#rumors.take(this.#members.present().length, this.#limits.rumorBytesMax)]) {
      if (!rumors.has(rumor.actor)) rumors.set(rumor.actor, rumor);
    }
    return rumors.size === 0 ? others : [...others, { type: "rumors", rumors: [...rumors.values()] }];
  }

  /** A relay that gave up its place and has no life that may be there is not called any more, but where it is a seed. */
  #isGone(relay: RelayId): boolean {
    const status = this.#rings.ring.status(relay);
    if (status !== "left" && status !== "forgotten") return false;
    return !this.#members.present().some((member) => member.relay === relay);
  }

  #othersPresent(): readonly ActorId[] {
    return this.#members
      .present()
      .filter((member) => member.actor !== this.#self)
      .map((member) => member.actor);
  }
}
