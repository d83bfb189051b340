/**
 * Tabs: the other tabs of this browser that share the device's store.
 *
 * Each tab has its own socket and sends what was typed in it. Tabs tell each other their edits at once, so that they
 * agree while offline; and one of them, the *outbox owner*, sends what closed tabs left.
 *
 *     lock  <store>/owner        held by the owner; whoever waits for it is next
 *     lock  <store>/tab/<id>     held by each tab as long as it lives
 *     channel <store>            edits · hello and answer · ping and pong
 *
 * Locks and pings are hints, never what correctness rests on: everything that is sent twice is trimmed by the relay, so
 * two owners, or an owner that was only asleep, cost bytes and nothing else. A tab that does not answer a ping for 5 s is
 * treated as gone, and an owner that does so is stolen from. Timers of hidden tabs are slowed down, message events are
 * not: silence counts only from a ping that was sent. Without Web Locks (no secure context) pings alone decide, and
 * the living tab with the smallest id is the owner. Without BroadcastChannel a tab is alone.
 */
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
  /** Another tab typed, or answered our hello. */
  edits(room: string, updates: readonly Uint8Array[]): void;
  /** A new tab asks for what this one has beyond `stateVector`; undefined: nothing, or the room is not open here. */
  hello(room: string, stateVector: Uint8Array): Uint8Array | undefined;
  /** This tab became the owner, or is it and a tab was found gone: closed tabs may have left something. */
  leftoversLikely(): void;
}

type TabMessage =
  | { readonly type: "edits"; readonly from: string; readonly room: string; readonly updates: readonly Uint8Array[] }
  | { readonly type: "hello"; readonly from: string; readonly room: string; readonly stateVector: Uint8Array }
  | { readonly type: "answer"; readonly from: string; readonly to: string; readonly room: string; readonly update: Uint8Array }
  | { readonly type: "ping"; readonly from: string; readonly owner: boolean }
  | { readonly type: "pong"; readonly from: string; readonly owner: boolean }
  | { readonly type: "bye"; readonly from: string };

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
  /** Living tabs, with the moment of the first ping that they have not answered. */
  readonly #peers = new Map<string, { askedMs: number | undefined }>();
  readonly #goneTabs = new Set<string>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #hasLock = false;
  /** Since when an owner was asked for in vain. */
  #ownerAskedMs: number | undefined;
  #wasOwner = false;
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
    } else this.#noteOwnership();
  }

  get isOwner(): boolean {
    if (this.#channel === undefined) return true;
    if (this.#locks) return this.#hasLock;
    return [...this.#peers.keys()].every((peer) => this.#tab < peer);
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
      if (holder !== this.#tab && !this.#peers.has(holder) && !this.#goneTabs.has(holder)) this.#peers.set(holder, { askedMs: undefined });
    }
    return new Set([this.#tab, ...holders.filter((holder) => !this.#goneTabs.has(holder))]);
  }

  sayEdits(room: string, updates: readonly Uint8Array[]): void {
    this.#say({ type: "edits", from: this.#tab, room, updates });
  }

  sayHello(room: string, stateVector: Uint8Array): void {
    this.#say({ type: "hello", from: this.#tab, room, stateVector });
  }

  close(): void {
    this.#say({ type: "bye", from: this.#tab });
    this.#closed = true;
    clearInterval(this.#timer);
    for (const release of this.#release) release();
    this.#channel?.close();
  }

  #say(message: TabMessage): void {
    if (!this.#closed) this.#channel?.postMessage(message);
  }

  #heard(message: TabMessage): void {
    if (this.#closed || message.from === this.#tab) return;
    if (message.type === "bye") {
      this.#peers.delete(message.from);
      this.#goneTabs.add(message.from);
      this.#noteOwnership(true);
      return;
    }
    this.#peers.set(message.from, { askedMs: undefined });
    this.#goneTabs.delete(message.from);
    switch (message.type) {
      case "edits":
        return this.#listener.edits(message.room, message.updates);
      case "hello":
        return this.#answer(message);
      case "answer":
        if (message.to === this.#tab) this.#listener.edits(message.room, [message.update]);
        return;
      case "ping":
        this.#say({ type: "pong", from: this.#tab, owner: this.isOwner });
        return this.#heardOwner(message.owner);
      case "pong":
        return this.#heardOwner(message.owner);
    }
  }

  #heardOwner(owner: boolean): void {
    if (owner) this.#ownerAskedMs = undefined;
    this.#noteOwnership();
  }

  #answer(message: Extract<TabMessage, { type: "hello" }>): void {
    if (!this.isOwner) return;
    const update = this.#listener.hello(message.room, message.stateVector);
    if (update) this.#say({ type: "answer", from: this.#tab, to: message.from, room: message.room, update });
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
    this.#noteOwnership(someoneWent);
    this.#ping();
  }

  #ping(): void {
    const now = this.#now();
    for (const peer of this.#peers.values()) peer.askedMs ??= now;
    if (this.#locks && !this.#hasLock) this.#ownerAskedMs ??= now;
    this.#say({ type: "ping", from: this.#tab, owner: this.isOwner });
  }

  #noteOwnership(someoneWent = false): void {
    const isOwner = this.isOwner;
    const isNews = isOwner && (!this.#wasOwner || someoneWent);
    this.#wasOwner = isOwner;
    if (isNews) this.#listener.leftoversLikely();
  }

  async #waitForOwnership(steal: boolean): Promise<void> {
    const wasHeld = await this.#hold(`${this.#name}/owner`, steal, () => {
      this.#hasLock = true;
      this.#noteOwnership();
    });
    this.#hasLock = false;
    if (this.#closed) return;
    // The browser refuses locks here: pings decide.
    if (!wasHeld) this.#locks = undefined;
    this.#noteOwnership();
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
