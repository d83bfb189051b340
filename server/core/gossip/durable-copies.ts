/**
 * DurableCopies: on how many of a room's replicas everything up to some point is on disk, as this relay was told.
 *
 * Entries get positions at this relay, 1, 2, 3 …, in the order in which they were let in, their own log's order. A replica
 * holds the room up to a position when its durable clock names everything up to there; W of n hold what the W-th highest of
 * their positions holds, the rule by which Raft commits.
 *
 *     positions   … 17   18   19   20
 *     own disk    ───────────────────▶ 20          saved up to, majority of 3: 19
 *     b           ──────────────▶ 19
 *     c           ────▶ 17
 *
 * A replica's word counts only as long as it is certain: under the ring that this relay believes in, from the life that said
 * it, on the link on which it said it; from a replica that the newest ring names and that is complete. The same goes for this
 * relay's own disk. So a wiped or blank replica never vouches for what it has not seen. A hint is no copy.
 *
 * Invariants: nothing is counted that its holder has not called durable; what is not certain counts less, never more. What every
 * replica holds is not told apart, and of the rest at most `countedDotsMax` positions; a replica that is further behind counts for none. Knows no sessions.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { relayOf, type ActorId, type RelayId, type RingId } from "@inkmesh/shared/base/ids";
import type { Dot } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";

/** How many replicas must have an edit on disk before it is called saved. */
export type DurabilityLevel = "majority" | "1" | "all";

export function copiesNeeded(level: DurabilityLevel, replicas: number): number {
  if (level === "1") return 1;
  return level === "all" ? Math.max(1, replicas) : Math.floor(replicas / 2) + 1;
}

/** What a replica said of its disk. */
export interface DurableReply {
  readonly actor: ActorId;
  readonly ring: RingId;
  /** False: `clock` is to be joined to what the same life said before on this link. */
  readonly isWhole: boolean;
  readonly isComplete: boolean;
  readonly clock: VectorClock;
}

interface Told {
  readonly actor: ActorId;
  readonly ring: RingId;
  readonly isComplete: boolean;
  readonly clock: VectorClock;
  /** The position up to which `clock` names everything; -1: not even what was here when the room was loaded. */
  readonly position: number;
}

/** What a relay said of its disk last, on the link as it is. */
export interface ToldCopy {
  readonly relay: RelayId;
  readonly clock: VectorClock;
  readonly isComplete: boolean;
  /** Whether it counts: it is complete, under the ring that is believed here. */
  readonly isCertain: boolean;
}

export class DurableCopies {
  readonly #self: RelayId;
  readonly #level: DurabilityLevel;
  readonly #dotsMax: number;
  readonly #told = new Map<RelayId, Told>();
  #ring: RingId;
  #replicas: readonly RelayId[];
  /** Everything up to `#basePosition`; `#dots` are those behind it. */
  #base: VectorClock;
  #basePosition = 0;
  #dots: Dot[] = [];
  #ownPosition = 0;
  #ownClock: VectorClock;
  #isComplete: boolean;

  /** `clock`: what is on this relay's disk; `replicas`: the newest ring's preference list. */
  constructor(options: {
    self: RelayId;
    level: DurabilityLevel;
    dotsMax: number;
    clock: VectorClock;
    isComplete: boolean;
    ring: RingId;
    replicas: readonly RelayId[];
  }) {
    this.#self = options.self;
    this.#level = options.level;
    this.#dotsMax = options.dotsMax;
    this.#base = options.clock;
    this.#ownClock = options.clock;
    this.#isComplete = options.isComplete;
    this.#ring = options.ring;
    this.#replicas = options.replicas;
  }

  get replicas(): number {
    return this.#replicas.length;
  }

  get needed(): number {
    return copiesNeeded(this.#level, this.#replicas.length);
  }

  /** Everything up to this position may be called saved. Falls where a ring or a link changed: what was said stays said. */
  get savedTo(): number {
    return this.heldBy(this.needed);
  }

  /** The position up to which at least `copies` replicas hold everything; -1 where fewer are known to hold anything. */
  heldBy(copies: number): number {
    const positions = this.#replicas.map((relay) => this.#positionOf(relay)).sort((left, right) => right - left);
    return positions[copies - 1] ?? -1;
  }

  /** The replicas that hold everything up to `position`: their number is what an ack says. */
  holdersAt(position: number): readonly RelayId[] {
    return this.#replicas.filter((relay) => this.#positionOf(relay) >= position);
  }

  /** The replicas that hold everything that `clock` names. */
  holders(clock: VectorClock): readonly RelayId[] {
    return this.#replicas.filter((relay) => this.#certainClock(relay)?.covers(clock) === true);
  }

  /** An entry was let in here; its position. */
  entered(dot: Dot): number {
    this.#dots.push(dot);
    const position = this.#basePosition + this.#dots.length;
    // What another relay wrote may be said to be on a disk before it comes here.
    for (const [relay, told] of this.#told)
      if (told.position === position - 1 && told.clock.contains(dot)) this.#told.set(relay, { ...told, position });
    this.#fold();
    return position;
  }

  /** Everything up to `position` is on this relay's disk. */
  ownDurable(position: number): void {
    assert(position >= this.#ownPosition && position <= this.#basePosition + this.#dots.length, "a disk holds what was entered");
    const fresh = this.#dots.slice(this.#ownPosition - this.#basePosition, position - this.#basePosition);
    this.#ownClock = fresh.reduce(including, this.#ownClock);
    this.#ownPosition = position;
    this.#fold();
  }

  /** A comparison showed that this relay's disk has everything that `clock` names. */
  ownCovers(clock: VectorClock): void {
    this.#ownClock = this.#ownClock.join(clock);
  }

  ownCompleteness(isComplete: boolean): void {
    this.#isComplete = isComplete;
  }

  /** The newest ring places the room anew. */
  place(ring: RingId, replicas: readonly RelayId[]): void {
    this.#ring = ring;
    this.#replicas = replicas;
  }

  /** A replica spoke. False: it told a change to something that is not known here, and is to be asked for the whole. */
  heard(reply: DurableReply): boolean {
    const relay = relayOf(reply.actor);
    const before = this.#told.get(relay);
    const continues = before?.actor === reply.actor;
    if (!reply.isWhole && !continues) {
      this.#told.delete(relay);
      return false;
    }
    const { actor, ring, isComplete } = reply;
    const clock = reply.isWhole ? reply.clock : before!.clock.join(reply.clock);
    const reached = !reply.isWhole && before!.position >= this.#basePosition ? before!.position : -1;
    this.#told.set(relay, { actor, ring, isComplete, clock, position: this.#reach(clock, reached) });
    this.#fold();
    return true;
  }

  /** The link to `actor` is gone, and with it what it said there. */
  linkDown(actor: ActorId): void {
    const relay = relayOf(actor);
    if (this.#told.get(relay)?.actor === actor) this.#told.delete(relay);
  }

  /** Nobody needs to name what `gone` names, all of these actors, any more: whoever has all of `kept`, which is on this disk, has it. */
  pruned(gone: VectorClock, kept: VectorClock): void {
    const last = this.#dots.findLastIndex((dot) => gone.contains(dot));
    // Up to there all is on this disk, and whoever has it is known by what stays named.
    if (last >= 0 || this.#base.within(gone).size > 0) {
      const base = this.#dots.splice(0, last + 1).reduce(including, this.#base);
      this.#base = base.past(gone).join(kept);
      this.#basePosition += last + 1;
    }
    this.#ownClock = this.#ownClock.past(gone);
    for (const [relay, told] of this.#told) {
      // Up to where it was found to hold everything it does so still, whatever it is named by.
      const reached = told.position >= this.#basePosition ? told.position : -1;
      this.#told.set(relay, { ...told, position: this.#reach(told.clock, reached) });
    }
  }

  /** For people: what others said, whether it counts or not. */
  get told(): readonly ToldCopy[] {
    return [...this.#told].map(([relay, { clock, isComplete }]) => ({
      relay,
      clock,
      isComplete,
      isCertain: this.#certain(relay) !== undefined,
    }));
  }

  #positionOf(relay: RelayId): number {
    if (relay === this.#self) return this.#isComplete ? this.#ownPosition : -1;
    const told = this.#certain(relay);
    return told === undefined || told.position < this.#basePosition ? -1 : told.position;
  }

  #certainClock(relay: RelayId): VectorClock | undefined {
    if (relay === this.#self) return this.#isComplete ? this.#ownClock : undefined;
    return this.#certain(relay)?.clock;
  }

  #certain(relay: RelayId): Told | undefined {
    const told = this.#told.get(relay);
    return told !== undefined && told.isComplete && told.ring === this.#ring ? told : undefined;
  }

  /** How far `clock` goes, known to go up to `reached` or, if that is -1, nowhere. */
  #reach(clock: VectorClock, reached: number): number {
    if (reached < 0 && !clock.covers(this.#base)) return -1;
    let position = Math.max(reached, this.#basePosition);
    for (let dot = this.#dots[position - this.#basePosition]; dot !== undefined && clock.contains(dot);) {
      position += 1;
      dot = this.#dots[position - this.#basePosition];
    }
    return position;
  }

  /** What is on this disk and far back, or on every replica's, is not told apart any more. */
  #fold(): void {
    const many = this.#dots.length - this.#dotsMax;
    // In larger pieces: a piece of an array costs as much as the rest of it.
    const tooMany = many < this.#dotsMax / 4 ? 0 : many;
    const everywhere = this.heldBy(Math.max(1, this.#replicas.length)) - this.#basePosition;
    const count = Math.min(Math.max(tooMany, everywhere), this.#ownPosition - this.#basePosition);
    if (count <= 0) return;
    this.#base = this.#dots.splice(0, count).reduce(including, this.#base);
    this.#basePosition += count;
  }
}

function including(clock: VectorClock, { actor, counter }: Dot): VectorClock {
  return clock.join(VectorClock.of([[actor, counter]]));
}
