/**
 * DeviceBlobs: the images of all documents on this device: they are on its disk before a document names them, offered to the relay of
 * the line until they are saved, and those of others are fetched from there and kept to be shown again.
 *
 *     add ─▶ store ─▶ (the document names it) ─▶ BlobOutbox ─▶ PUT, by one tab for all ─▶ saved
 *     get ─▶ store ──not there──▶ GET ─▶ checked against its name ─▶ store
 *
 * Tabs share the store. One of them offers what waits, whoever put it there, and tells the others that something changed: they look
 * into the store. Two that do so cost bytes and nothing else: a relay keeps once what comes twice.
 *
 * Invariants: `add` resolves when the bytes are on the device; one offer at a time; what is answered hashes to its name; at most
 * `heldBytesMax` are in memory beside what is under way; what is in memory and waits is let go only once it is known to be saved, or the
 * device is to forget it.
 */
import { type BlobName, blobBytesMax, blobNameOf } from "@inkmesh/shared/base/blob-name";
import type { Random } from "@inkmesh/shared/base/random";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { BlobRequests } from "./blob-requests.ts";
import type { BlobStore } from "./blob-store.ts";
import { type BlobKey, BlobOutbox, type BlobView, keyOf } from "./core/blob-outbox.ts";

/** An image, or why it cannot be had now. */
export type BlobAnswer =
  | { readonly type: "found"; readonly bytes: Uint8Array }
  /** It is not on this device, and there is no line. */
  | { readonly type: "offline" }
  /** No relay that can be reached has it. */
  | { readonly type: "not-found" }
  /** The relay gave no answer, or one that is not the image. */
  | { readonly type: "unanswered" }
  | { readonly type: "refused"; readonly refusal: Refusal };

/** While something waits the store is looked at again: what another tab says may be missed. */
const lookEveryMs = 30_000;
/** The same, after it could not be read. */
const readAgainMs = 5_000;
/** Of what waits, kept in memory in case that somebody empties the store. */
const heldBytesMax = 32 * 1024 * 1024;

interface DeviceBlobsOptions {
  readonly store: BlobStore;
  readonly requests: BlobRequests;
  readonly random: Random;
  readonly hash: (bytes: Uint8Array) => Promise<string>;
  /** Whether this tab is the one that sends. */
  readonly isSender: () => boolean;
  /** Tells the other tabs to look into the store, and what was put into it. */
  readonly say: (added?: BlobKey) => void;
  /** A room's view may be another. */
  readonly changed: () => void;
}

interface HeldBlob {
  readonly key: BlobKey;
  readonly bytes: Uint8Array;
}

export class DeviceBlobs {
  readonly #options: DeviceBlobsOptions;
  readonly #outbox: BlobOutbox;
  readonly #held = new Map<string, HeldBlob>();
  /** Of what is held, what the store has lost and not taken back. */
  readonly #unwritten = new Map<string, HeldBlob>();
  readonly #asked = new Map<string, Promise<BlobAnswer>>();
  #relay: string | undefined;
  #line = new AbortController();
  #isOffering = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: DeviceBlobsOptions) {
    this.#options = options;
    this.#outbox = new BlobOutbox(options.random);
  }

  view(room: string): BlobView {
    const view = this.#outbox.view(room);
    const unwritten = [...this.#unwritten.values()].filter(({ key }) => key.room === room).length;
    return { ...view, notOnDevice: this.#options.store.durable ? unwritten : view.waiting };
  }

  /** How many wait, by room. */
  async waiting(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { room } of await this.#options.store.waiting()) counts.set(room, (counts.get(room) ?? 0) + 1);
    return counts;
  }

  /** Reads what waits, from the store. */
  look(): void {
    if (this.#isClosed) return;
    const read = this.#outbox.reading();
    this.#whatWaits()
      .then(read, () => this.#outbox.unreadable())
      .then(() => this.#changed());
  }

  /** Another tab changed what the store has. */
  changedElsewhere(added: BlobKey | undefined): void {
    if (added) {
      // Before the store is read: until then it would be called saved.
      this.#outbox.add(added);
      this.#outbox.written(added);
      this.#changed();
    }
    this.look();
  }

  /** `relay`: the WebSocket address of the relay that is connected; undefined: none is. */
  lineChanged(relay: string | undefined): void {
    if (relay === this.#relay) return;
    this.#relay = relay;
    this.#line.abort();
    this.#line = new AbortController();
    if (relay !== undefined) this.#outbox.lineUp();
    void this.#offerAll();
  }

  /** This tab may be the one that sends by now. */
  partChanged(): void {
    void this.#offerAll();
  }

  /** The name by which a document may refer to these bytes from now on. Rejects when they are too many, or the device's disk refuses them. */
  async add(room: string, bytes: Uint8Array): Promise<BlobName> {
    if (bytes.length > blobBytesMax) throw new Error(`An image of ${bytes.length} bytes is too large: at most ${blobBytesMax}.`);
    const key = { room, name: blobNameOf(await this.#options.hash(bytes)) };
    const isNew = this.#outbox.add(key);
    try {
      await this.#options.store.put(room, key.name, bytes, true);
    } catch (failure) {
      if (isNew) this.#outbox.remove(key);
      else this.#outbox.written(key);
      this.#changed();
      throw failure;
    }
    this.#hold(key, bytes);
    this.#unwritten.delete(keyOf(key));
    this.#outbox.written(key);
    this.#options.say(key);
    this.#changed();
    return key.name;
  }

  /** The image, from this device or from the relay. */
  get(room: string, name: BlobName): Promise<BlobAnswer> {
    const key = keyOf({ room, name });
    const asked = this.#asked.get(key) ?? this.#get({ room, name }).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  /** The store was emptied by somebody else, or of one room: what waits and is at hand is written again. */
  emptied(room?: string): void {
    for (const [key, held] of this.#held) if (room === undefined || held.key.room === room) this.#unwritten.set(key, held);
    this.#changed();
    void this.#writeAgain().then(() => {
      this.#options.say();
      this.look();
    });
  }

  /** Another tab removed what the store had of a room that is of no use here. */
  forgotten(room: string): void {
    for (const { key } of this.#held.values()) if (key.room === room) this.#letGo(key);
    this.look();
  }

  async forget(room: string): Promise<void> {
    for (const { key } of this.#held.values()) if (key.room === room) this.#letGo(key);
    await this.#options.store.remove(room);
    this.look();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#line.abort();
    await this.#options.store.close();
  }

  async #get(key: BlobKey): Promise<BlobAnswer> {
    const { store, requests, hash } = this.#options;
    const held = this.#held.get(keyOf(key))?.bytes ?? (await store.get(key.room, key.name).catch(() => undefined));
    if (held !== undefined) return { type: "found", bytes: held };
    const [relay, { signal }] = [this.#relay, this.#line];
    if (relay === undefined) return { type: "offline" };
    const answer = await requests.ask(relay, key, signal);
    // A relay that is left keeps nobody waiting: the next one is asked.
    if (signal.aborted && answer.type === "unanswered" && !this.#isClosed) return this.#get(key);
    if (answer.type !== "found") return answer.type === "unanswered" && this.#relay === undefined ? { type: "offline" } : answer;
    if (blobNameOf(await hash(answer.bytes)) !== key.name) return { type: "unanswered" };
    // A device without room for it shows it all the same.
    await store.put(key.room, key.name, answer.bytes, false).catch(() => undefined);
    return answer;
  }

  /** What the store says that waits, and what is held and not known to be saved: the store may have been emptied. */
  async #whatWaits(): Promise<readonly BlobKey[]> {
    const { store } = this.#options;
    const held = [...this.#held.values()];
    await this.#writeAgain();
    const stored = await store.waiting();
    const there = new Set(stored.map(keyOf));
    const lost: BlobKey[] = [];
    for (const { key } of held.filter((each) => !there.has(keyOf(each.key)))) {
      // What is there and does not wait was saved by another tab.
      const isThere = (await store.get(key.room, key.name).catch(() => undefined)) !== undefined;
      if (isThere) this.#letGo(key);
      else if (this.#held.has(keyOf(key))) lost.push(key);
    }
    return [...stored, ...lost];
  }

  async #writeAgain(): Promise<void> {
    const write = async ({ key, bytes }: HeldBlob): Promise<void> => {
      await this.#options.store.put(key.room, key.name, bytes, true);
      this.#unwritten.delete(keyOf(key));
    };
    await Promise.allSettled([...this.#unwritten.values()].map(write));
  }

  async #offerAll(): Promise<void> {
    if (this.#isOffering) return;
    this.#isOffering = true;
    try {
      while (await this.#offerNext());
    } finally {
      this.#isOffering = false;
      this.#armTimer();
    }
  }

  /** Whether there may be another one. */
  async #offerNext(): Promise<boolean> {
    const { store, requests, say } = this.#options;
    const [relay, { signal }] = [this.#relay, this.#line];
    const key = this.#canOffer ? this.#outbox.next(performance.now()) : undefined;
    if (relay === undefined || key === undefined) return false;
    const bytes = this.#held.get(keyOf(key))?.bytes ?? (await store.get(key.room, key.name).catch(() => null));
    if (bytes === undefined) {
      // Removed by another tab, or with the store: there is nothing to offer.
      this.#outbox.remove(key);
      this.#changed();
      return true;
    }
    const outcome = bytes === null ? ({ type: "unanswered" } as const) : await requests.offer(relay, key, bytes, signal);
    if (this.#isClosed) return false;
    // What was offered to a relay that is left is offered to the next one, at once.
    if (signal.aborted && outcome.type === "unanswered") return true;
    if (outcome.type === "saved") {
      await store.saved(key.room, key.name).catch(() => undefined);
      this.#letGo(key);
      say();
    }
    this.#outbox.offered(key, outcome, performance.now());
    this.#changed();
    return true;
  }

  get #canOffer(): boolean {
    return !this.#isClosed && this.#options.isSender();
  }

  #changed(): void {
    if (this.#isClosed) return;
    this.#options.changed();
    void this.#offerAll();
  }

  #hold(key: BlobKey, bytes: Uint8Array): void {
    const held = [...this.#held.values()].reduce((sum, each) => sum + each.bytes.length, bytes.length);
    if (held <= heldBytesMax) this.#held.set(keyOf(key), { key, bytes });
  }

  #letGo(key: BlobKey): void {
    this.#held.delete(keyOf(key));
    this.#unwritten.delete(keyOf(key));
  }

  #armTimer(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const dueMs = this.#outbox.nextDeadline;
    const isRead = this.#outbox.isKnown;
    if (dueMs === undefined && isRead) return;
    const isOurs = isRead && dueMs !== undefined && this.#canOffer && this.#relay !== undefined;
    const waitMs = isOurs ? Math.max(0, dueMs - performance.now()) : isRead ? lookEveryMs : readAgainMs;
    this.#timer = setTimeout(() => (isOurs ? void this.#offerAll() : this.look()), Math.min(waitMs, lookEveryMs));
  }
}
