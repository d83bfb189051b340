/**
 * AwaitedOpenings: the documents that one client has asked for, while it is not clear yet whether it may have them, or while they cannot
 * be read.
 *
 *     opened ──▶ awaited ──granted──▶ a session, which hears what was held ──cannot be read, where only the socket could come again──┐
 *                 ▲ │  └──refused──▶ gone                                                                                           │
 *                 └─┼──────────────────────────────── postponed, with what waited ◀──────────────────────────────────────────────────┘
 *                   ├──the client lets go──▶ awaited still, for the sake of what it has said
 *                   └──it says too much────▶ ended
 *
 * The question runs on whatever the client does, so each counts until its answer: who lets go and asks anew, over and over, has no more
 * questions under way than it may have documents open.
 *
 * Nothing of a document is read, nor even its name kept in memory, before that.
 *
 * Invariants: [C7] what is held is bounded for each, and so is how many there are, by who adds them; other documents of the same client
 * do not wait.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Limits } from "./limits.ts";
import { bytesOf, type Opening, type SessionMessage } from "./session-message.ts";

export interface AwaitedOpening {
  readonly name: RoomName;
  readonly opening: Opening;
  /** What the client has said in it. */
  readonly messages: readonly SessionMessage[];
  readonly isLetGo: boolean;
}

type Held = { -readonly [Name in keyof AwaitedOpening]: AwaitedOpening[Name] } & {
  messages: SessionMessage[];
  bytes: number;
  isAsked: boolean;
  isEnded: boolean;
  isPostponed: boolean;
};

export class AwaitedOpenings {
  readonly #limits: Pick<Limits, "waitingPerSessionMax" | "stateBytesMax">;
  readonly #awaited = new Set<Held>();

  constructor(limits: Pick<Limits, "waitingPerSessionMax" | "stateBytesMax">) {
    this.#limits = limits;
  }

  /** Questions without an answer yet, those that are still to be asked included. */
  get size(): number {
    return this.#awaited.size;
  }

  /** Messages that are held. */
  get waiting(): number {
    return [...this.#awaited].reduce((sum, { messages }) => sum + messages.length, 0);
  }

  add(name: RoomName, opening: Opening): AwaitedOpening {
    const held: Held = { name, opening, messages: [], isLetGo: false, bytes: 0, isAsked: false, isEnded: false, isPostponed: false };
    this.#awaited.add(held);
    return held;
  }

  /** It could not be read: what was `said` in it is held for the next try. */
  postpone(name: RoomName, opening: Opening, said: readonly SessionMessage[]): void {
    const bytes = said.reduce((sum, message) => sum + bytesOf(message), 0);
    const tries = (opening.tries ?? 0) + 1;
    const held = { messages: [...said], bytes, isLetGo: false, isAsked: true, isEnded: false, isPostponed: true };
    this.#awaited.add({ name, opening: { ...opening, tries }, ...held });
  }

  /** What is to be tried again on the channel, also when its client has let go of it meanwhile. */
  postponed(channel: number): AwaitedOpening | undefined {
    return [...this.#awaited].find((held) => held.opening.channel === channel && held.isPostponed);
  }

  /**
   * The client has shown something for what it asked for without. Answers what is to be asked in its place, with all that was held; undefined
   * when nothing is awaited there, it had shown something, or there are `max` questions already.
   */
  show(channel: number, credential: string, max: number): AwaitedOpening | undefined {
    const held = this.#find(channel);
    if (held === undefined || held.isPostponed || held.opening.credential !== undefined || (held.isAsked && this.size >= max))
      return undefined;
    const shown = { ...held, opening: { ...held.opening, credential }, isAsked: false };
    if (!held.isAsked) this.#awaited.delete(held);
    held.isEnded = true;
    held.messages = [];
    this.#awaited.add(shown);
    return shown;
  }

  /** What was asked for on the channel, if it is still to be asked. */
  unasked(channel: number): AwaitedOpening | undefined {
    const held = [...this.#awaited].find((each) => each.opening.channel === channel && !each.isAsked);
    if (held?.isEnded === true) this.#awaited.delete(held);
    return held?.isEnded === true ? undefined : held;
  }

  /** The question is under way. */
  asked(awaited: AwaitedOpening): void {
    (awaited as Held).isAsked = true;
  }

  has(channel: number): boolean {
    return this.#find(channel) !== undefined;
  }

  /** Whether the client has asked for the room and not let go of it. */
  isOf(name: string): boolean {
    return [...this.#awaited].some((held) => held.name === name && isHere(held));
  }

  /** Undefined: nothing is awaited on the channel. "overflow": it is, and no more may wait; the opening is gone. */
  hold(message: SessionMessage): { readonly type: "held" } | { readonly type: "overflow"; readonly opening: Opening } | undefined {
    const held = this.#find(message.channel);
    if (held === undefined) return undefined;
    // A cursor takes the place of an earlier one: its client may move about in the document for long.
    const earlier = message.type === "presence" ? held.messages.findIndex(({ type }) => type === "presence") : -1;
    for (const old of earlier < 0 ? [] : held.messages.splice(earlier, 1)) held.bytes -= bytesOf(old);
    held.messages.push(message);
    held.bytes += bytesOf(message);
    const { waitingPerSessionMax, stateBytesMax } = this.#limits;
    if (held.messages.length <= waitingPerSessionMax && held.bytes <= 2 * stateBytesMax) return { type: "held" };
    held.isEnded = true;
    held.messages = [];
    return { type: "overflow", opening: held.opening };
  }

  /** The client lets go of what it asked for on the channel. */
  letGo(channel: number): void {
    const held = this.#find(channel);
    if (held === undefined) return;
    held.isLetGo = true;
    held.isEnded = held.messages.length === 0;
  }

  /** Whether anybody waits for what is answered. */
  matters(awaited: AwaitedOpening): boolean {
    const held = awaited as Held;
    return this.#awaited.has(held) && !held.isEnded;
  }

  /** It is clear now. Answers whether it matters still. */
  settle(awaited: AwaitedOpening): boolean {
    const held = awaited as Held;
    return this.#awaited.delete(held) && !held.isEnded;
  }

  clear(): void {
    this.#awaited.clear();
  }

  #find(channel: number): Held | undefined {
    return [...this.#awaited].find((held) => held.opening.channel === channel && isHere(held));
  }
}

/** Whether the client waits for it. */
function isHere({ isLetGo, isEnded }: Held): boolean {
  return !isLetGo && !isEnded;
}
