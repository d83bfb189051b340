/**
 * AwaitedOpenings: the documents that one client has asked for, while it is not clear yet whether it may have them, or while they cannot
 * be read.
 *
 *     opened ──▶ awaited ──granted──▶ a session, which hears what was held ──cannot be read, beside others that can be──┐
 *                 ▲ │  └──refused──▶ gone                                                                              │
 *                 │ ├──the client lets go──▶ awaited still, for the sake of what it has said                           │
 *                 │ └──it says too much────▶ ended                                                                     │
 *                 └──a while later── postponed, with what waited ◀─────────────────────────────────────────────────────┘
 *                                        └──the client lets go──▶ gone: nothing of what it said was acknowledged
 *
 * The question runs on whatever the client does, so each counts until its answer: who lets go and asks anew, over and over, has no more
 * questions under way than it may have documents open.
 *
 * Nothing of a document is read, nor even its name kept in memory, before that.
 *
 * Invariants: [C7] what is held of all of them together is bounded as for one session that waits for its document, and how many there are by
 * who adds them; other documents of the same client do not wait; what its client lets go of while it is postponed is not tried again.
 */
import { decodeAwarenessUpdate } from "@inkmesh/shared/presence/awareness-update";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Limits } from "./limits.ts";
import { bytesOf, type Opening, type SessionMessage } from "./session-message.ts";

/** Ids in one message: somebody's tabs. Of more nothing is left out for the sake of a later message. */
const movingMax = 16;

export interface AwaitedOpening {
  readonly name: RoomName;
  readonly opening: Opening;
  /** What the client has said in it. */
  readonly messages: readonly SessionMessage[];
  readonly isLetGo: boolean;
}

type Held = { -readonly [Name in keyof AwaitedOpening]: AwaitedOpening[Name] } & {
  messages: SessionMessage[];
  /** Whom each of its cursors is about. */
  readonly cursors: Map<SessionMessage, readonly number[]>;
  /** "answered": before; now it is to be read again. */
  question: "none" | "asked" | "answered";
  isEnded: boolean;
};

export class AwaitedOpenings {
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  readonly #awaited = new Set<Held>();

  constructor({ waitingPerSessionMax, stateBytesMax }: Pick<Limits, "waitingPerSessionMax" | "stateBytesMax">) {
    this.#messagesMax = waitingPerSessionMax;
    this.#bytesMax = 2 * stateBytesMax;
  }

  /** Questions without an answer yet, those that are still to be asked included, and documents that are read again later. */
  get size(): number {
    return this.#awaited.size;
  }

  /** Messages that are held. */
  get waiting(): number {
    return [...this.#awaited].reduce((sum, { messages }) => sum + messages.length, 0);
  }

  get waitingBytes(): number {
    return [...this.#awaited].reduce((sum, { messages }) => sum + bytesOfAll(messages), 0);
  }

  /** Whether there is one of which nothing is known yet: it may be granted, and read. */
  get hasNew(): boolean {
    return [...this.#awaited].some((held) => isHere(held) && held.opening.tries === undefined);
  }

  /** Where something is still due. */
  get channels(): readonly number[] {
    return [...this.#awaited].map(({ opening }) => opening.channel);
  }

  add(name: RoomName, opening: Opening): AwaitedOpening {
    const held: Held = { name, opening, messages: [], cursors: new Map(), isLetGo: false, question: "none", isEnded: false };
    this.#awaited.add(held);
    return held;
  }

  /** It could not be read: what was `said` in it is held for the next try. Answers whether that may be held. */
  postpone(name: RoomName, opening: Opening, said: readonly SessionMessage[]): boolean {
    const tries = (opening.tries ?? 0) + 1;
    const held = this.add(name, { ...opening, tries }) as Held;
    held.question = "answered";
    held.messages = [...said];
    if (this.#isTooMuch()) this.#drop(held);
    return !held.isEnded;
  }

  /** What is to be tried again on the channel. */
  postponed(channel: number): AwaitedOpening | undefined {
    return [...this.#awaited].find((held) => held.opening.channel === channel && held.question === "answered");
  }

  /**
   * The client has shown something for what it asked for without. Answers what is to be asked in its place, with all that was held; undefined
   * when nothing is awaited there, it had shown something, or there are `max` questions already. What is read again later is asked about then.
   */
  show(channel: number, credential: string, max: number): AwaitedOpening | undefined {
    const held = this.#find(channel);
    if (held === undefined) return undefined;
    if (held.opening.tries !== undefined) return void (held.opening = { ...held.opening, credential });
    const isAsked = held.question === "asked";
    if (held.opening.credential !== undefined || (isAsked && this.size >= max)) return undefined;
    const shown: Held = { ...held, cursors: new Map(held.cursors), opening: { ...held.opening, credential }, question: "none" };
    if (!isAsked) this.#awaited.delete(held);
    end(held);
    this.#awaited.add(shown);
    return shown;
  }

  /** What was asked for on the channel, if it is still to be asked. */
  unasked(channel: number): AwaitedOpening | undefined {
    const held = [...this.#awaited].find((each) => each.opening.channel === channel && each.question === "none");
    if (held?.isEnded === true) this.#awaited.delete(held);
    return held?.isEnded === true ? undefined : held;
  }

  /** The question is under way. */
  asked(awaited: AwaitedOpening): void {
    (awaited as Held).question = "asked";
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
    if (message.type === "presence") replaceCursors(held, message);
    held.messages.push(message);
    if (!this.#isTooMuch()) return { type: "held" };
    this.#drop(held);
    return { type: "overflow", opening: held.opening };
  }

  /** The client lets go of what it asked for on the channel. */
  letGo(channel: number): void {
    const held = this.#find(channel);
    if (held === undefined) return;
    held.isLetGo = true;
    held.messages = held.messages.filter(({ type }) => type === "updates");
    if (held.opening.tries !== undefined || held.messages.length === 0) this.#drop(held);
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

  /** It counts still where a question is under way. */
  #drop(held: Held): void {
    end(held);
    if (held.question === "answered") this.#awaited.delete(held);
  }

  #isTooMuch(): boolean {
    return this.waiting > this.#messagesMax || this.waitingBytes > this.#bytesMax;
  }

  #find(channel: number): Held | undefined {
    return [...this.#awaited].find((held) => held.opening.channel === channel && isHere(held));
  }
}

/** Whether the client waits for it. */
function isHere({ isLetGo, isEnded }: Held): boolean {
  return !isLetGo && !isEnded;
}

function end(held: Held): void {
  held.isEnded = true;
  held.messages = [];
  held.cursors.clear();
}

/** A cursor takes the place of earlier ones of the same people: a client may move about in the document for long. It names only who moved. */
function replaceCursors({ messages, cursors }: Held, message: SessionMessage & { type: "presence" }): void {
  const ids = idsIn(message);
  if (ids === undefined) return;
  for (const [earlier, before] of cursors) {
    if (!before.every((id) => ids.includes(id))) continue;
    cursors.delete(earlier);
    messages.splice(messages.indexOf(earlier), 1);
  }
  cursors.set(message, ids);
}

function bytesOfAll(messages: readonly SessionMessage[]): number {
  return messages.reduce((sum, message) => sum + bytesOf(message), 0);
}

/** Whom it tells of; undefined: nobody, or so many that it is no cursor's move. */
function idsIn({ bytes }: SessionMessage & { type: "presence" }): readonly number[] | undefined {
  const states = decodeAwarenessUpdate(bytes);
  const isMove = states.ok && states.value.length > 0 && states.value.length <= movingMax;
  return isMove ? states.value.map(({ id }) => id) : undefined;
}
