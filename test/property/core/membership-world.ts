/**
 * MembershipWorld: a few relays' memberships on a model network, with a clock of its own: what is sent is delayed, lost, cut
 * off or held by a relay that stands still, as a seeded stream of chance decides. Frames go through the codec.
 *
 * What it models of links: dialling takes a round trip and fails towards a relay that does not run or cannot be reached;
 * two relays have one link; when a process ends its peers notice at once, when a machine vanishes or a cable is cut they
 * notice late. A relay that stands still reads nothing; when it goes on, its timers come before its sockets, as in Node.
 *
 * Invariants that it checks at every step: nobody believes in an incarnation that its life never had, or in a goodbye that
 * was not said; a life believes itself alive.
 */
import { createHash } from "node:crypto";
import { actorOf, relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import { randomInteger, seededRandom, type Random } from "@inkmesh/shared/base/random";
import { decodeMeshFrame, encodeMeshFrame } from "@inkmesh/shared/wire/mesh-codec";
import { Membership, type MembershipEffect, type MembershipInput } from "../../../server/core/membership/membership.ts";
import type { MembershipLimits } from "../../../server/core/membership/membership-limits.ts";
import { RingRecords } from "../../../server/core/membership/ring-records.ts";
import { membershipLimits } from "../../unit/core/membership/a-membership.ts";
import { TimedWorld } from "../../harness/timed-world.ts";

export interface Weather {
  /** Share of the frames that are lost. */
  readonly loss: number;
  readonly delayMsMax: number;
}

interface Life {
  readonly actor: ActorId;
  readonly address: string;
  readonly membership: Membership;
  phase: "runs" | "stands still" | "ended";
  /** What waits while it stands still. */
  readonly waiting: MembershipInput[];
  timer: number;
}

/** Somebody was believed to be in a state at a moment. */
export interface Sighting {
  readonly atMs: number;
  readonly by: ActorId;
  readonly of: ActorId;
  readonly state: string;
}

export class MembershipWorld extends TimedWorld {
  readonly limits: MembershipLimits;
  readonly sightings: Sighting[] = [];
  readonly contests: { readonly by: ActorId; readonly relay: RelayId; readonly actors: readonly ActorId[] }[] = [];
  weather: Weather = { loss: 0, delayMsMax: 20 };
  readonly #random: Random;
  readonly #trace = createHash("sha256");
  readonly #lives = new Map<ActorId, Life>();
  /** Pairs that hear nothing of each other. */
  readonly #cut = new Set<string>();
  readonly #links = new Set<string>();
  readonly #rings = new Map<RelayId, RingRecords>();
  /** What is to come, in order; of one moment what was planned first. */
  #drawn = 0;

  constructor(options: { seed: number; limits?: Partial<MembershipLimits> }) {
    super();
    this.#random = seededRandom(options.seed);
    this.limits = membershipLimits(options.limits);
  }

  /** Everything that was done, in one number: equal for equal seeds. */
  traceHash(): string {
    return this.#trace.copy().digest("hex");
  }

  chance(below: number): number {
    return randomInteger(this.#random, below);
  }

  /** A new life of `relay`, which dials `seeds`. */
  start(relay: string, seeds: readonly string[], address = addressOfRelay(relay)): ActorId {
    const self = actorOf(relay as RelayId, this.#random.bytes(8));
    const ring = this.#rings.get(relay as RelayId) ?? RingRecords.empty;
    const random = seededRandom(this.chance(2 ** 31));
    const options = {
      self,
      address,
      seeds: seeds.map(addressOfRelay),
      remembered: [],
      ring,
      limits: this.limits,
      random,
      nowMs: this.nowMs,
    };
    this.#lives.set(self, { actor: self, address, membership: new Membership(options), phase: "runs", waiting: [], timer: 0 });
    this.tell(self, { type: "deadline-reached" });
    return self;
  }

  /** The process ends; `noticed`: its sockets are closed at once, otherwise the machine vanished. */
  end(actor: ActorId, noticed: boolean): void {
    this.#life(actor).phase = "ended";
    for (const peer of this.#peers(actor)) this.#breakLink(actor, peer, noticed ? 5 : 10_000 + this.chance(10_000));
  }

  standStill(actor: ActorId, ms: number): void {
    const life = this.#life(actor);
    life.phase = "stands still";
    this.at(this.nowMs + ms, () => {
      if (life.phase !== "stands still") return;
      life.phase = "runs";
      this.tell(actor, { type: "deadline-reached" });
      for (const input of life.waiting.splice(0)) this.tell(actor, input);
    });
  }

  leave(actor: ActorId): void {
    this.tell(actor, { type: "leave" });
    this.at(this.nowMs + 500, () => this.end(actor, true));
  }

  /** Cuts every pair with one in `side` and one outside of it; their links end when the machines notice, if they ever do. */
  cut(side: readonly ActorId[], linksEnd = true): void {
    for (const one of side) {
      for (const other of this.#lives.keys()) {
        if (side.includes(other)) continue;
        const cut = pair(one, other);
        this.#cut.add(cut);
        if (linksEnd && this.#links.has(cut)) this.#breakLink(one, other, 3_000 + this.chance(60_000), () => this.#cut.has(cut));
      }
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  /** `actor` writes its ring by `change`. */
  writeRing(actor: ActorId, change: (ring: RingRecords) => RingRecords): void {
    this.tell(actor, { type: "ring-written", records: change(this.membership(actor).ring).entries() });
  }

  membership(actor: ActorId): Membership {
    return this.#life(actor).membership;
  }

  running(): readonly ActorId[] {
    return [...this.#lives.values()].filter((life) => life.phase === "runs").map((life) => life.actor);
  }

  /** What `by` believes of `of`: its state, or "unknown". */
  belief(by: ActorId, of: ActorId): string {
    return (
      this.membership(by)
        .members()
        .find((member) => member.actor === of)?.state ?? "unknown"
    );
  }

  /** Whether all that run know, link and believe alive all that run, and believe nobody else present. */
  agrees(): boolean {
    const running = this.running();
    return running.every((by) => {
      const present = this.membership(by)
        .members()
        .filter((member) => member.state === "alive" || member.state === "suspect");
      if (present.length !== running.length) return false;
      return running.every((of) => this.belief(by, of) === "alive" && (by === of || this.membership(by).isLinked(of)));
    });
  }

  ringsAgree(): boolean {
    return new Set(this.running().map((actor) => this.membership(actor).ring.id)).size <= 1;
  }

  tell(actor: ActorId, input: MembershipInput): void {
    const life = this.#life(actor);
    if (life.phase === "ended") return;
    if (life.phase === "stands still") return void life.waiting.push(input);
    const effects = life.membership.step(input, this.nowMs);
    this.#note(`${this.nowMs} ${actor} ${JSON.stringify(input)} ${JSON.stringify(effects)}`);
    for (const effect of effects) this.#perform(life, effect);
    this.#checkBeliefs(life);
    this.#setTimer(life);
  }

  #perform(life: Life, effect: MembershipEffect): void {
    switch (effect.type) {
      case "send":
        return this.#send(life.actor, effect.to, encodeMeshFrame(effect.frame));
      case "dial":
        return this.#dial(life, effect.address);
      case "member-changed":
        this.sightings.push({ atMs: this.nowMs, by: life.actor, of: effect.member.actor, state: effect.member.state });
        return;
      case "contested":
        this.contests.push({ by: life.actor, relay: effect.relay, actors: effect.actors });
        return;
      case "ring-changed":
        this.#rings.set(relayOf(life.actor), effect.ring);
        return;
      case "turned-away":
        return;
    }
  }

  #send(from: ActorId, to: ActorId, bytes: Uint8Array): void {
    if (this.#random.fraction() < this.weather.loss) return;
    this.#later(() => {
      if (!this.#links.has(pair(from, to)) || this.#cut.has(pair(from, to))) return;
      const frame = decodeMeshFrame(bytes);
      if (!frame.ok) throw new Error(`what a relay wrote is not readable: ${frame.refusal.detail}`);
      this.tell(to, { type: "frame", from, frame: frame.value });
    });
  }

  #dial(life: Life, address: string): void {
    this.#later(() => {
      if (life.phase === "ended") return;
      const target = [...this.#lives.values()].find((other) => other.address === address && other.phase !== "ended");
      if (target === life) return this.tell(life.actor, { type: "dial-failed", address, met: life.actor });
      const reachable = target !== undefined && target.phase === "runs" && !this.#cut.has(pair(life.actor, target.actor));
      if (!reachable) return this.tell(life.actor, { type: "dial-failed", address, met: undefined });
      if (this.#links.has(pair(life.actor, target.actor)))
        return this.tell(life.actor, { type: "dial-failed", address, met: target.actor });
      this.#links.add(pair(life.actor, target.actor));
      this.#signs(life, target);
      this.tell(target.actor, { type: "link-up", actor: life.actor, address: life.address, dialled: undefined });
      this.tell(life.actor, { type: "link-up", actor: target.actor, address: target.address, dialled: address });
    });
  }

  /** As long as there is a link, each side lets the other hear something every second. */
  #signs(one: Life, other: Life): void {
    if (!this.#links.has(pair(one.actor, other.actor))) return;
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      if (from.phase === "runs") this.#send(from.actor, to.actor, encodeMeshFrame({ ring: from.membership.ring.id, messages: [] }));
    }
    this.at(this.nowMs + 1_000, () => this.#signs(one, other));
  }

  /** The two sides notice apart, unless `isBroken` says at that time that the link came back. */
  #breakLink(one: ActorId, other: ActorId, afterMs: number, isBroken: () => boolean = () => true): void {
    this.at(this.nowMs + afterMs, () => {
      if (!isBroken() || !this.#links.delete(pair(one, other))) return;
      this.tell(one, { type: "link-down", actor: other });
      this.tell(other, { type: "link-down", actor: one });
    });
  }

  #setTimer(life: Life): void {
    const timer = (life.timer += 1);
    const dueMs = life.membership.nextDeadline();
    if (!Number.isFinite(dueMs)) return;
    if (dueMs <= this.nowMs) throw new Error(`${life.actor} has a deadline that is over: ${dueMs} at ${this.nowMs}`);
    this.at(Math.ceil(dueMs), () => {
      if (life.timer === timer) this.tell(life.actor, { type: "deadline-reached" });
    });
  }

  #checkBeliefs(life: Life): void {
    for (const member of life.membership.members()) {
      const subject = this.#life(member.actor);
      const own = subject.membership.members().find((other) => other.actor === member.actor)!;
      if (member.incarnation > own.incarnation) throw new Error(`${life.actor} believes in an incarnation that ${member.actor} never had`);
      if (member.state === "left" && own.state !== "left") throw new Error(`${life.actor} believes that ${member.actor} left`);
      if (member.actor === life.actor && member.state !== "alive" && member.state !== "left")
        throw new Error(`${life.actor} believes itself ${member.state}`);
    }
  }

  #later(run: () => void): void {
    this.at(this.nowMs + 1 + this.chance(this.weather.delayMsMax), run);
  }

  #peers(actor: ActorId): readonly ActorId[] {
    return [...this.#lives.keys()].filter((other) => this.#links.has(pair(actor, other)));
  }

  #life(actor: ActorId): Life {
    const life = this.#lives.get(actor);
    if (life === undefined) throw new Error(`${actor} never lived`);
    return life;
  }

  #note(line: string): void {
    this.#drawn += 1;
    this.#trace.update(`${this.#drawn} ${line}\n`);
  }
}

export function addressOfRelay(relay: string): string {
  return `ws://${relay}/mesh`;
}

function pair(one: ActorId, other: ActorId): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
