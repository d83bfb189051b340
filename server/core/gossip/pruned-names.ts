/**
 * PrunedNames: which actors one room's clocks need not name any more, among several relays: when this relay may begin with it, whose word
 * it follows, and what it says of it.
 *
 *     all replicas have all that is here ─▶ prunable ─▶ compaction ─▶ names are gone ──pruned{clock, pruned}──▶ everybody who has it
 *                                                                                          │ has all of `clock`
 *                                                                                          ▼
 *                                                                       compaction ─▶ names are gone there, too
 *
 * To name less is never wrong: who names nothing of an actor has its entries all the same. What it could cost is that others wait for a
 * name that nobody says any more. Therefore
 *
 * - one begins when every replica of the newest ring has said, under that ring and on the link as it is, that it is complete and has all
 *   that is on this disk, when nobody joins or leaves, and when every relay of the ring is linked and knows the word;
 * - what was pruned last is remembered, and still told where a relay says what is on its disk (`knownDurable`): whoever asks for those
 *   names is answered, and whoever names them is understood, while the word is under way, or lost;
 * - the word is said again before each comparison, which follows from unlike clocks, until the names are gone on the other side, too; and
 *   as long as somebody was found to name some of them, no more are pruned, which would push those out of memory;
 * - names that are in nobody's memory any more (a folder that was put back, a relay that was given up and came again) come back where
 *   contents are equal, like any others, and are pruned again. So they do for a relay that does not know the word.
 *
 * What is pruned is below what stays (`ClockPruning`): a disk that holds what stays holds what was pruned. A word is followed where all
 * that its `clock` names is on this disk, and then what was named here is remembered, not what the word says. A damaged disk may have lost
 * what it does not name: until it is complete again it asks for contents, not by names (`RoomRepair`).
 *
 * Invariants: actors that live are not pruned, and the own one never is, whoever says so; nothing is told that is not on this disk.
 */
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { RelayContext } from "../relay-context.ts";
import { nothingUnnamed, type Unnaming } from "../stored-room.ts";
import { prunable } from "./clock-pruning.ts";
import { knownDurable, type RoomCopy } from "./room-copy.ts";

type Word = Extract<MeshRoomMessage, { type: "pruned" }>;

interface PrunedNamesOptions {
  readonly context: RelayContext;
  readonly copy: RoomCopy;
  /** Whether each of the room's replicas is certain to have on its disk all that is on this one. */
  readonly isOnAll: () => boolean;
  /** Whether `actor` holds the room, or may. */
  readonly mayHold: (actor: ActorId) => boolean;
}

export class PrunedNames {
  readonly #options: PrunedNamesOptions;
  /** What each said last, on the link as it is. */
  readonly #heard = new Map<ActorId, Word>();
  /** Those of them that no compaction has been asked to follow. */
  readonly #open = new Set<Word>();

  /** Who named some of what was pruned here when it was last compared with, and has not pruned since. */
  readonly #behind = new Set<ActorId>();

  constructor(options: PrunedNamesOptions) {
    this.#options = options;
  }

  // -- what the next compaction leaves out -----------------------------------------------------------------------------

  /** Whether a word of another relay can be followed. */
  get isTold(): boolean {
    return this.#followed().length > 0;
  }

  /** Whether this relay may prune by itself, and that is worth it. */
  get mayPrune(): boolean {
    const { context, copy } = this.#options;
    return copy.log.durableClock.size > context.limits.clockActorsMax && this.#mayBegin;
  }

  /** What it may prune because of what is in the log. */
  prunable(): VectorClock {
    const { copy } = this.#options;
    return this.mayPrune ? prunable({ living: this.#living, clock: copy.log.durableClock, tail: copy.content.tail }) : VectorClock.empty;
  }

  /** What a compaction that is asked for now may leave out. */
  unnaming(): Unnaming {
    const words = this.#followed();
    for (const word of words) this.#open.delete(word);
    const clock = joined(words.map((word) => word.clock));
    const pruned = joined(words.map((word) => word.pruned));
    const { limits } = this.#options.context;
    const told = words.length === 0 ? nothingUnnamed.told : { clock, pruned: this.#notLiving(pruned) };
    return { prunable: this.prunable(), told, rememberedMax: 2 * limits.clockActorsMax };
  }

  /** The own life, and those that are linked. */
  get #living(): ReadonlySet<ActorId> {
    const { actor, peers } = this.#options.context;
    return new Set([actor, ...peers.linked]);
  }

  #notLiving(clock: VectorClock): VectorClock {
    const living = this.#living;
    return VectorClock.of(clock.entries().filter(([actor]) => !living.has(actor)));
  }

  get #mayBegin(): boolean {
    const { context, isOnAll, mayHold } = this.#options;
    const { placement, peers } = context;
    if (placement.isAlone) return true;
    const areAllThere = placement.others.every((relay) => peers.lifeOf(relay) !== undefined);
    return areAllThere && this.#allUnderstand && ![...this.#behind].some(mayHold) && peers.ring.isAtRest && isOnAll();
  }

  get #allUnderstand(): boolean {
    const { peers } = this.#options.context;
    return peers.linked.every((actor) => peers.understands(actor, "pruned"));
  }

  #followed(): readonly Word[] {
    if (this.#open.size === 0 || !this.#allUnderstand) return [];
    const { copy } = this.#options;
    const named = this.#notLiving(copy.log.durableClock);
    const known = knownDurable(copy);
    return [...this.#open].filter(({ clock, pruned }) => named.within(pruned).size > 0 && known.covers(clock));
  }

  // -- peers -----------------------------------------------------------------------------------------------------------

  /** `from` need not name that any more. What says that nothing is needed for it says nothing. */
  came(from: ActorId, told: Word): void {
    this.linkDown(from);
    const word = { ...told, pruned: told.pruned.past(told.clock) };
    if (word.clock.size === 0 || word.pruned.size === 0) return;
    this.#heard.set(from, word);
    this.#open.add(word);
  }

  linkDown(actor: ActorId): void {
    this.#behind.delete(actor);
    const word = this.#heard.get(actor);
    this.#heard.delete(actor);
    if (word !== undefined) this.#open.delete(word);
  }

  /** Says what was pruned here, if there is anything that is remembered of it. */
  tell(to: ActorId): void {
    const word = this.#word();
    if (word !== undefined) this.#options.context.peers.tell(to, word);
  }

  tellAll(): void {
    const { context, mayHold } = this.#options;
    for (const actor of context.peers.linked) if (mayHold(actor)) this.tell(actor);
  }

  #word(): Word | undefined {
    const { lineage, content } = this.#options.copy;
    const clock = content.snapshot?.clock;
    const pruned = content.pruned.past(content.clock);
    return clock === undefined || pruned.size === 0 ? undefined : { type: "pruned", lineage, clock, pruned };
  }

  /** All that is known to be on this disk, by the words of others, too: whoever has what a word's clock names has what it pruned. */
  known(): VectorClock {
    const here = knownDurable(this.#options.copy);
    const words = [...this.#heard.values()].filter(({ clock, pruned }) => !here.covers(pruned) && here.covers(clock));
    return words.reduce((all, { pruned }) => all.join(pruned), here);
  }

  // -- comparing -------------------------------------------------------------------------------------------------------

  /** Whether this relay or `from` has pruned anything, as far as that is remembered. */
  isUnnamedWith(from: ActorId): boolean {
    return this.#options.copy.content.pruned.size > 0 || this.#heard.has(from);
  }

  /** `from` names `clock`: what this relay or that one does not name any more, which says nothing of who has more. */
  unnamedWith(from: ActorId, clock: VectorClock): VectorClock {
    const { pruned } = this.#options.copy.content;
    if (clock.within(pruned).past(VectorClock.of([[from, clock.counter(from)]])).size > 0) this.#behind.add(from);
    else this.#behind.delete(from);
    return pruned.join(this.#heard.get(from)?.pruned ?? VectorClock.empty);
  }

  /** Of what `relay` has, all of which is here, what is to be named here: not what was pruned, unless it writes on, or does not know the word. */
  taken(relay: RelayId, clock: VectorClock): VectorClock {
    const { peers } = this.#options.context;
    const actor = peers.lifeOf(relay);
    if (actor === undefined) return clock.past(this.#options.copy.content.pruned);
    if (!peers.understands(actor, "pruned")) return clock;
    return clock.past(this.#options.copy.content.pruned).join(VectorClock.of([[actor, clock.counter(actor)]]));
  }
}

function joined(clocks: readonly VectorClock[]): VectorClock {
  return clocks.reduce((all, clock) => all.join(clock), VectorClock.empty);
}
