/**
 * Inkmesh: the client of one page or process: one socket for many rooms, to whichever relay can be reached, and one device
 * store. It is the loop around the core: it tells it what happened, performs what it wants done, and keeps its one timer.
 *
 *     room edits, socket events, timer ──▶ turn ──▶ core.step … step(turn-ended) ──▶ effects ──▶ rooms, socket
 *
 * Invariants: inputs of a turn share one `now`; effects are performed in order, and inputs that they cause are stepped
 * in the same turn; the remote updates of one frame reach a document in one transaction, before any clock that covers
 * them is kept.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Instant } from "@inkmesh/shared/base/instant";
import { readRoomName } from "@inkmesh/shared/wire/room-name";
import type * as Y from "yjs";
import { ClientCore } from "./core/client-core.ts";
import type { ClientEffect } from "./core/client-effect.ts";
import type { ClientInput } from "./core/client-input.ts";
import { defaultClientLimits } from "./core/client-limits.ts";
import type { OutboxEntry } from "./core/outbox-entry.ts";
import { sameStatus, type MeshStatus } from "./core/room-status.ts";
import { defaultStore, findTabs, pageAddress, randomHex, sha256, systemRandom, watchPage } from "./environment.ts";
import { BlobRequests } from "./blob-requests.ts";
import { DeviceRooms } from "./device-rooms.ts";
import { DeviceBlobs } from "./device-blobs.ts";
import type { Access } from "@inkmesh/shared/wire/client-message";
import { GivenDocuments, type GivenDocument } from "./given-documents.ts";
import { guarded } from "./guarded.ts";
import { givenCredential, type DeviceRoom, type InkmeshOptions, type MeshEvents, type OpenOptions } from "./inkmesh-options.ts";
import { InkmeshRoom } from "./inkmesh-room.ts";
import { KnownRelays } from "./known-relays.ts";
import { Leftovers } from "./leftovers.ts";
import { Listeners } from "./listeners.ts";
import { MemoryBlobs } from "./memory-blobs.ts";
import type { OfflineStore } from "./offline-store.ts";
import { givenAddresses, toldAddress } from "./relay-address.ts";
import { type InRoomEffect, performInRoom } from "./room-effect.ts";
import type { RoomHost } from "./room-host.ts";
import { StorePersistence } from "./store-persistence.ts";
import { Tabs } from "./tabs.ts";
import { findWebSocket, WebSocketTransport, type WebSocketConstructor } from "./web-socket-transport.ts";

const agentDefault = "inkmesh-client/0.1.0";

export class Inkmesh {
  readonly #WebSocket: WebSocketConstructor;
  readonly #store: OfflineStore;
  readonly #core: ClientCore;
  readonly #tab = randomHex(8);
  readonly #tabs: Tabs;
  readonly #leftovers: Leftovers;
  readonly #blobs: DeviceBlobs;
  readonly #deviceRooms: DeviceRooms;
  readonly #knownRelays: KnownRelays;
  readonly #persistence: StorePersistence;
  readonly #documents: GivenDocuments;
  readonly #rooms = new Map<RoomName, InkmeshRoom<unknown>>();
  /** Closed for the app, still writing to the device. */
  readonly #closing = new Set<InkmeshRoom<unknown>>();
  readonly #host: RoomHost;
  readonly #listeners = new Listeners<MeshEvents>();
  readonly #unwatchPage: () => void;
  #transport: { readonly socket: number; readonly line: WebSocketTransport } | undefined;
  #number = 0;
  #queue: ClientInput[] = [];
  #isTurning = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerMs: number | undefined;
  #remote = new Map<RoomName, Uint8Array[]>();
  #status: MeshStatus;
  #isClosed = false;

  constructor(options: InkmeshOptions) {
    this.#WebSocket = findWebSocket(options.WebSocket);
    this.#store = options.store ?? defaultStore();
    this.#documents = new GivenDocuments(options.automerge);
    const given = givenAddresses(options.url, pageAddress());
    this.#core = new ClientCore({
      agent: options.agent ?? agentDefault,
      credential: givenCredential(options),
      relays: given,
      readAddress: toldAddress,
      random: systemRandom,
      limits: { ...defaultClientLimits, ...options.limits },
    });
    this.#status = this.#core.status;
    this.#blobs = this.#newBlobs(options);
    this.#deviceRooms = new DeviceRooms(this.#store, () => this.#blobs.waiting());
    this.#persistence = new StorePersistence(this.#store);
    const remembered = (addresses: readonly string[]): void => this.#turn([{ type: "relays-remembered", addresses }]);
    this.#knownRelays = new KnownRelays({ store: this.#store, given, remembered });
    this.#host = this.#newHost();
    this.#tabs = this.#newTabs(options.tabs);
    this.#leftovers = new Leftovers({
      tab: this.#tab,
      store: this.#store,
      tabs: this.#tabs,
      openRoom: (room) => this.#rooms.get(room),
      openRooms: () => [...this.#rooms.values()],
      canOpenHidden: (room) => this.#documents.canMake(room),
      openHidden: (room) => this.#openRoom(room, this.#documents.hidden(room), "read-write"),
      isOnline: () => this.#status.connection === "online",
    });
    this.#store.onEmptied = () => this.#deviceEmptied();
    this.#unwatchPage = watchPage({ changed: () => this.retry(), hidden: () => this.#pageHidden() });
    this.#tabs.start();
    this.#blobs.look();
    this.#armTimer();
  }

  /** What is true of the connection now; `on("status")` tells when it changes. */
  get status(): MeshStatus {
    return this.#status;
  }

  /** Answers the function that ends it. */
  on<Name extends keyof MeshEvents>(event: Name, listener: (detail: MeshEvents[Name]) => void): () => void {
    return this.#listeners.on(event, listener);
  }

  /** Opens a document. Throws when the name is none, or that of another kind of document, or the room is open here already. */
  open<Doc = Y.Doc>(room: string, options: OpenOptions<Doc> = {}): InkmeshRoom<Doc> {
    const name = readRoomName(room);
    if (!name.ok) throw new Error(`Not a document's name: ${name.refusal.detail || JSON.stringify(room)}`);
    if (this.#isClosed) throw new Error("This client was closed.");
    this.#leftovers.release(name.value);
    if (this.#rooms.has(name.value)) throw new Error(`${JSON.stringify(room)} is open here already.`);
    return this.#openRoom(name.value, this.#documents.of(name.value, options), options.access ?? "read-write");
  }

  /** A person's switch: while true there is no connection, and everything typed waits on the device. */
  workOffline(offline: boolean): void {
    this.#turn([{ type: "work-offline", offline }]);
  }

  /** Tries to connect now, if it is not connected. */
  retry(): void {
    this.#turn([{ type: "network-changed" }]);
  }

  /** What this device holds, of all tabs. */
  deviceRooms(): Promise<readonly DeviceRoom[]> {
    return this.#deviceRooms.list();
  }

  /**
   * Removes everything that this device holds of a room, also what was never saved. Another tab that has it open keeps it:
   * what that one shows, it writes again.
   */
  async forget(room: string): Promise<void> {
    // What a disk refused of it was to be removed anyway.
    await Promise.allSettled([this.#rooms.get(room as RoomName)?.close()]);
    await Promise.all([this.#store.remove(room), this.#blobs.forget(room)]);
    this.#tabs.sayForgotten(room);
  }

  /** Ends all sessions and lets go of the store. Resolves when everything typed is on the device; rejects when some of it is lost. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leftovers.close();
    const closed = await Promise.allSettled([...this.#rooms.values(), ...this.#closing].map((room) => room.close()));
    this.#turn([{ type: "work-offline", offline: true }]);
    clearTimeout(this.#timer);
    this.#unwatchPage();
    this.#tabs.close();
    this.#store.onEmptied = undefined;
    await this.#blobs.close();
    await this.#store.close();
    for (const end of closed) if (end.status === "rejected") throw end.reason;
  }

  #openRoom<Doc>(room: RoomName, given: GivenDocument<Doc>, access: Access): InkmeshRoom<Doc> {
    this.#turn([{ type: "room-opened", room, access }]);
    const opened = new InkmeshRoom({ room, given, host: this.#host });
    this.#rooms.set(room, opened);
    return opened;
  }

  // The turn.

  #turn(inputs: readonly ClientInput[]): void {
    this.#queue.push(...inputs);
    if (this.#isTurning) return;
    this.#isTurning = true;
    try {
      this.#stepAll({ monotonicMs: performance.now(), wallMs: Date.now() });
    } finally {
      // A mistake of ours is thrown on; what comes after it is not to be stuck behind it.
      this.#isTurning = false;
      this.#armTimer();
    }
    this.#refreshStatus();
  }

  #stepAll(now: Instant): void {
    do {
      for (let input = this.#queue.shift(); input !== undefined; input = this.#queue.shift()) {
        this.#performAll(this.#core.step(input, now));
      }
      this.#performAll(this.#core.step({ type: "turn-ended" }, now));
    } while (this.#queue.length > 0);
  }

  #performAll(effects: readonly ClientEffect[]): void {
    // What one effect throws is thrown later: an ack or a save that is dropped would never come again.
    for (const effect of effects) guarded(() => this.#perform(effect));
    for (const room of [...this.#remote.keys()]) guarded(() => this.#applyRemote(room));
  }

  #perform(effect: ClientEffect): void {
    switch (effect.type) {
      case "connect":
        return this.#connect(effect);
      case "send":
        if (this.#transport?.socket === effect.socket) this.#transport.line.send(effect.frame);
        return;
      case "disconnect":
        if (this.#transport?.socket === effect.socket) this.#transport.line.close(effect.code);
        return;
      case "recall-relays":
        return this.#knownRelays.read();
      case "keep-relays":
        return this.#knownRelays.keep(effect.addresses);
      case "apply-remote":
        this.#remote.set(effect.room, [...(this.#remote.get(effect.room) ?? []), ...effect.updates]);
        return;
      default:
        guarded(() => this.#applyRemote(effect.room));
        return this.#performInRoom(effect);
    }
  }

  #performInRoom(effect: InRoomEffect): void {
    const room = this.#rooms.get(effect.room);
    if (!room) return;
    if (effect.type === "deleted") this.#deviceRooms.deleted(effect.room, this.#core.room(effect.room)?.generation, effect);
    performInRoom(room, effect, (input) => this.#turn([input]));
  }

  #applyRemote(room: RoomName): void {
    const updates = this.#remote.get(room);
    if (!updates) return;
    this.#remote.delete(room);
    this.#rooms.get(room)?.applyRemote(updates);
  }

  #connect({ socket, address }: Extract<ClientEffect, { type: "connect" }>): void {
    const line = new WebSocketTransport({
      url: address,
      WebSocket: this.#WebSocket,
      listener: {
        opened: () => this.#turn([{ type: "socket-opened", socket }]),
        frame: (bytes) => this.#turn([{ type: "frame-received", socket, bytes }]),
        closed: (code) => this.#turn([{ type: "socket-closed", socket, code }]),
      },
    });
    this.#transport = { socket, line };
  }

  #armTimer(): void {
    const deadlineMs = this.#isClosed ? undefined : this.#core.nextDeadline();
    if (deadlineMs === this.#timerMs && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerMs = deadlineMs;
    if (deadlineMs === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#turn([{ type: "deadline-reached" }]);
      },
      Math.max(0, Math.ceil(deadlineMs - performance.now())),
    );
  }

  #refreshStatus(): void {
    const before = this.#status;
    const persistence = this.#persistence.answer;
    const status = { ...this.#core.status, ...(persistence === undefined ? {} : { persistence }) };
    this.#tabs.lineChanged(status.connection === "online");
    this.#blobs.lineChanged(status.connection === "online" ? status.url : undefined);
    if (!sameStatus(before, status)) {
      this.#status = status;
      this.#listeners.emit("status", status);
    }
    for (const room of [...this.#rooms.values()]) room.refreshStatus();
    if (status.connection === "online" && before.connection !== "online") this.#leftovers.lineUp();
  }

  // The parts.

  #newHost(): RoomHost {
    const status = (): MeshStatus => this.#core.status;
    return {
      tab: this.#tab,
      store: this.#store,
      blobs: this.#blobs,
      get connection() {
        return status().connection;
      },
      nextNumber: () => ++this.#number,
      turn: (inputs) => this.#turn(inputs),
      view: (room) => this.#core.room(room),
      waiting: (room) => this.#core.waiting(room),
      isWaiting: (room, upTo) => this.#core.isWaiting(room, this.#tab, upTo),
      sayEdits: (room, entries) => this.#tabs.sayEdits(room, entries),
      saySettled: (room, entries, refusal) => this.#tabs.saySettled(room, entries, refusal),
      sayDiscarded: (room, keys) => this.#tabs.sayDiscarded(room, keys),
      living: () => this.#tabs.living(),
      kept: () => void this.#persistence.ask().then((isNews) => isNews && this.#refreshStatus()),
      loaded: (room) => {
        this.#tabs.sayHello(room.name, room.stateVector());
        this.#leftovers.loaded(room);
      },
      closing: (room) => {
        this.#rooms.delete(room.name as RoomName);
        this.#closing.add(room);
      },
      closed: (room) => {
        this.#closing.delete(room);
        this.#leftovers.look();
      },
    };
  }

  #newBlobs({ fetch = globalThis.fetch, credential = "" }: InkmeshOptions): DeviceBlobs {
    return new DeviceBlobs({
      store: this.#store.blobs ?? new MemoryBlobs(),
      requests: new BlobRequests({ fetch, credential }),
      random: systemRandom,
      hash: sha256,
      // Without a store that they share each tab has its own images.
      isSender: () => this.#store.blobs === undefined || this.#tabs.isSender,
      say: (added) => this.#tabs.sayBlobs(added),
      changed: () => [...this.#rooms.values()].forEach((room) => room.refreshStatus()),
    });
  }

  #newTabs(given: InkmeshOptions["tabs"]): Tabs {
    const found = given ?? (this.#store.shared ? findTabs(`inkmesh/${this.#store.name}`) : { locks: undefined, channel: undefined });
    return new Tabs({
      name: `inkmesh/${this.#store.name}`,
      tab: this.#tab,
      locks: found.locks,
      channel: found.channel,
      now: () => performance.now(),
      listener: {
        generation: (room) => this.#core.room(room as RoomName)?.generation,
        edits: (room, entries, generation) => this.#editedElsewhere(room as RoomName, entries, generation),
        settled: (room, keys, refusal, generation) => this.#rooms.get(room as RoomName)?.tabs.settled(keys, refusal, generation),
        discarded: (room, keys) => this.#rooms.get(room as RoomName)?.discardedElsewhere(keys),
        forgotten: (room, tab) => this.#forgottenElsewhere(room as RoomName, tab),
        answered: (room, update, generation) => this.#rooms.get(room as RoomName)?.tabs.answered(update, generation),
        hello: (room, stateVector, generation) => this.#rooms.get(room as RoomName)?.answerHello(stateVector, generation),
        blobs: (added) => this.#blobs.changedElsewhere(added),
        leftoversLikely: () => {
          this.#leftovers.look();
          this.#blobs.partChanged();
        },
      },
    });
  }

  #pageHidden(): void {
    for (const room of this.#rooms.values()) room.flush();
    this.#turn([...this.#rooms.values()].map((room) => room.farewell()));
    this.#tabs.sayBye();
  }

  #editedElsewhere(name: RoomName, entries: readonly OutboxEntry[], generation: number | undefined): void {
    const room = this.#rooms.get(name);
    const ours = entries.filter(({ tab }) => this.#tabs.looksAfter(tab));
    room?.tabs.edited(entries, generation);
    if (ours.length > 0 && room) room.tabs.adopt(ours, false, generation);
    else if (ours.length > 0) this.#leftovers.typedInto(name);
  }

  #forgottenElsewhere(name: RoomName, tab: string): void {
    // Nobody looks at what is open in the background only.
    this.#leftovers.release(name);
    const room = this.#rooms.get(name);
    room?.rewriteCopy();
    room?.tabs.forgottenBy(tab);
    if (room && !room.deletion) this.#blobs.emptied(name);
    else this.#blobs.forgotten(name);
  }

  #deviceEmptied(): void {
    for (const room of this.#rooms.values()) room.rewriteCopy();
    this.#blobs.emptied();
    this.#listeners.emit("device-emptied", undefined);
  }
}
