/**
 * ABrowser: several tabs of one browser with the same document, which begin without a line. As the app does, a tab opens
 * the document anew when something in it was discarded.
 */
import { Inkmesh, MemoryStore, type InkmeshRoom } from "@inkmesh/client";
import { decodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { vi } from "vitest";
import { pause } from "../../harness/until.ts";
import { ModelNetwork } from "./model-web-socket.ts";
import { SimChannels, SimLocks, type SimChannel } from "./tab-twins.ts";

/** Lets simulated time pass. */
export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** One browser: its tabs share a store, a channel and, in a secure context, locks. */
export class ABrowser {
  readonly network = new ModelNetwork();
  readonly store = new MemoryStore({ shared: true });
  readonly channels = new SimChannels();
  readonly locks: SimLocks | undefined;
  /** Updates that the relay received. */
  received = 0;
  readonly #tabs: ATab[] = [];

  constructor(options: { locks: boolean }) {
    this.locks = options.locks ? new SimLocks() : undefined;
    const receive = this.network.receive.bind(this.network);
    this.network.receive = (socket, frame) => {
      const messages = decodeClientMessages(frame);
      for (const message of messages.ok ? messages.value : []) if (message.type === "updates") this.received += message.updates.length;
      receive(socket, frame);
    };
  }

  /** A tab that only begins to open the document, without a line. */
  begin(): ATab {
    const tab = new ATab(this, `tab-${this.#tabs.length}`);
    this.#tabs.push(tab);
    return tab;
  }

  /** A tab with the document open, without a line. */
  async open(): Promise<ATab> {
    const tab = this.begin();
    await tab.room.whenLoaded;
    await pass(1_000);
    return tab;
  }

  /** What the store is asked for takes this long from now on. */
  slowDisk(ms: number): void {
    const [load, write] = [this.store.load.bind(this.store), this.store.write.bind(this.store)];
    this.store.load = (room) => pause(ms).then(() => load(room));
    this.store.write = (room, changes) => pause(ms).then(() => write(room, changes));
  }

  get onRelay(): string {
    return this.network.relay.durableDoc().getText("t").toString();
  }

  async waiting(): Promise<number> {
    return (await this.store.rooms()).reduce((sum, { waiting }) => sum + waiting, 0);
  }

  async end(): Promise<void> {
    const closing = Promise.all(this.#tabs.map(({ mesh }) => mesh.close()));
    await pass(1_000);
    await closing;
  }
}

export class ATab {
  readonly mesh: Inkmesh;
  /** How long the app takes to open the document anew. */
  opensAnewAfterMs = 0;
  #room: InkmeshRoom;
  readonly #channel: SimChannel;
  readonly #browser: ABrowser;
  readonly #name: string;

  constructor(browser: ABrowser, name: string) {
    this.#browser = browser;
    this.#name = name;
    this.#channel = browser.channels.open();
    const { store, network } = browser;
    const tabs = { channel: this.#channel, locks: browser.locks?.of(name) };
    this.mesh = new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, store, tabs });
    this.mesh.workOffline(true);
    this.#room = this.#open();
  }

  get room(): InkmeshRoom {
    return this.#room;
  }

  get text(): string {
    return this.room.doc.getText("t").toString();
  }

  get waiting(): number {
    return this.room.status.waiting;
  }

  /** Each letter is an edit. */
  async type(words: string): Promise<void> {
    const text = this.room.doc.getText("t");
    for (const letter of words) {
      text.insert(text.length, letter);
      await pass(1);
    }
  }

  async cut(index: number, length: number): Promise<void> {
    this.room.doc.getText("t").delete(index, length);
    await pass(1);
  }

  online(): void {
    this.mesh.workOffline(false);
  }

  /** As when its page goes. */
  async close(): Promise<void> {
    const closing = this.mesh.close();
    await pass(100);
    await closing;
  }

  /** Without a goodbye: it says and hears nothing any more, and its locks are free. */
  die(): void {
    this.#channel.isFrozen = true;
    this.#browser.locks?.end(this.#name);
  }

  /** It says and hears nothing, and keeps its locks. */
  freeze(frozen: boolean): void {
    this.#channel.isFrozen = frozen;
  }

  #open(): InkmeshRoom {
    const room = this.mesh.open("r");
    room.on("discarded", () => setTimeout(() => void this.#openAnew(room), this.opensAnewAfterMs));
    return room;
  }

  #openAnew(shown: InkmeshRoom): void {
    void shown.close();
    this.#room = this.#open();
  }
}
