/**
 * FailureDetector: finds out who does not answer, one member per interval (SWIM, section 3, with Lifeguard's nacks).
 *
 *     interval n:  probe ──▶ target                           ack: fine
 *                    │ probeTimeout, or there is no link
 *                    ▼
 *                  indirect-probe ──▶ k others ──probe──▶ target     ack from any: fine
 *                    │                      └──nack──▶ "silent to me too"
 *                    ▼ end of the interval, or everybody whom there is to ask said nack
 *                  unanswered: the caller suspects the target
 *
 * Members are probed in a random order that is drawn anew after each round, so that the time to notice a death is bounded
 * by two rounds, and not only expected to be one. All times grow with `LocalHealth`.
 *
 * Invariants: one probe at a time; every probe ends as answered or unanswered, unless this relay stood still meanwhile
 * (then it proves nothing); an ack counts only from the target or from who was asked; favours for others are at most
 * `favoursMax`. Knows nothing about states: silence is all it reports.
 */
import type { ActorId } from "@inkmesh/shared/base/ids";
import { shuffled, type Random } from "@inkmesh/shared/base/random";
import type { MeshMessage } from "@inkmesh/shared/wire/mesh-message";
import type { LocalHealth } from "./local-health.ts";
import type { MembershipLimits } from "./membership-limits.ts";

/** Whom the detector may probe and ask. */
export interface Surroundings {
  /** The others that may be there. */
  present(): readonly ActorId[];
  isLinked(actor: ActorId): boolean;
}

export type DetectorStep =
  | { readonly type: "send"; readonly to: ActorId; readonly message: MeshMessage }
  | { readonly type: "unanswered"; readonly actor: ActorId };

interface Probe {
  readonly target: ActorId;
  readonly seq: number;
  /** Until when the direct answer may take; undefined once others were asked. */
  directUntilMs: number | undefined;
  readonly endsMs: number;
  readonly asked: Set<ActorId>;
  readonly nacked: Set<ActorId>;
}

/** A probe done for somebody else. */
interface Favour {
  readonly from: ActorId;
  readonly theirSeq: number;
  readonly target: ActorId;
  readonly nackAtMs: number;
}

export class FailureDetector {
  readonly #limits: MembershipLimits;
  readonly #random: Random;
  readonly #health: LocalHealth;
  readonly #around: Surroundings;
  readonly #favours = new Map<number, Favour>();
  /** Who is still to be probed in this round, the next one last. */
  #order: ActorId[] = [];
  #probe: Probe | undefined;
  #nextMs: number;
  #seq = 0;

  constructor(options: { limits: MembershipLimits; random: Random; health: LocalHealth; around: Surroundings; nowMs: number }) {
    this.#limits = options.limits;
    this.#random = options.random;
    this.#health = options.health;
    this.#around = options.around;
    this.#nextMs = options.nowMs;
  }

  nextDeadline(): number {
    const own = this.#probe === undefined ? this.#nextMs : (this.#probe.directUntilMs ?? this.#probe.endsMs);
    return [...this.#favours.values()].reduce((earliest, favour) => Math.min(earliest, favour.nackAtMs), own);
  }

  /** What is due by `nowMs`. */
  expire(nowMs: number): readonly DetectorStep[] {
    const steps = this.#declineFavours(nowMs);
    const probe = this.#probe;
    if (probe !== undefined && probe.directUntilMs !== undefined && probe.directUntilMs <= nowMs) steps.push(...this.#askOthers(probe));
    if (probe !== undefined && (probe.endsMs <= nowMs || this.#isHopeless(probe))) steps.push(this.#giveUp(probe));
    if (this.#probe === undefined && this.#nextMs <= nowMs) steps.push(...this.#begin(nowMs));
    return steps;
  }

  /** An `ack` came. */
  acked(from: ActorId, seq: number): readonly DetectorStep[] {
    const favour = this.#favours.get(seq);
    if (favour !== undefined && favour.target === from) {
      this.#favours.delete(seq);
      return [{ type: "send", to: favour.from, message: { type: "ack", seq: favour.theirSeq } }];
    }
    const probe = this.#probe;
    if (probe === undefined || probe.seq !== seq || (from !== probe.target && !probe.asked.has(from))) return [];
    this.#probe = undefined;
    this.#health.count(-1);
    return [];
  }

  /** A `nack` came: the target is silent to `from` too, and `from` is well enough to say so. */
  nacked(from: ActorId, seq: number): void {
    if (this.#probe?.seq === seq && this.#probe.asked.has(from)) this.#probe.nacked.add(from);
  }

  /** `from` asks to probe `target`. */
  asked(from: ActorId, theirSeq: number, target: ActorId, nowMs: number): readonly DetectorStep[] {
    if (!this.#around.isLinked(target) || this.#favours.size >= this.#limits.favoursMax)
      return [{ type: "send", to: from, message: { type: "nack", seq: theirSeq } }];
    const seq = this.#nextSeq();
    this.#favours.set(seq, { from, theirSeq, target, nackAtMs: nowMs + this.#limits.nackAfterMs });
    return [{ type: "send", to: target, message: { type: "probe", seq } }];
  }

  /** Something speaks against `actor`, a lost link for example: it is probed next. */
  hurry(actor: ActorId, nowMs: number): void {
    this.#order = [...this.#order.filter((other) => other !== actor), actor];
    if (this.#probe === undefined) this.#nextMs = Math.min(this.#nextMs, nowMs);
  }

  /** This relay stood still: the probe under way proves nothing about its target. */
  abandon(nowMs: number): void {
    if (this.#probe !== undefined) this.#order.push(this.#probe.target);
    this.#probe = undefined;
    this.#favours.clear();
    this.#nextMs = nowMs;
  }

  #begin(nowMs: number): readonly DetectorStep[] {
    const interval = this.#health.scaled(this.#limits.probeIntervalMs);
    this.#nextMs = nowMs + interval;
    const target = this.#nextTarget();
    if (target === undefined) return [];
    const seq = this.#nextSeq();
    const probe: Probe = {
      target,
      seq,
      directUntilMs: nowMs + this.#health.scaled(this.#limits.probeTimeoutMs),
      endsMs: this.#nextMs,
      asked: new Set(),
      nacked: new Set(),
    };
    this.#probe = probe;
    if (this.#around.isLinked(target)) return [{ type: "send", to: target, message: { type: "probe", seq } }];
    const asking = this.#askOthers(probe);
    return this.#isHopeless(probe) ? [this.#giveUp(probe)] : asking;
  }

  #askOthers(probe: Probe): readonly DetectorStep[] {
    probe.directUntilMs = undefined;
    const able = this.#around.present().filter((actor) => actor !== probe.target && this.#around.isLinked(actor));
    const message: MeshMessage = { type: "indirect-probe", seq: probe.seq, target: probe.target };
    return shuffled(this.#random, able)
      .slice(0, this.#limits.indirectProbes)
      .map((to) => {
        probe.asked.add(to);
        return { type: "send", to, message };
      });
  }

  /** There is no link, and nobody who was asked has one either. */
  #isHopeless(probe: Probe): boolean {
    return probe.directUntilMs === undefined && probe.nacked.size === probe.asked.size && !this.#around.isLinked(probe.target);
  }

  /** Those who were asked and did not even say `nack` speak against this relay's own ears. */
  #giveUp(probe: Probe): DetectorStep {
    this.#probe = undefined;
    this.#health.count(probe.asked.size > 0 ? probe.asked.size - probe.nacked.size : 1);
    return { type: "unanswered", actor: probe.target };
  }

  #declineFavours(nowMs: number): DetectorStep[] {
    const late = [...this.#favours].filter(([, favour]) => favour.nackAtMs <= nowMs);
    for (const [seq] of late) this.#favours.delete(seq);
    return late.map(([, favour]) => ({ type: "send", to: favour.from, message: { type: "nack", seq: favour.theirSeq } }));
  }

  #nextTarget(): ActorId | undefined {
    const present = new Set(this.#around.present());
    for (let fresh = false; ; fresh = true) {
      while (this.#order.length > 0) {
        const actor = this.#order.pop()!;
        if (present.has(actor)) return actor;
      }
      if (fresh) return undefined;
      this.#order = shuffled(this.#random, [...present]);
    }
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }
}
