/**
 * Tabs: the other tabs of this browser that share the device's store.
 *
 * Each tab has its own socket and sends what was typed in it. Tabs tell each other their edits at once, so that they
 * agree while offline, and which of them are saved since, so that each knows what still waits. Edits whose tab cannot
 * send them are somebody's job:
 *
 *     the tab is gone                the *owner* takes them over, or the sender, if there is one
 *     the tab lives without a line   the *sender*: the owner if it has a line, else the first by id of those that have one
 *
 *     lock  <store>/owner        held by the owner; whoever waits for it is next
 *     lock  <store>/tab/<id>     held by each tab as long as it lives
 *     channel <store>            edits · settled · discarded · forgotten · blobs · hello and answer · ping and pong · line · bye
 *
 * Locks and pings are hints, never what correctness rests on: everything that is sent twice is trimmed by the relay, so
 * two owners, or an owner that was only asleep, cost bytes and nothing else. A tab that does not answer a ping for 5 s is
 * treated as gone, and an owner that does so is stolen from. Timers of hidden tabs are slowed down, message events are
 * not: silence counts only from a ping that was sent. Without Web Locks (no secure context) pings alone decide, and
 * the living tab with the smallest id is the owner. Without BroadcastChannel a tab is alone.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import type { BlobKey } from "./core/blob-outbox.ts";
import type { OutboxEntry, OutboxKey } from "./core/outbox-entry.ts";

export interface LocksLike {
  request(name: string, options: { steal?: boolean }, held: () => Promise<void>): Promise<unknown>;
  query(): Promise<{ held?: { name?: string }[] }>;
}

export interface ChannelLike {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

export interface TabsListener {
  /** The generation of the room that is open here, as far as it is known; told with what is said of its content. */
  generation(room: string): number | undefined;
  /** Another tab typed: its outbox has these entries. */
  edits(room: string, entries: readonly OutboxEntry[], generation: number | undefined): void;
  /** Another tab got these saved, or refused for good. */
  settled(room: string, keys: readonly OutboxKey[], refusal: Refusal | undefined, generation: number | undefined): void;
  /** A person discarded in another tab what a relay had refused. */
  discarded(room: string, keys: readonly OutboxKey[]): void;
  /** Another tab, this one, has removed what the device's store had of a room. */
  forgotten(room: string, tab: string): void;
  /** Something changed in what the store has of images; `added`: one that waits there by now. */
  blobs(added: BlobKey | undefined): void;
  /** Another tab has more of a room than this one had when it said hello. */
  answered(room: string, update: Uint8Array, generation: number | undefined): void;
  /** A new tab asks for what this one has beyond `stateVector`; undefined: nothing, or the room is not open here. */
  hello(room: string, stateVector: Uint8Array, generation: number | undefined): Uint8Array | undefined;
  /** Edits that this tab is to look after may be there: its part has changed, or another tab went or lost its line. */
  leftoversLikely(): void;
}

type TabMessage =
  | (OfContent & { readonly type: "edits"; readonly entries: readonly OutboxEntry[] })
  | (OfContent & { readonly type: "settled"; readonly keys: readonly OutboxKey[]; readonly refusal: Refusal | undefined })
  | { readonly type: "discarded"; readonly from: string; readonly room: string; readonly keys: readonly OutboxKey[] }
  | { readonly type: "forgotten"; readonly from: string; readonly room: string }
  | (OfContent & { readonly type: "hello"; readonly stateVector: Uint8Array })
  | (OfContent & { readonly type: "answer"; readonly to: string; readonly update: Uint8Array })
  | ({ readonly type: "ping" | "pong" | "line"; readonly from: string } & Standing)
  | { readonly type: "blobs"; readonly from: string; readonly added: BlobKey | undefined }
  | { readonly type: "bye"; readonly from: string };

/** A name may be used anew after a deletion, and a tab without a line does not know. */
interface OfContent {
  readonly from: string;
  readonly room: string;
  readonly generation: number | undefined;
}

/** What a tab says of itself. */
interface Standing {
  readonly owner: boolean;
  readonly online: boolean;
}

interface Peer {
  /** The moment of the first ping that it has not answered. */
  askedMs: number | undefined;
  /** Undefined until it has spoken. */
  standing: Standing | undefined;
}

const pingEveryMs = 2_000;
const goneMs = 5_000;
/** How long unknown tabs have to answer where no lock tells of them. */
const answerMs = 500;

export class Tabs {
  readonly #tab: string;
  readonly #name: string;
  readonly #listener: TabsListener;
  #locks: LocksLike | undefined;
  readonly #channel: ChannelLike | undefined;
  readonly #now: () => number;
  /** Living tabs. */
  readonly #peers = new Map<string, Peer>();
  readonly #goneTabs = new Set<string>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #hasLock = false;
  #online = false;
  /** Since when an owner was asked for in vain. */
  #ownerAskedMs: number | undefined;
  #wasOwner = false;
  #wasSender = false;
  #closed = false;
  #release: (() => void)[] = [];

  constructor(options: {
    name: string;
    tab: string;
    listener: TabsListener;
    locks: LocksLike | undefined;
    channel: ChannelLike | undefined;
    now: () => number;
  }) {
    this.#name = options.name;
    this.#tab = options.tab;
    this.#listener = options.listener;
    this.#channel = options.channel;
    // Locks without a channel would elect an owner that nobody can be told of.
    this.#locks = options.channel && options.locks;
    this.#now = options.now;
    if (this.#channel) this.#channel.onmessage = (event) => this.#heard(event.data as TabMessage);
  }

  /** Begins to hold locks and to ping. */
  start(): void {
    if (this.#locks) {
      void this.#hold(`${this.#name}/tab/${this.#tab}`, false, () => {});
      void this.#waitForOwnership(false);
    }
    if (this.#channel) {
      this.#tick();
      this.#timer = setInterval(() => this.#tick(), pingEveryMs);
    } else this.#notePart();
  }

  get isOwner(): boolean {
    if (this.#channel === undefined) return true;
    if (this.#locks) return this.#hasLock;
    return [...this.#peers.keys()].every((peer) => this.#tab < peer);
  }

  /** Whether this tab sends what living tabs without a line cannot. */
  get isSender(): boolean {
    if (!this.#online) return false;
    if (this.isOwner) return true;
    return [...this.#peers].every(([peer, { standing }]) => standing?.online !== true || (!standing.owner && this.#tab < peer));
  }

  /** Whether this tab is to look after another tab's edits; `living` as answered before, or as far as is known at once. */
  looksAfter(tab: string, living?: ReadonlySet<string>): boolean {
    if (this.isGone(tab, living)) return this.isOwner || this.isSender;
    return this.#peers.get(tab)?.standing?.online === false && this.isSender;
  }

  /** A tab that nobody has heard of is gone by `living` only. */
  isGone(tab: string, living?: ReadonlySet<string>): boolean {
    return living === undefined ? this.#goneTabs.has(tab) : !living.has(tab);
  }

  /** The ids of the tabs that live, this one included, as far as can be known: they hold their lock and answer. */
  async living(): Promise<ReadonlySet<string>> {
    if (!this.#channel) return new Set([this.#tab]);
    if (!this.#locks) {
      this.#ping();
      await new Promise((resolve) => setTimeout(resolve, answerMs));
      return new Set([this.#tab, ...this.#peers.keys()]);
    }
    const prefix = `${this.#name}/tab/`;
    const { held = [] } = await this.#locks.query();
    const holders = held.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : []));
    for (const holder of holders) {
      if (holder !== this.#tab && !this.#peers.has(holder) && !this.#goneTabs.has(holder))
        this.#peers.set(holder, { askedMs: undefined, standing: undefined });
    }
    return new Set([this.#tab, ...holders.filter((holder) => !this.#goneTabs.has(holder))]);
  }

  /** This tab got a line to a relay, or lost it. */
  lineChanged(online: boolean): void {
    if (this.#online === online) return;
    this.#online = online;
    this.#say({ type: "line", from: this.#tab, ...this.#standing });
    this.#notePart();
  }

  sayEdits(room: string, entries: readonly OutboxEntry[]): void {
    this.#say({ type: "edits", ...this.#of(room), entries });
  }

  /** `refusal`: they were not saved but refused for good. */
  saySettled(room: string, entries: readonly OutboxKey[], refusal?: Refusal): void {
    const keys = entries.map(({ tab, number }) => ({ tab, number }));
    this.#say({ type: "settled", ...this.#of(room), keys, refusal });
  }

  sayDiscarded(room: string, keys: readonly OutboxKey[]): void {
    this.#say({ type: "discarded", from: this.#tab, room, keys });
  }

  sayForgotten(room: string): void {
    this.#say({ type: "forgotten", from: this.#tab, room });
  }

  sayBlobs(added: BlobKey | undefined): void {
    this.#say({ type: "blobs", from: this.#tab, added });
  }

  sayHello(room: string, stateVector: Uint8Array): void {
    this.#say({ type: "hello", ...this.#of(room), stateVector });
  }

  /** The page goes, or may go: others need not wait until it misses its pings. If it comes back, it is heard again. */
  sayBye(): void {
    this.#say({ type: "bye", from: this.#tab });
  }

  close(): void {
    this.sayBye();
    this.#closed = true;
    clearInterval(this.#timer);
    for (const release of this.#release) release();
    this.#channel?.close();
  }

  #of(room: string): OfContent {
    return { from: this.#tab, room, generation: this.#listener.generation(room) };
  }

  get #standing(): Standing {
    return { owner: this.isOwner, online: this.#online };
  }

  #say(message: TabMessage): void {
    if (!this.#closed) this.#channel?.postMessage(message);
  }

  #heard(message: TabMessage): void {
    if (this.#closed || message.from === this.#tab) return;
    if (message.type === "bye") return this.#heardBye(message.from);
    const peer = this.#peers.get(message.from) ?? { askedMs: undefined, standing: undefined };
    peer.askedMs = undefined;
    this.#peers.set(message.from, peer);
    this.#goneTabs.delete(message.from);
    switch (message.type) {
      case "edits":
        return this.#listener.edits(message.room, message.entries, message.generation);
      case "settled":
        return this.#listener.settled(message.room, message.keys, message.refusal, message.generation);
      case "discarded":
        return this.#listener.discarded(message.room, message.keys);
      case "forgotten":
        return this.#listener.forgotten(message.room, message.from);
      case "blobs":
        return this.#listener.blobs(message.added);
      case "hello":
        return this.#answer(message);
      case "answer":
        if (message.to === this.#tab) this.#listener.answered(message.room, message.update, message.generation);
        return;
      case "ping":
        this.#say({ type: "pong", from: this.#tab, ...this.#standing });
        return this.#heardStanding(peer, message);
      case "pong":
      case "line":
        return this.#heardStanding(peer, message);
    }
  }

  #heardBye(from: string): void {
    this.#peers.delete(from);
    this.#goneTabs.add(from);
    this.#notePart(true);
  }

  #heardStanding(peer: Peer, { owner, online }: Standing): void {
    const lostLine = !online && peer.standing?.online !== false;
    peer.standing = { owner, online };
    if (owner) this.#ownerAskedMs = undefined;
    this.#notePart(lostLine);
  }

  #answer(message: Extract<TabMessage, { type: "hello" }>): void {
    const update = this.#listener.hello(message.room, message.stateVector, message.generation);
    if (update) this.#say({ type: "answer", ...this.#of(message.room), to: message.from, update });
  }

  #tick(): void {
    const now = this.#now();
    let someoneWent = false;
    for (const [peer, { askedMs }] of this.#peers) {
      if (askedMs === undefined || now - askedMs < goneMs) continue;
      this.#peers.delete(peer);
      this.#goneTabs.add(peer);
      someoneWent = true;
    }
    if (this.#locks && !this.#hasLock && this.#ownerAskedMs !== undefined && now - this.#ownerAskedMs >= goneMs) {
      this.#ownerAskedMs = undefined;
      void this.#waitForOwnership(true);
    }
    this.#notePart(someoneWent);
    this.#ping();
  }

  #ping(): void {
    const now = this.#now();
    for (const peer of this.#peers.values()) peer.askedMs ??= now;
    if (this.#locks && !this.#hasLock) this.#ownerAskedMs ??= now;
    this.#say({ type: "ping", from: this.#tab, ...this.#standing });
  }

  /** `orphaned`: another tab went or lost its line just now. */
  #notePart(orphaned = false): void {
    const { isOwner, isSender } = this;
    const isNews = (isOwner && !this.#wasOwner) || (isSender && !this.#wasSender) || (orphaned && (isOwner || isSender));
    this.#wasOwner = isOwner;
    this.#wasSender = isSender;
    if (isNews) this.#listener.leftoversLikely();
  }

  async #waitForOwnership(steal: boolean): Promise<void> {
    const wasHeld = await this.#hold(`${this.#name}/owner`, steal, () => {
      this.#hasLock = true;
      this.#notePart();
    });
    this.#hasLock = false;
    if (this.#closed) return;
    // The browser refuses locks here: pings decide.
    if (!wasHeld) this.#locks = undefined;
    this.#notePart();
    // Stolen from: this tab was asleep, or the thief was wrong. It waits in line again; a thief never left the line.
    if (wasHeld && !steal) void this.#waitForOwnership(false);
  }

  /** Resolves when the lock is not held any more, released by `close` or stolen; whether it ever was. */
  async #hold(name: string, steal: boolean, held: () => void): Promise<boolean> {
    let wasHeld = false;
    try {
      await this.#locks?.request(name, steal ? { steal } : {}, () => {
        if (this.#closed) return Promise.resolve();
        wasHeld = true;
        held();
        return new Promise<void>((resolve) => this.#release.push(resolve));
      });
    } catch {
      // A stolen lock rejects; so does a browser that has none to give.
    }
    return wasHeld;
  }
}
