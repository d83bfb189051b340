/**
 * Members: the table of lives that this relay knows of, itself among them, and the rules by which news changes it.
 *
 * - News about others is taken if it is later (`isNews`), spread further, and told as a change. A suspicion runs out into
 *   death here; whoever confirms it shortens it.
 * - News of this relay's own death is refuted with the next incarnation, by nobody else. Who accuses somebody of what was refuted
 *   since is told so (`hear` answers it): rumors are told a limited number of times, and that one may have missed them all.
 * - A life that shows up while another life of the same relay is believed alive: the relay that saw it itself (`greet`)
 *   suspects the other one. Its end is not inferred from the equal name, since folders get cloned: a dead one will not
 *   refute, a clone will, and then both stand as alive and the name is *contested* (`lifeOf` answers neither).
 * - What a push-pull calls dead is only suspected, so that a side of a healed partition can defend itself first.
 *
 * Invariants: an incarnation belongs to one life and never overrides another's; at most `membersMax` lives; the dead stay known
 * for `rememberDeadMs` unless there is no more room, the living always. Being alive or dead never changes the ring.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import type { MemberState, Rumor } from "@inkmesh/shared/wire/mesh-message";
import type { RumorQueue } from "../gossip/rumor-queue.ts";
import type { LocalHealth } from "./local-health.ts";
import { isNews, isOldAccusation, isPresent, type Member } from "./member.ts";
import type { MembershipLimits } from "./membership-limits.ts";
import { Suspicion, suspicionBounds } from "./suspicion.ts";

/** A life came to be known, or is believed to be in another state. */
export interface MemberChange {
  readonly member: Member;
  /** Undefined for a life that was not known. */
  readonly before: MemberState | undefined;
}

export class Members {
  readonly self: ActorId;
  readonly #limits: MembershipLimits;
  readonly #rumors: RumorQueue;
  readonly #health: LocalHealth;
  readonly #table = new Map<ActorId, Member>();
  readonly #suspicions = new Map<ActorId, Suspicion>();
  #changes: MemberChange[] = [];
  #turnedAway: ActorId[] = [];

  constructor(options: {
    self: ActorId;
    address: string;
    limits: MembershipLimits;
    rumors: RumorQueue;
    health: LocalHealth;
    nowMs: number;
  }) {
    const { self, address, nowMs } = options;
    this.self = self;
    this.#limits = options.limits;
    this.#rumors = options.rumors;
    this.#health = options.health;
    this.#table.set(self, { relay: relayOf(self), actor: self, state: "alive", incarnation: 0, address, sinceMs: nowMs });
  }

  get(actor: ActorId): Member | undefined {
    return this.#table.get(actor);
  }

  all(): readonly Member[] {
    return [...this.#table.values()];
  }

  /** Those that may be there, this relay too. */
  present(): readonly Member[] {
    return this.all().filter(isPresent);
  }

  /** The one life that speaks for `relay`: undefined when none is there, or when two lives claim the name. */
  lifeOf(relay: RelayId): Member | undefined {
    const lives = this.present().filter((member) => member.relay === relay);
    const alive = lives.filter((member) => member.state === "alive");
    if (alive.length > 0) return alive.length === 1 ? alive[0] : undefined;
    return lives.length === 1 ? lives[0] : undefined;
  }

  /** All that is believed, as rumors. */
  rumors(): readonly Rumor[] {
    return this.all().map((member) => this.rumorOf(member));
  }

  rumorOf(member: Member): Rumor {
    const { actor, incarnation, address, state } = member;
    if (state !== "suspect") return { actor, incarnation, address, state };
    return { actor, incarnation, address, state, accuser: this.#suspicionOf(actor).accuser };
  }

  /** A link to `actor` was proven: this life is there, now. Another life of the same name has to show that it is, too. */
  greet(actor: ActorId, address: string, nowMs: number): void {
    if (this.#table.has(actor)) return;
    this.hear({ actor, address, incarnation: 0, state: "alive" }, nowMs);
    if (!this.#table.has(actor)) return;
    for (const other of this.all()) {
      if (other.relay === relayOf(actor) && other.actor !== actor) this.suspect(other.actor, nowMs);
    }
  }

  /** `actor` did not answer. */
  suspect(actor: ActorId, nowMs: number): void {
    const member = this.#table.get(actor);
    if (member === undefined || !isPresent(member) || actor === this.self) return;
    this.hear({ actor, address: member.address, incarnation: member.incarnation, state: "suspect", accuser: this.self }, nowMs);
  }

  /** A rumor arrived. Answers what its sender has not heard yet, if it accuses somebody who has refuted since. */
  hear(rumor: Rumor, nowMs: number): Rumor | undefined {
    const known = this.#table.get(rumor.actor);
    if (known !== undefined && isOldAccusation(rumor, known)) return this.rumorOf(known);
    if (rumor.actor === this.self) this.#hearOfSelf(rumor, nowMs);
    else if (known === undefined ? this.#makeRoom(rumor.actor) : isNews(rumor, known)) this.#take(rumor, known, nowMs);
    else if (known?.state === "suspect" && rumor.state === "suspect" && rumor.incarnation === known.incarnation) this.#confirm(rumor);
    return undefined;
  }

  /** A rumor out of everything that `from` believes, perhaps after a long partition. */
  hearSummary(rumor: Rumor, from: ActorId, nowMs: number): Rumor | undefined {
    const known = this.#table.get(rumor.actor);
    // Or the dead would be handed round for ever, each time to somebody who had just forgotten them.
    if (known === undefined && (rumor.state === "dead" || rumor.state === "left")) return undefined;
    const condemns = rumor.state === "dead" && known !== undefined && known.actor !== this.self && isPresent(known);
    return this.hear(condemns ? { ...rumor, state: "suspect", accuser: from } : rumor, nowMs);
  }

  /** This relay says goodbye. */
  leave(nowMs: number): void {
    const self = this.#ownMember();
    if (self.state !== "left") this.#take({ ...this.rumorOf(self), state: "left" }, self, nowMs);
  }

  /** Suspicions that ran out by `nowMs`, and the long dead. */
  expire(nowMs: number): void {
    for (const [actor, suspicion] of this.#suspicions) {
      if (suspicion.endsMs > nowMs) continue;
      const member = this.#known(actor);
      this.#take({ ...this.rumorOf(member), state: "dead" }, member, nowMs);
    }
    for (const member of this.all()) {
      if (this.#forgetsMs(member) <= nowMs) this.#table.delete(member.actor);
    }
  }

  nextDeadline(): number {
    const suspicions = [...this.#suspicions.values()].map((suspicion) => suspicion.endsMs);
    return Math.min(...suspicions, ...this.all().map((member) => this.#forgetsMs(member)));
  }

  /** Time that this relay slept through proves nothing about others. */
  postpone(ms: number): void {
    for (const suspicion of this.#suspicions.values()) suspicion.postpone(ms);
  }

  takeChanges(): readonly MemberChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** Lives that there was no room for. */
  takeTurnedAway(): readonly ActorId[] {
    const turnedAway = this.#turnedAway;
    this.#turnedAway = [];
    return turnedAway;
  }

  #hearOfSelf(rumor: Rumor, nowMs: number): void {
    const self = this.#ownMember();
    if (self.state === "left" || rumor.state === "left" || rumor.incarnation < self.incarnation) return;
    if (rumor.incarnation === self.incarnation && rumor.state === "alive") return;
    this.#health.count(1);
    this.#take({ ...this.rumorOf(self), state: "alive", incarnation: rumor.incarnation + 1 }, self, nowMs);
  }

  #confirm(rumor: Rumor & { readonly state: "suspect" }): void {
    if (this.#suspicionOf(rumor.actor).confirm(rumor.accuser)) this.#rumors.add(rumor);
  }

  #take(rumor: Rumor, known: Member | undefined, nowMs: number): void {
    const { actor, state, incarnation, address } = rumor;
    const sinceMs = known?.state === state ? known.sinceMs : nowMs;
    const member: Member = { relay: relayOf(actor), actor, state, incarnation, address, sinceMs };
    this.#table.set(actor, member);
    this.#suspicions.delete(actor);
    if (rumor.state === "suspect") {
      const bounds = suspicionBounds(this.present().length, this.#limits);
      this.#suspicions.set(actor, new Suspicion({ accuser: rumor.accuser, bounds, nowMs }));
    }
    this.#rumors.add(rumor);
    if (known?.state !== state) this.#changes.push({ member, before: known?.state });
  }

  /** Whether one life more fits, if need be in the place of the longest dead. */
  #makeRoom(newcomer: ActorId): boolean {
    if (this.#table.size < this.#limits.membersMax) return true;
    const gone = this.all().filter((member) => !isPresent(member) && member.actor !== this.self);
    if (gone.length === 0) {
      this.#turnedAway.push(newcomer);
      return false;
    }
    const longest = gone.reduce((oldest, member) => (member.sinceMs < oldest.sinceMs ? member : oldest));
    return this.#table.delete(longest.actor);
  }

  #forgetsMs(member: Member): number {
    const isGone = !isPresent(member) && member.actor !== this.self;
    return isGone ? member.sinceMs + this.#limits.rememberDeadMs : Number.POSITIVE_INFINITY;
  }

  #ownMember(): Member {
    return this.#known(this.self);
  }

  #known(actor: ActorId): Member {
    const member = this.#table.get(actor);
    assert(member !== undefined, "a member that is spoken of is in the table");
    return member;
  }

  #suspicionOf(actor: ActorId): Suspicion {
    const suspicion = this.#suspicions.get(actor);
    assert(suspicion !== undefined, "who is suspect has a suspicion");
    return suspicion;
  }
}
