/**
 * PresenceMap: who is in one room, at this relay and at others. Presence is never logged; it lives as long as the socket it came
 * from, or as the other relay that told of it.
 *
 * Clients echo: a released y-websocket client sends back every state that it receives, and those of the browser's other
 * tabs. So not everybody who names an id may speak for it:
 *
 *     id unknown                         → belongs to the socket that names it (by an echo: only "on loan")
 *     the socket's first frame names it  → the id is that socket's own and taken over from an older socket of the same
 *       and no other                       principal (a client that reconnected before we noticed that it was gone)
 *     anybody else names it              → ignored without a word
 *
 * A first frame can be an echo too (of a client without a state of its own). Hence the older socket stays as `former`
 * until the new one has sent something newer than we had, and gets the id back by doing so first itself: an echo is
 * never newer. And an id on loan goes back to any socket that had claimed it before.
 *
 * Acceptance is y-protocols': a greater clock, or an equal one that says "left". A removal made here (socket closed,
 * expired) says "left" with clock + 1. A client that comes back with an older clock is told the clock we know
 * (`correction`); y-protocols' client then raises its own above it and sends its state again.
 *
 * Another relay speaks for the ids of its own sockets. A newer state takes an id over from whoever had it, since its client moved;
 * "left" counts only from who has it. A relay that goes takes its ids along, and those that a first frame here took from it
 * without saying anything newer: if that was the client and no echo, it hears that it is gone and says otherwise at once. Likewise
 * a client is told when another relay believes it gone with a newer clock than its own (`contradicted`).
 *
 * Invariants: a refused frame changes nothing; a seat claims at most `presenceIdsPerSessionMax` ids in its life
 * (clients remember for ever every id that they saw), each state has at most `presenceBytesMax`; clocks stay below 2^40, so that nobody can leave an id mute for ever; every id is removed when the
 * last socket that may speak for it has gone. Nothing is emitted: callers ask `takeChanges()` once per turn.
 */
import { utf8ByteLength } from "lib0/string";
import { assert } from "../base/assert.ts";
import type { ActorId, SeatId } from "../base/ids.ts";
import { ok, type Refusal, type Result } from "../base/result.ts";
import { decodeAwarenessUpdate, encodeAwarenessUpdate, isPresenceObject, type PresenceState } from "./awareness-update.ts";

/** A part of the relay's limits. */
export interface PresenceLimits {
  /** One presence state, in bytes. */
  readonly presenceBytesMax: number;
  /** Ids that one seat may claim in one room. */
  readonly presenceIdsPerSessionMax: number;
  /** Ids in one room; past it those of other relays are left out. */
  readonly presenceIdsPerRoomMax: number;
  /** An id that was not renewed for this long is gone; clients renew every 15 s. */
  readonly presenceExpiryMs: number;
}

/** Who sent a frame. */
export interface PresenceSender {
  readonly seat: SeatId;
  readonly principal: string;
}

export interface PresenceOutcome {
  /** Whether there is something new for `takeChanges`. */
  readonly changed: boolean;
  /** States of ids that the sender does not speak for, or that are not newer. */
  readonly ignored: number;
  /** Ids past `presenceIdsPerSessionMax`, left out. */
  readonly leftOut: number;
  /** An awareness update for the sender alone: it is behind with its own clock. */
  readonly correction: Uint8Array | undefined;
}

/** What another relay's word led to, beside changes. */
export interface PeerPresenceOutcome {
  /** For that relay: it is behind with the clocks of these. */
  readonly corrections: readonly PresenceState[];
  /** For these sockets alone: somebody believes them gone. */
  readonly contradicted: readonly { readonly seat: SeatId; readonly state: PresenceState }[];
}

/** Who speaks for an id: a socket here, or a life of another relay. */
type PresenceOwner = (PresenceSender & { readonly peer?: undefined }) | { readonly peer: ActorId; readonly seat?: undefined };

/** What a turn changed. */
export interface PresenceChanges {
  readonly states: readonly PresenceState[];
  /** The seat whose frames made all changes, which need not hear of them; undefined when there were several or none. */
  readonly author: SeatId | undefined;
}

interface Presence {
  readonly clock: number;
  readonly state: string;
  readonly renewedAtMs: number;
  owner: PresenceOwner;
  /** The owner only echoed it: whoever brings it in a first frame takes it without leaving a claim. */
  onLoan: boolean;
  /** Whom a first frame took it from. */
  former: PresenceOwner | undefined;
}

const clockMax = 2 ** 40;
/** Ids that left, with their last clock, so that a late echo does not bring them back; the oldest are forgotten first. */
const departedMax = 1_024;

export class PresenceMap {
  readonly #limits: PresenceLimits;
  readonly #isEcho: (state: PresenceState) => boolean;
  /** Ordered by `renewedAtMs`: a renewed id moves to the end. */
  readonly #present = new Map<number, Presence>();
  readonly #departed = new Map<number, number>();
  /** The ids that each seat ever owned; a seat is in here once it has sent a frame. */
  readonly #claimed = new Map<SeatId, Set<number>>();
  readonly #changed = new Set<number>();
  /** Those of `#changed` that sockets here spoke for, until other relays are told. */
  readonly #ownChanged = new Set<number>();
  readonly #authors = new Set<SeatId | undefined>();

  /** `isEcho`: whether a word that somebody left is the relay's own, come back from a client that was told so. */
  constructor(limits: PresenceLimits, isEcho: (state: PresenceState) => boolean = () => false) {
    this.#limits = limits;
    this.#isEcho = isEcho;
  }

  /** Ids that are here. */
  get size(): number {
    return this.#present.size;
  }

  /** Takes in an awareness update of a client. Total for any bytes. */
  apply(sender: PresenceSender, bytes: Uint8Array, nowMs: number): Result<PresenceOutcome> {
    const decoded = decodeAwarenessUpdate(bytes);
    if (!decoded.ok) return decoded;
    const states = decoded.value;
    const introduces = states.length === 1 && !this.#claimed.has(sender.seat);
    for (const state of states) {
      const refusal = this.#speaksFor(sender, state.id, introduces) ? this.#refusalOf(state) : undefined;
      if (refusal !== undefined) return { ok: false, refusal };
    }
    if (states.length > 0 && !this.#claimed.has(sender.seat)) this.#claimed.set(sender.seat, new Set());
    let [changed, ignored, leftOut] = [false, 0, 0];
    const behind: PresenceState[] = [];
    for (const state of states) {
      const fate = this.#take(sender, state, introduces, nowMs);
      if (fate === "changed") changed = true;
      else if (fate === "left-out") leftOut += 1;
      else if (fate === "ignored") ignored += 1;
      else behind.push(fate);
    }
    return ok({ changed, ignored, leftOut, correction: behind.length > 0 ? encodeAwarenessUpdate(behind) : undefined });
  }

  /** A seat is gone: its ids go back to who held them before, or leave. Whether anything changed. */
  leave(seat: SeatId): boolean {
    let changed = false;
    for (const id of this.#claimed.get(seat) ?? []) {
      const presence = this.#present.get(id);
      if (presence?.former?.seat === seat) presence.former = undefined;
      if (presence?.owner.seat !== seat) continue;
      if (presence.former === undefined) {
        this.#remove(id, presence, presence.clock + 1, undefined);
        changed = true;
      } else {
        presence.owner = presence.former;
        presence.former = undefined;
      }
    }
    this.#claimed.delete(seat);
    return changed;
  }

  /** Removes what was not renewed in time. Whether anything changed. */
  expire(nowMs: number): boolean {
    let changed = false;
    for (const [id, presence] of this.#present) {
      if (nowMs - presence.renewedAtMs < this.#limits.presenceExpiryMs) break;
      this.#remove(id, presence, presence.clock + 1, undefined);
      changed = true;
    }
    return changed;
  }

  /** When `expire` will have something to do; undefined when nobody is here. */
  nextExpiryMs(): number | undefined {
    for (const presence of this.#present.values()) return presence.renewedAtMs + this.#limits.presenceExpiryMs;
    return undefined;
  }

  /** Whoever may speak for `id` here. */
  speakersFor(id: number): readonly SeatId[] {
    const { owner, former } = this.#present.get(id) ?? {};
    return [owner, former].flatMap((speaker) => speaker?.seat ?? []);
  }

  /** Everybody. */
  states(): readonly PresenceState[] {
    return [...this.#present].map(([id, { clock, state }]) => ({ id, clock, state }));
  }

  /** What changed since the last call; undefined when nothing did. */
  takeChanges(): PresenceChanges | undefined {
    if (this.#changed.size === 0) return undefined;
    const states = [...this.#changed].map((id) => this.#stateOf(id));
    const [author] = this.#authors;
    const changes = { states, author: this.#authors.size === 1 ? author : undefined };
    this.#changed.clear();
    this.#authors.clear();
    return changes;
  }

  // -- other relays ----------------------------------------------------------------------------------------------------

  /** Takes in what another relay says of ids of its sockets. */
  applyPeer(peer: ActorId, states: readonly PresenceState[], nowMs: number): PeerPresenceOutcome {
    const corrections: PresenceState[] = [];
    const contradicted: { seat: SeatId; state: PresenceState }[] = [];
    for (const said of states.filter((state) => this.#refusalOf(state) === undefined)) {
      const presence = this.#present.get(said.id);
      const seat = presence?.owner.seat;
      if (presence === undefined) corrections.push(...this.#enterOfPeer(peer, said, nowMs));
      else if (said.state !== undefined) this.#renewOfPeer(peer, said, presence, nowMs);
      else if (said.clock >= presence.clock && (presence.owner.peer === peer || presence.former?.peer === peer))
        this.#remove(said.id, presence, said.clock, undefined);
      else if (said.clock >= presence.clock && seat !== undefined) contradicted.push({ seat, state: said });
    }
    return { corrections, contradicted };
  }

  /** Another relay, or all of them, have nobody here any more. Whether anything changed. */
  leavePeer(peer?: ActorId): boolean {
    const before = this.#present.size;
    const isGone = (owner: PresenceOwner | undefined): boolean => owner?.peer !== undefined && (peer ?? owner.peer) === owner.peer;
    for (const [id, presence] of this.#present)
      if (isGone(presence.owner) || isGone(presence.former)) this.#remove(id, presence, presence.clock + 1, undefined);
    return this.#present.size < before;
  }

  /** The ids that sockets here certainly speak for. */
  ownStates(): readonly PresenceState[] {
    return [...this.#present].flatMap(([id, { clock, state, owner, former }]) =>
      owner.peer === undefined && former?.peer === undefined ? [{ id, clock, state }] : [],
    );
  }

  /** What changed of those since the last call. */
  takeOwnChanges(): readonly PresenceState[] {
    const states = [...this.#ownChanged].map((id) => this.#stateOf(id));
    this.#ownChanged.clear();
    return states.filter(({ id }) => this.#present.get(id)?.owner.peer === undefined);
  }

  #enterOfPeer(peer: ActorId, { id, clock, state }: PresenceState, nowMs: number): readonly PresenceState[] {
    if (state === undefined) return [];
    const departed = this.#departed.get(id);
    if (departed !== undefined && clock <= departed) return [{ id, clock: departed, state: undefined }];
    if (this.#present.size >= this.#limits.presenceIdsPerRoomMax) return [];
    this.#departed.delete(id);
    this.#setOfPeer(peer, id, { clock, state }, nowMs);
    return [];
  }

  #renewOfPeer(peer: ActorId, { id, clock, state }: PresenceState, presence: Presence, nowMs: number): void {
    if (state !== undefined && clock > presence.clock) return this.#setOfPeer(peer, id, { clock, state }, nowMs);
    if (clock < presence.clock || !presence.onLoan) return;
    // It is the same state, and its client's own relay is more likely to speak for it than who echoed it.
    presence.owner = { peer };
    presence.onLoan = false;
  }

  #setOfPeer(peer: ActorId, id: number, said: { readonly clock: number; readonly state: string }, nowMs: number): void {
    this.#present.delete(id);
    this.#present.set(id, { ...said, owner: { peer }, onLoan: false, former: undefined, renewedAtMs: nowMs });
    this.#note(id, undefined);
  }

  // -- sockets here ----------------------------------------------------------------------------------------------------

  #speaksFor(sender: PresenceSender, id: number, introduces: boolean): boolean {
    const presence = this.#present.get(id);
    if (presence === undefined || presence.owner.seat === sender.seat) return true;
    if (presence.former?.seat === sender.seat) return true;
    if (presence.onLoan && this.#claimed.get(sender.seat)?.has(id) === true) return true;
    // Under which principal somebody is at another relay is not told.
    return introduces && (presence.owner.peer !== undefined || presence.owner.principal === sender.principal);
  }

  #refusalOf({ clock, state }: PresenceState): Refusal | undefined {
    if (clock >= clockMax) return { code: "PRESENCE_REFUSED", detail: `presence clock ${clock}` };
    if (state === undefined) return undefined;
    const { presenceBytesMax } = this.#limits;
    const bytes = state.length > presenceBytesMax ? state.length : utf8ByteLength(state);
    if (bytes > presenceBytesMax) return { code: "PRESENCE_REFUSED", detail: `a state of ${bytes} bytes, limit ${presenceBytesMax}` };
    return isPresenceObject(state) ? undefined : { code: "PRESENCE_REFUSED", detail: "a state that is no JSON object" };
  }

  /** What becomes of one state: it changed something, was not the sender's to say or not newer, did not fit, or a correction. */
  #take(
    sender: PresenceSender,
    said: PresenceState,
    introduces: boolean,
    nowMs: number,
  ): "changed" | "ignored" | "left-out" | PresenceState {
    if (!this.#speaksFor(sender, said.id, introduces)) return "ignored";
    const presence = this.#present.get(said.id);
    return presence === undefined ? this.#enter(sender, said, introduces, nowMs) : this.#renew(sender, said, presence, introduces, nowMs);
  }

  #enter(
    sender: PresenceSender,
    { id, clock, state }: PresenceState,
    introduces: boolean,
    nowMs: number,
  ): "changed" | "ignored" | "left-out" | PresenceState {
    if (state === undefined) return "ignored";
    const claimed = this.#claimed.get(sender.seat);
    assert(claimed !== undefined, "a seat that sent a frame has its claims");
    const departed = this.#departed.get(id);
    if (departed !== undefined && clock <= departed) {
      return introduces || claimed.has(id) ? { id, clock: departed, state: undefined } : "ignored";
    }
    if (!claimed.has(id) && claimed.size >= this.#limits.presenceIdsPerSessionMax) return "left-out";
    claimed.add(id);
    this.#departed.delete(id);
    this.#present.set(id, { clock, state, owner: sender, onLoan: !introduces, former: undefined, renewedAtMs: nowMs });
    return this.#noteOwn(id, sender.seat);
  }

  #renew(
    sender: PresenceSender,
    { id, clock, state }: PresenceState,
    presence: Presence,
    introduces: boolean,
    nowMs: number,
  ): "changed" | "ignored" | PresenceState {
    const isOwner = presence.owner.seat === sender.seat;
    const isNewer = clock > presence.clock || (clock === presence.clock && state === undefined && !this.#isEcho({ id, clock, state }));
    if (isNewer) {
      if (state === undefined) return this.#remove(id, presence, clock, sender.seat);
      this.#claimed.get(sender.seat)?.add(id);
      const onLoan = presence.onLoan && isOwner && !introduces;
      this.#present.delete(id);
      this.#present.set(id, { clock, state, owner: sender, onLoan, former: undefined, renewedAtMs: nowMs });
      return this.#noteOwn(id, sender.seat);
    }
    if (introduces && !isOwner) {
      this.#claimed.get(sender.seat)?.add(id);
      presence.former = presence.onLoan ? undefined : presence.owner;
      presence.onLoan = false;
      presence.owner = sender;
    }
    const isBehind = clock < presence.clock && presence.owner.seat === sender.seat;
    return isBehind ? { id, clock: presence.clock, state: undefined } : "ignored";
  }

  #remove(id: number, { owner }: Presence, clock: number, author: SeatId | undefined): "changed" {
    this.#present.delete(id);
    this.#departed.delete(id);
    this.#departed.set(id, clock);
    for (const oldest of this.#departed.keys()) {
      // What is still to be told, to viewers or to other relays, is told with its clock.
      if (this.#departed.size <= departedMax || this.#changed.has(oldest) || this.#ownChanged.has(oldest)) break;
      this.#departed.delete(oldest);
    }
    return owner.peer === undefined ? this.#noteOwn(id, author) : this.#note(id, author);
  }

  #noteOwn(id: number, author: SeatId | undefined): "changed" {
    this.#ownChanged.add(id);
    return this.#note(id, author);
  }

  #note(id: number, author: SeatId | undefined): "changed" {
    this.#changed.add(id);
    this.#authors.add(author);
    return "changed";
  }

  #stateOf(id: number): PresenceState {
    const presence = this.#present.get(id);
    if (presence !== undefined) return { id, clock: presence.clock, state: presence.state };
    const clock = this.#departed.get(id);
    assert(clock !== undefined, "a changed id is here or has left");
    return { id, clock, state: undefined };
  }
}
