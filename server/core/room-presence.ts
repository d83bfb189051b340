/**
 * RoomPresence: who is in a room, as its sessions are told: coalesced, one frame per turn and dialect.
 *
 * The rules of who may speak for which id are the PresenceMap's; what other relays hear and say is the PresenceExchange's. Here is
 * when: changes go out at the end of the turn, expiry is a deadline. Whom of a crowd viewers are shown is the PresenceChoice's; how many
 * there are is told to those whose dialect has a word for it, at most every `presenceCountEveryMs`.
 *
 * Invariant: presence is never logged and never delays an update.
 */
import { encodeUtf8 } from "lib0/string";
import type { ActorId, Lineage, RoomName, SeatId } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import { encodeAwarenessUpdate } from "@inkmesh/shared/presence/awareness-update";
import { PresenceChoice } from "@inkmesh/shared/presence/presence-choice";
import { PresenceMap, type PresenceOutcome, type PresenceSender } from "@inkmesh/shared/presence/presence-map";
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import type { Deadline } from "./deadlines.ts";
import { PresenceExchange, type PresenceMessage } from "./gossip/presence-exchange.ts";
import type { RelayContext } from "./relay-context.ts";
import { RepeatedWords } from "./repeated-words.ts";
import type { RoomAudience } from "./room-audience.ts";

/** Bytes that one client may say to all at once: no more than a message between relays. */
const wordsBytesMax = 32_768;

interface RoomPresenceOptions {
  readonly context: RelayContext;
  readonly room: RoomName;
  /** How native frames name the room. */
  readonly handle: number;
  readonly audience: RoomAudience;
  /** There is something to do at the end of the turn. */
  readonly touched: () => void;
}

export class RoomPresence {
  readonly #context: RelayContext;
  readonly #handle: number;
  readonly #audience: RoomAudience;
  readonly #touched: () => void;
  readonly #map: PresenceMap;
  readonly #exchange: PresenceExchange;
  readonly #deadline: Deadline;
  readonly #choice: PresenceChoice;
  /** Of automerge-repo's clients, who say again what they hear. What anybody says in other rooms is said. */
  readonly #repeated: RepeatedWords | undefined;
  readonly #countDeadline: Deadline;
  /** What viewers know: 0 where they are shown everybody; undefined where not all know the same. */
  #toldCount: number | undefined = 0;
  #countMs = Number.NEGATIVE_INFINITY;

  constructor({ context, room, handle, audience, touched }: RoomPresenceOptions) {
    this.#context = context;
    this.#handle = handle;
    this.#audience = audience;
    this.#touched = touched;
    this.#repeated = engineOf(room) === "automerge" ? new RepeatedWords() : undefined;
    this.#choice = new PresenceChoice(context.limits);
    this.#map = new PresenceMap(context.limits, (state) => this.#choice.isEcho(state));
    this.#exchange = new PresenceExchange({
      context,
      map: this.#map,
      contradict: (contradicted) => {
        for (const { seat, state } of contradicted) this.#send(encodeAwarenessUpdate([state]), { only: seat });
      },
      said: (text) => void this.#hear(text, []),
    });
    this.#deadline = { type: "expire-presence", room };
    this.#countDeadline = { type: "tell-presence-count", room };
  }

  // -- sessions here ---------------------------------------------------------------------------------------------------

  /** Somebody here is in this generation of the room. */
  watch(lineage: Lineage): void {
    this.#exchange.watch(lineage);
  }

  receive(sender: PresenceSender, bytes: Uint8Array): Result<PresenceOutcome> {
    const outcome = this.#map.apply(sender, bytes, this.#context.now.monotonicMs);
    this.#schedule();
    if (outcome.ok && outcome.value.changed) this.#touched();
    return outcome;
  }

  /** Words of somebody here to all others: they go at once, or not at all. Whether they are few enough. */
  say(text: string, from: SeatId): boolean {
    if (text.length > wordsBytesMax || encodeUtf8(text).length > wordsBytesMax) return false;
    if (this.#hear(text, [from])) this.#exchange.say(text);
    return true;
  }

  /** Who sat there is gone, and so are their cursors. */
  leave(seat: SeatId): void {
    this.#map.leave(seat);
    if (this.#audience.size === 0) this.#exchange.unwatch();
    this.#touched();
  }

  expire(): void {
    this.#map.expire(this.#context.now.monotonicMs);
    this.#schedule();
    this.#touched();
  }

  /** For one who joins: who is shown, undefined when nobody is here; and how many there are, 0 where all are shown. */
  snapshot(): { readonly bytes: Uint8Array | undefined; readonly count: Extract<RelayMessage, { type: "presence-count" }> } {
    this.#choose();
    const shown = this.#choice.shown();
    const count = this.#countMessage();
    if (count.present !== this.#toldCount) this.#toldCount = undefined;
    return { bytes: shown.length === 0 ? undefined : encodeAwarenessUpdate(shown), count };
  }

  /** What the turn changed is told. */
  endTurn(): void {
    this.#exchange.changed(this.#map.takeOwnChanges());
    this.#choose();
    this.tellCount();
  }

  /** How many there are, if it is another number than was told, and not too soon. */
  tellCount(): void {
    const { deadlines, limits, now } = this.#context;
    const { present: count } = this.#countMessage();
    if (count === this.#toldCount || this.#audience.size === 0) return;
    if (now.monotonicMs < this.#countMs) return deadlines.set(this.#countDeadline, this.#countMs);
    this.#toldCount = count;
    this.#countMs = now.monotonicMs + limits.presenceCountEveryMs;
    this.#audience.send("presence-count", (dialect) => dialect.encode(this.#countMessage()));
  }

  #choose(): void {
    const changes = this.#map.takeChanges();
    if (changes === undefined) return;
    const { states, hidden, isFilled } = this.#choice.changed(changes.states, this.#context.now.monotonicMs);
    // Whoever speaks for it would say that it is there.
    for (const state of hidden) this.#send(encodeAwarenessUpdate([state]), { except: this.#map.speakersFor(state.id) });
    const author = isFilled ? undefined : changes.author;
    if (states.length > 0) this.#send(encodeAwarenessUpdate(states), { except: author === undefined ? [] : [author] });
  }

  #countMessage(): Extract<RelayMessage, { type: "presence-count" }> {
    return { type: "presence-count", handle: this.#handle, present: this.#choice.isCrowded ? this.#choice.present : 0 };
  }

  // -- other relays ----------------------------------------------------------------------------------------------------

  /** The other relays that have sessions for the room. */
  get watchers(): readonly ActorId[] {
    return this.#exchange.watchers;
  }

  receivedFromPeer(from: ActorId, message: PresenceMessage): void {
    this.#exchange.received(from, message);
    this.#schedule();
    this.#touched();
  }

  /** `actor` is to say who is there, if anybody here wants to know. */
  ask(actor: ActorId): void {
    this.#exchange.ask(actor);
  }

  /** `actor` cannot be believed for now. */
  hide(actor: ActorId): void {
    if (this.#map.leavePeer(actor)) this.#touched();
  }

  linkDown(actor: ActorId): void {
    if (this.#exchange.forget(actor)) this.#touched();
  }

  tellPeers(): void {
    this.#exchange.tellDue();
  }

  // -- both ------------------------------------------------------------------------------------------------------------

  #send(bytes: Uint8Array, to: { readonly only?: SeatId; readonly except?: readonly SeatId[] }): void {
    this.#audience.send("presence", (dialect) => dialect.encode({ type: "presence", handle: this.#handle, bytes }), to);
  }

  /** Whether it was news. */
  #hear(text: string, except: readonly SeatId[]): boolean {
    if (this.#repeated?.areRepeated(text) === true) return false;
    this.#audience.send("presence", (dialect) => dialect.encode({ type: "stateless", handle: this.#handle, text }), { except });
    return true;
  }

  #schedule(): void {
    const atMs = this.#map.nextExpiryMs();
    if (atMs === undefined) this.#context.deadlines.clear(this.#deadline);
    else if (!this.#context.deadlines.has(this.#deadline)) this.#context.deadlines.set(this.#deadline, atMs);
  }
}
