/**
 * PresenceExchange: the cursors of one room, between this relay and the others that have sessions for it, replicas or not.
 *
 *     first session here ──presence-watch──▶ every linked relay;  those with sessions of it answer with what they have
 *     a cursor here moved ──presence──▶ those who watch           last session left ──presence-watch: no──▶ those who watch
 *
 * What a client says to all others of the room goes the same way, at once or not at all: not to a relay that does not read.
 *
 * Each relay speaks for the sockets that it has and for nobody else, over its own link, so that nothing has to be attributed and
 * nothing comes twice. Who watches is known by its word only: a relay without sessions keeps nothing of it.
 *
 * Invariants: presence is never logged; of each id only the last state is owed, at most `presenceIdsPerRoomMax` ids to one relay; it
 * leaves at most every `presenceTellEveryMs`, and not while the other side does not read: then later, as it is by then. What
 * speaks of another generation is ignored; with a link ends what was heard on it. Without other relays it does nothing.
 */
import type { ActorId, Lineage } from "@inkmesh/shared/base/ids";
import type { PresenceState } from "@inkmesh/shared/presence/awareness-update";
import type { PeerPresenceOutcome, PresenceMap } from "@inkmesh/shared/presence/presence-map";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { RelayContext } from "../relay-context.ts";

export type PresenceMessage = Extract<MeshRoomMessage, { type: "presence" | "presence-watch" | "words" }>;

/** One message: it fits any frame, with what else is in it. */
const statesPerMessageMax = 1_024;
const bytesPerMessageMax = 64 * 1_024;

/** What one relay that watches has still to hear: of each id the last state. */
interface Debt {
  readonly states: Map<number, PresenceState>;
  /** It asked, and hears even that there is nobody: so it knows who watches. */
  isAsked: boolean;
}

export class PresenceExchange {
  readonly #context: RelayContext;
  readonly #map: PresenceMap;
  readonly #contradict: (outcome: PeerPresenceOutcome["contradicted"]) => void;
  readonly #said: (text: string) => void;
  readonly #debts = new Map<ActorId, Debt>();
  /** Undefined: nobody here is in the room. */
  #lineage: Lineage | undefined;
  #nextMs = 0;

  constructor(options: {
    context: RelayContext;
    map: PresenceMap;
    /** Tells sockets that somebody believes them gone. */
    contradict: (outcome: PeerPresenceOutcome["contradicted"]) => void;
    /** A client of another relay said this to all. */
    said: (text: string) => void;
  }) {
    this.#said = options.said;
    this.#context = options.context;
    this.#map = options.map;
    this.#contradict = options.contradict;
  }

  /** The other relays that have sessions for the room. */
  get watchers(): readonly ActorId[] {
    return [...this.#debts.keys()];
  }

  /** Somebody here is in this generation of the room. */
  watch(lineage: Lineage): void {
    if (this.#lineage?.generation === lineage.generation) return;
    this.unwatch();
    this.#lineage = lineage;
    for (const actor of this.#context.peers.linked) this.ask(actor);
  }

  /** Nobody is any more. */
  unwatch(): void {
    if (this.#lineage === undefined) return;
    const { peers } = this.#context;
    const message = { type: "presence-watch", lineage: this.#lineage, isWatching: false } as const;
    for (const actor of this.#debts.keys()) peers.tell(actor, message);
    this.#debts.clear();
    this.#lineage = undefined;
    this.#map.leavePeer();
  }

  /** What `actor` says is to be shown from now on: it says all of it again. */
  ask(actor: ActorId): void {
    if (this.#lineage !== undefined) this.#context.peers.tell(actor, { type: "presence-watch", lineage: this.#lineage, isWatching: true });
  }

  /** `actor` has nobody in the room, or its link is gone. Whether that changed anything. */
  forget(actor: ActorId): boolean {
    this.#debts.delete(actor);
    return this.#map.leavePeer(actor);
  }

  received(from: ActorId, message: PresenceMessage): void {
    if (this.#lineage?.generation !== message.lineage.generation) return;
    if (message.type === "words") return this.#said(message.text);
    if (message.type === "presence") return this.#statesCame(from, message.states);
    if (message.isWatching) return this.#owe(from, this.#map.ownStates(), true);
    this.forget(from);
  }

  /** A client here says this to all. */
  say(text: string): void {
    const { peers } = this.#context;
    if (this.#lineage === undefined) return;
    const message = { type: "words", lineage: this.#lineage, text } as const;
    for (const actor of this.#debts.keys()) if (!peers.isCongested(actor)) peers.tell(actor, message);
  }

  /** At the end of a turn: `states` changed here, and leave when it is time. */
  changed(states: readonly PresenceState[]): void {
    if (states.length > 0) for (const actor of this.#debts.keys()) this.#owe(actor, states, false);
    this.tellDue();
  }

  /** What is owed leaves, unless that was too short ago; what cannot leave now is looked at again. */
  tellDue(): void {
    const { now, deadlines, limits, peers } = this.#context;
    const debts = [...this.#debts].filter(([, { isAsked, states }]) => isAsked || states.size > 0);
    if (debts.length === 0 || this.#lineage === undefined) return;
    const isEarly = now.monotonicMs < this.#nextMs;
    const payable = isEarly ? [] : debts.filter(([actor]) => !peers.isCongested(actor));
    this.#tell(payable, this.#lineage);
    if (!isEarly) this.#nextMs = now.monotonicMs + limits.presenceTellEveryMs;
    if (payable.length < debts.length) deadlines.set({ type: "tell-presence", room: this.#lineage.room }, this.#nextMs);
  }

  #tell(debts: readonly (readonly [ActorId, Debt])[], lineage: Lineage): void {
    const said: { readonly states: readonly PresenceState[]; readonly messages: readonly PresenceMessage[] }[] = [];
    for (const [actor, debt] of debts) {
      const states = [...debt.states.values()];
      let same = said.find((other) => areSame(other.states, states));
      if (same === undefined) said.push((same = { states, messages: messagesOf(lineage, states) }));
      for (const message of same.messages) this.#context.peers.tell(actor, message);
      debt.states.clear();
      debt.isAsked = false;
    }
  }

  #statesCame(from: ActorId, states: readonly PresenceState[]): void {
    // Who answers has heard that there is somebody here, and not yet who.
    if (!this.#debts.has(from)) this.#owe(from, this.#map.ownStates(), false);
    const { corrections, contradicted } = this.#map.applyPeer(from, states, this.#context.now.monotonicMs);
    if (corrections.length > 0) this.#owe(from, corrections, false);
    if (contradicted.length > 0) this.#contradict(contradicted);
  }

  #owe(to: ActorId, states: readonly PresenceState[], isAsked: boolean): void {
    const { deadlines, limits, now } = this.#context;
    const debt = this.#debts.get(to) ?? { states: new Map<number, PresenceState>(), isAsked: false };
    this.#debts.set(to, debt);
    debt.isAsked ||= isAsked;
    for (const state of states) debt.states.set(state.id, state);
    for (const oldest of debt.states.keys()) {
      if (debt.states.size <= limits.presenceIdsPerRoomMax) break;
      debt.states.delete(oldest);
    }
    if (!deadlines.has({ type: "presence-look" })) deadlines.set({ type: "presence-look" }, now.monotonicMs + limits.presenceLookMs);
  }
}

function areSame(left: readonly PresenceState[], right: readonly PresenceState[]): boolean {
  return left.length === right.length && left.every((state, index) => state === right[index]);
}

/** At least one, which says that the sender watches. */
function messagesOf(lineage: Lineage, states: readonly PresenceState[]): readonly PresenceMessage[] {
  const messages: PresenceState[][] = [[]];
  let bytes = 0;
  for (const state of states) {
    const last = messages.at(-1);
    const added = state.state?.length ?? 0;
    if (last !== undefined && (last.length === 0 || (last.length < statesPerMessageMax && bytes + added <= bytesPerMessageMax)))
      last.push(state);
    else messages.push([state]);
    bytes = (messages.at(-1)?.length === 1 ? 0 : bytes) + added;
  }
  return messages.map((part) => ({ type: "presence", lineage, states: part }));
}
