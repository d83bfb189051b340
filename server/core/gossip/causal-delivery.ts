/**
 * CausalDelivery: brings one room's entries, which come from peers in any order, twice, and with gaps, into an order in which
 * nobody is shown an effect before its cause.
 *
 *     offer ──┬── known: dropped
 *             ├── next of its actor, deps covered ─────────────────────▶ deliver, and whatever waited for it
 *             └── early: held ──gap: asked at once of the sender, then of the edge's upstream, then of the replicas
 *                           ├── causalWaitMs later: overdue ── its content applies all the same: passed over (new dot)
 *                           │                               └─ it does not: waits on
 *                           └── too many held: exchange (the whole room is compared), nothing is held any more
 *
 * Waiting for causes spreads slowness (Bailis et al., "The potential dangers of causal consistency", 2012; Occult, NSDI 2017),
 * therefore the limit of time. What was passed over stays held, so that its dot is still taken in when the gap closes.
 *
 * Invariants: what is delivered is its actor's next and covered by what is known; a dot beyond a gap never gets into the clock;
 * no dot is delivered twice; at most `waitingEntriesMax` entries are held. What is dropped is lost nowhere: its sender keeps it
 * until this relay has called it durable. Knows no content, no disk and no generations: one of these per lineage.
 */
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import type { Dot } from "@inkmesh/shared/clock/dot";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { EntryRun } from "@inkmesh/shared/wire/mesh-room-message";
import type { ReplicationLimits } from "./replication-limits.ts";

/** The room as it stands, which changes as the caller takes in what is delivered, and as what was pruned is forgotten. */
export interface DeliveryRoom {
  /** What is here, and what was pruned from the clock because everybody has it. */
  known(): VectorClock;
  /** The other replicas, in the ring's order. */
  replicas(): readonly RelayId[];
}

/** Where entries came from. */
export interface Provenance {
  readonly sender: RelayId;
  /** Where the sender, an edge, gets what it does not write itself. */
  readonly upstream: RelayId | undefined;
}

export type DeliveryStep =
  /** To be let in now, in the order of the steps. */
  | { readonly type: "deliver"; readonly entry: Entry }
  | { readonly type: "ask"; readonly of: RelayId; readonly run: EntryRun }
  /** Too much waits: get the difference of the whole room from `with`. */
  | { readonly type: "exchange"; readonly with: RelayId };

interface Held {
  readonly entry: Entry;
  /** When it has waited long enough; undefined once its content was let in under another dot. */
  checkMs: number | undefined;
}

/** Entries of one actor that others wait for. */
interface Gap {
  from: number;
  to: number;
  /** Up to where it was asked for. */
  askedTo: number;
  readonly sources: RelayId[];
  /** Of how many sources it was asked. */
  asked: number;
  againMs: number;
}

export class CausalDelivery {
  readonly #self: RelayId;
  readonly #limits: ReplicationLimits;
  readonly #room: DeliveryRoom;
  readonly #held = new Map<ActorId, Map<number, Held>>();
  readonly #gaps = new Map<ActorId, Gap>();
  #entries = 0;
  #bytes = 0;
  #exchangeUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: { self: RelayId; limits: ReplicationLimits; room: DeliveryRoom }) {
    this.#self = options.self;
    this.#limits = options.limits;
    this.#room = options.room;
  }

  /** How many entries are held. */
  get size(): number {
    return this.#entries;
  }

  /** An entry came. */
  offer(entry: Entry, from: Provenance, nowMs: number): readonly DeliveryStep[] {
    const known = this.#room.known();
    if (known.contains(entry.dot) || this.#find(entry.dot) !== undefined) return [];
    if (known.covers(entry.deps)) return this.#settle(known.advance(entry.dot), [{ type: "deliver", entry }], from, nowMs);
    if (!this.#hasRoomFor(entry)) return this.#overflow(from, nowMs);
    this.#hold(entry, nowMs);
    return this.#settle(known, [], from, nowMs);
  }

  /** The room came to know more by other means: its own entries, a comparison. */
  advanced(nowMs: number): readonly DeliveryStep[] {
    return this.#entries === 0 ? [] : this.#settle(this.#room.known(), [], undefined, nowMs);
  }

  /** What waits too long, causes before effects of the same actor. The caller lets in what applies and says so by `passedOver`. */
  overdue(nowMs: number): readonly Entry[] {
    const due: Entry[] = [];
    for (const waiting of this.#held.values()) {
      for (const held of [...waiting.values()].sort((left, right) => left.entry.dot.counter - right.entry.dot.counter)) {
        if (held.checkMs === undefined || held.checkMs > nowMs) continue;
        held.checkMs = nowMs + this.#limits.causalWaitMs;
        due.push(held.entry);
      }
    }
    return due;
  }

  /** The content of this overdue entry was let in under another dot. */
  passedOver(dot: Dot): void {
    const held = this.#find(dot);
    if (held !== undefined) held.checkMs = undefined;
  }

  /** `relay` has not got what it was asked for, or is not there any more: the next source is asked, if one is left. */
  unanswered(relay: RelayId, actor: ActorId | undefined, nowMs: number): readonly DeliveryStep[] {
    const steps: DeliveryStep[] = [];
    for (const [gapActor, gap] of this.#gaps) {
      if (actor !== undefined && actor !== gapActor) continue;
      if (gap.sources[(gap.asked - 1) % gap.sources.length] === relay && gap.asked < gap.sources.length)
        steps.push(this.#ask(gapActor, gap, nowMs));
    }
    return steps;
  }

  /** Gaps that nobody has closed are asked for again. */
  expire(nowMs: number): readonly DeliveryStep[] {
    return [...this.#gaps].filter(([, gap]) => gap.againMs <= nowMs).map(([actor, gap]) => this.#ask(actor, gap, nowMs));
  }

  /** When `expire` or `overdue` have something to do. */
  nextDeadline(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const gap of this.#gaps.values()) earliest = Math.min(earliest, gap.againMs);
    for (const waiting of this.#held.values()) {
      for (const held of waiting.values()) earliest = Math.min(earliest, held.checkMs ?? earliest);
    }
    return earliest;
  }

  #find(dot: Dot): Held | undefined {
    return this.#held.get(dot.actor)?.get(dot.counter);
  }

  #hasRoomFor(entry: Entry): boolean {
    const { waitingEntriesMax, waitingBytesMax } = this.#limits;
    return this.#entries < waitingEntriesMax && this.#bytes + entry.payload.length <= waitingBytesMax;
  }

  #hold(entry: Entry, nowMs: number): void {
    const { actor, counter } = entry.dot;
    const waiting = this.#held.get(actor) ?? new Map<number, Held>();
    this.#held.set(actor, waiting.set(counter, { entry, checkMs: nowMs + this.#limits.causalWaitMs }));
    this.#entries += 1;
    this.#bytes += entry.payload.length;
  }

  #release(dot: Dot): void {
    const waiting = this.#held.get(dot.actor);
    const held = waiting?.get(dot.counter);
    if (waiting === undefined || held === undefined) return;
    waiting.delete(dot.counter);
    if (waiting.size === 0) this.#held.delete(dot.actor);
    this.#entries -= 1;
    this.#bytes -= held.entry.payload.length;
  }

  /** While one exchange is under way what does not fit is dropped; it comes with the next comparison. */
  #overflow(from: Provenance, nowMs: number): readonly DeliveryStep[] {
    if (nowMs < this.#exchangeUntilMs) return [];
    this.#exchangeUntilMs = nowMs + this.#limits.exchangeAgainMs;
    this.#held.clear();
    this.#gaps.clear();
    this.#entries = 0;
    this.#bytes = 0;
    return [{ type: "exchange", with: from.upstream === undefined || from.upstream === this.#self ? from.sender : from.upstream }];
  }

  /** Delivers what `known` makes ready, forgets what it contains, and asks for what is missing now. */
  #settle(known: VectorClock, steps: DeliveryStep[], from: Provenance | undefined, nowMs: number): readonly DeliveryStep[] {
    if (this.#entries === 0) {
      this.#gaps.clear();
      return steps;
    }
    const after = this.#drain(known, steps);
    this.#look(after, steps, from, nowMs);
    return steps;
  }

  #drain(known: VectorClock, steps: DeliveryStep[]): VectorClock {
    let clock = known;
    for (let moved = true; moved;) {
      moved = false;
      for (const [actor, waiting] of [...this.#held]) {
        for (const counter of waiting.keys()) if (counter <= clock.counter(actor)) this.#release({ actor, counter });
        for (let next = waiting.get(clock.counter(actor) + 1); next !== undefined; next = waiting.get(clock.counter(actor) + 1)) {
          if (!clock.covers(next.entry.deps)) break;
          this.#release(next.entry.dot);
          steps.push({ type: "deliver", entry: next.entry });
          clock = clock.advance(next.entry.dot);
          moved = true;
        }
      }
    }
    return clock;
  }

  /** Brings the gaps up to date; what was not asked for yet is asked of the one whose entry showed it. */
  #look(clock: VectorClock, steps: DeliveryStep[], from: Provenance | undefined, nowMs: number): void {
    const missing = this.#missing(clock);
    for (const actor of this.#gaps.keys()) if (!missing.has(actor)) this.#gaps.delete(actor);
    for (const [actor, run] of missing) {
      const gap = this.#gaps.get(actor);
      if (gap === undefined) {
        // Without an entry that shows it: what was pruned is not remembered any more.
        const sources = this.#sources(from);
        if (sources.length === 0) continue;
        const fresh = { from: run.from, to: run.to, askedTo: 0, sources, asked: 0, againMs: nowMs };
        this.#gaps.set(actor, fresh);
        steps.push(this.#ask(actor, fresh, nowMs));
        continue;
      }
      gap.from = run.from;
      gap.to = run.to;
      if (from === undefined || run.to <= gap.askedTo) continue;
      if (!gap.sources.includes(from.sender)) gap.sources.push(from.sender);
      let unasked = Math.max(run.from, gap.askedTo + 1);
      while (this.#find({ actor, counter: unasked }) !== undefined) unasked += 1;
      steps.push({ type: "ask", of: from.sender, run: { actor, from: unasked, to: run.to } });
      gap.askedTo = run.to;
    }
  }

  #ask(actor: ActorId, gap: Gap, nowMs: number): DeliveryStep {
    const of = gap.sources[gap.asked % gap.sources.length]!;
    gap.asked += 1;
    gap.askedTo = gap.to;
    gap.againMs = nowMs + this.#limits.askAgainMs;
    return { type: "ask", of, run: { actor, from: gap.from, to: gap.to } };
  }

  #sources(from: Provenance | undefined): RelayId[] {
    const named = from === undefined ? [] : [from.sender, ...(from.upstream === undefined ? [] : [from.upstream])];
    return [...new Set([...named, ...this.#room.replicas()])].filter((relay) => relay !== this.#self);
  }

  /** Per actor the first and the last entry that something held needs and that is neither known nor held. */
  #missing(clock: VectorClock): ReadonlyMap<ActorId, EntryRun> {
    const needed = new Map<ActorId, number>();
    for (const waiting of this.#held.values()) {
      for (const { entry } of waiting.values()) {
        for (const [actor, counter] of entry.deps.entries()) {
          if (counter > Math.max(clock.counter(actor), needed.get(actor) ?? 0)) needed.set(actor, counter);
        }
      }
    }
    const missing = new Map<ActorId, EntryRun>();
    for (const [actor, last] of needed) {
      const waiting = this.#held.get(actor);
      let [from, to] = [clock.counter(actor) + 1, last];
      while (from <= to && waiting?.has(from) === true) from += 1;
      while (to >= from && waiting?.has(to) === true) to -= 1;
      if (from <= to) missing.set(actor, { actor, from, to });
    }
    return missing;
  }
}
