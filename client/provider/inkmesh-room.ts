/**
 * InkmeshRoom: one document, tied to the device's store, to the other tabs and, through the core, to a relay.
 *
 *      app ─▶ doc ─▶ "update" ─▶ this turn's edits ─┬─▶ DeviceCopy (written in this task)
 *                                                   ├─▶ other tabs
 *                                                   └─▶ core ─▶ relay
 *      relay, other tabs ─▶ one transaction with this room as its origin ─▶ doc ─▶ app
 *
 * What is applied to the document with this room as origin is nobody's edit here: undo managers and the outbox pass it
 * over. Everything else that changes the document is an edit of this tab and is kept until it is saved.
 *
 * Knows no socket and no timer of the connection: `RoomHost` is all it sees of the mesh.
 */
import * as Y from "yjs";
import { errorKind } from "@inkmesh/shared/base/errors";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Awareness } from "y-protocols/awareness";
import type { ClientEffect } from "./core/client-effect.ts";
import type { ClientInput } from "./core/client-input.ts";
import type { OutboxEntry } from "./core/outbox-entry.ts";
import { roomStatus, sameStatus, type MeshStatus, type RoomStatus, type SessionView } from "./core/room-status.ts";
import { DeviceCopy } from "./device-copy.ts";
import { differenceBeyond, differenceTo, isCovered, isEmptyState, mergedUpdates } from "./document-difference.ts";
import { Listeners } from "./listeners.ts";
import type { OfflineStore, StoredCopy } from "./offline-store.ts";
import { RemoteChanges } from "./remote-changes.ts";
import { RoomPresence } from "./room-presence.ts";
import { SavedPromises } from "./saved-promises.ts";

export interface RoomDeletion {
  /** Who deleted it, or empty when that is not known. */
  readonly by: string;
  /** When, in wall time of the relay; 0 when that is not known. */
  readonly atMs: number;
}

/** A final refusal: of the whole room, or of one edit, which then stays aside on this device. */
export interface RoomRefusal {
  readonly refusal: Refusal;
  readonly edit: Uint8Array | undefined;
}

export interface RemoteUpdates {
  /** How many updates the transaction held. */
  readonly count: number;
}

export interface RoomEvents {
  status: RoomStatus;
  synced: undefined;
  deleted: RoomDeletion;
  refused: RoomRefusal;
  /** One transaction of remote updates was applied. */
  remote: RemoteUpdates;
}

/** What a room needs of the mesh that it belongs to. */
export interface RoomHost {
  readonly tab: string;
  readonly store: OfflineStore;
  readonly connection: MeshStatus["connection"];
  nextNumber(): number;
  turn(inputs: readonly ClientInput[]): void;
  view(room: RoomName): SessionView | undefined;
  isWaiting(room: RoomName, upTo: number): boolean;
  waiting(room: RoomName): readonly OutboxEntry[];
  sayEdits(room: RoomName, updates: readonly Uint8Array[]): void;
  loaded(room: InkmeshRoom): void;
  closing(room: InkmeshRoom): void;
  closed(room: InkmeshRoom): void;
}

type Ended = Extract<ClientEffect, { type: "deleted" | "refused" }>;

/** More stored updates than this are merged when there is time. */
const compactAbove = 200;
const compactAfterMs = 3_000;

const notLoaded: SessionView = {
  session: "loading",
  synced: false,
  waiting: 0,
  copies: 0,
  replicas: 0,
  needed: 0,
  generation: undefined,
  clock: "",
  stamp: undefined,
  problem: undefined,
};

export class InkmeshRoom {
  readonly name: string;
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  /** The device's copy is in the document. Never rejects: a device that cannot be read is in the status. */
  readonly whenLoaded: Promise<void>;
  /** For the first time, all that the relay had is in the document. Never rejects. */
  readonly whenSynced: Promise<void>;
  readonly #room: RoomName;
  readonly #host: RoomHost;
  readonly #listeners = new Listeners<RoomEvents>();
  readonly #copy: DeviceCopy;
  readonly #presence: RoomPresence;
  readonly #remote: RemoteChanges;
  readonly #saved: SavedPromises;
  readonly #ownsDoc: boolean;
  readonly #ownsAwareness: boolean;
  readonly #initial: Uint8Array;
  readonly #onUpdate: (update: Uint8Array, origin: unknown) => void;
  #turn: Uint8Array[] = [];
  #isTurnPlanned = false;
  #isLoaded = false;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #lastNumber = 0;
  #setAside: Refusal | undefined;
  #ended: Ended | undefined;
  #status: RoomStatus;
  #resolveSynced: () => void = () => {};
  #compaction: ReturnType<typeof setTimeout> | undefined;

  /** Made by `Inkmesh.open`. */
  constructor(options: { room: RoomName; doc: Y.Doc; ownsDoc: boolean; awareness: Awareness; ownsAwareness: boolean; host: RoomHost }) {
    this.name = options.room;
    this.doc = options.doc;
    this.awareness = options.awareness;
    this.#room = options.room;
    this.#host = options.host;
    this.#ownsDoc = options.ownsDoc;
    this.#ownsAwareness = options.ownsAwareness;
    this.#copy = new DeviceCopy({ room: options.room, store: options.host.store, changed: () => this.refreshStatus() });
    this.#presence = new RoomPresence({ awareness: this.awareness, changed: () => this.#planTurn() });
    this.#remote = new RemoteChanges({
      doc: this.doc,
      origin: this,
      shown: (count) => this.#listeners.emit("remote", { count }),
    });
    this.#saved = new SavedPromises({
      isWaiting: (upTo) => this.#host.isWaiting(this.#room, upTo),
      whyNever: () => this.#whyNeverSaved(),
    });
    this.#initial = Y.encodeStateAsUpdate(this.doc);
    this.#status = this.#readStatus();
    this.#onUpdate = (update, origin) => {
      if (origin === this) return;
      this.#turn.push(update);
      this.#planTurn();
    };
    this.doc.on("update", this.#onUpdate);
    this.whenSynced = new Promise((resolve) => (this.#resolveSynced = resolve));
    this.whenLoaded = this.#load();
  }

  /** What is true now; `on("status")` tells when it changes. */
  get status(): RoomStatus {
    // An edit of this very task waits already, though nobody was told yet.
    return this.#turn.length > 0 ? this.#readStatus() : this.#status;
  }

  /** Answers the function that ends it. */
  on<Name extends keyof RoomEvents>(event: Name, listener: (detail: RoomEvents[Name]) => void): () => void {
    return this.#listeners.on(event, listener);
  }

  /** While held, remote updates are stored and acknowledged but not shown: during the composition of an input method. */
  holdRemote(hold: boolean): void {
    this.#remote.hold(hold);
  }

  /**
   * Resolves when everything typed in this tab up to now is saved. Rejects when that will not happen: the room was
   * deleted or closed, or a relay refused an edit for good.
   */
  async whenSaved(): Promise<void> {
    await this.whenLoaded;
    this.flush();
    await this.#saved.until(this.#lastNumber);
  }

  /** Ends the session. Edits that are not saved stay on the device and are sent in the background while the mesh is open. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.flush();
    if (this.#turn.length > 0) this.#keepTurn();
    this.#isClosed = true;
    this.doc.off("update", this.#onUpdate);
    this.#presence.close();
    this.#host.closing(this);
    this.#host.turn([{ type: "room-closed", room: this.#room }]);
    this.#saved.settle();
    clearTimeout(this.#compaction);
    await this.whenLoaded;
    await this.#copy.settled();
    this.#copy.close();
    if (this.#ownsAwareness) this.awareness.destroy();
    if (this.#ownsDoc) this.doc.destroy();
    this.#host.closed(this);
  }

  // For the mesh.

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Writes, tells and sends what this turn changed here. */
  flush(): void {
    this.#isTurnPlanned = false;
    if (this.#isClosed) return;
    const inputs: ClientInput[] = [];
    const presence = this.#presence.take();
    if (presence) inputs.push({ type: "presence-changed", room: this.#room, bytes: presence });
    if (this.#isLoaded && this.#turn.length > 0) inputs.unshift({ type: "edited", room: this.#room, entries: this.#keepTurn() });
    if (inputs.length > 0) this.#host.turn(inputs);
    else this.refreshStatus();
  }

  /** Entries that a closed tab left: shown, and sent from here. */
  adopt(entries: readonly OutboxEntry[]): void {
    if (!this.#isLoaded || this.#isClosed || entries.length === 0) return;
    this.#remote.show(entries.map((entry) => entry.bytes));
    this.#host.turn([{ type: "edited", room: this.#room, entries }]);
  }

  /** What another tab typed: it is in that tab's outbox, so it is only shown here. */
  applyFromTab(updates: readonly Uint8Array[]): void {
    if (this.#isClosed || !this.#isLoaded) return;
    this.#remote.show(updates);
  }

  applyRemote(updates: readonly Uint8Array[]): void {
    this.#copy.updates(updates);
    this.#remote.show(updates);
  }

  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.doc);
  }

  /** As `make-difference` asks for it. */
  difference(stateVector: Uint8Array, unless: readonly Uint8Array[] | undefined): Uint8Array | undefined {
    return unless ? differenceBeyond(this.doc, stateVector, unless) : differenceTo(this.doc, stateVector);
  }

  clockReached(generation: number, clock: VectorClock): void {
    this.#copy.clockReached(generation, clock);
  }

  saved(entries: readonly OutboxEntry[]): void {
    this.#copy.saved(entries);
  }

  setAside(entry: OutboxEntry, refusal: Refusal): void {
    this.#copy.setAside(entry, refusal.code);
    this.#setAside = refusal;
    this.#listeners.emit("refused", { refusal, edit: entry.bytes });
  }

  synced(): void {
    this.#resolveSynced();
    this.#listeners.emit("synced", undefined);
  }

  ended(how: Ended): void {
    this.#ended = how;
    if (how.type === "deleted") this.#listeners.emit("deleted", { by: how.by, atMs: how.atMs });
    else this.#listeners.emit("refused", { refusal: how.refusal, edit: undefined });
  }

  presenceWanted(): void {
    this.#presence.announce();
  }

  applyPresence(bytes: Uint8Array): void {
    this.#presence.apply(bytes);
  }

  presenceLost(): void {
    this.#presence.forgetOthers();
  }

  /** The page goes: others should not see a cursor that nobody moves. */
  farewell(): ClientInput {
    return { type: "presence-changed", room: this.#room, bytes: this.#presence.farewell() };
  }

  /** The device's store was emptied from outside: writes everything again. */
  rewriteCopy(): void {
    if (!this.#isLoaded || this.#isClosed) return;
    this.#copy.lost();
    this.#copy.rewrite(Y.encodeStateAsUpdate(this.doc), this.#host.waiting(this.#room));
  }

  refreshStatus(): void {
    this.#saved.settle();
    if (this.#isClosed) return;
    const status = this.#readStatus();
    if (sameStatus(this.#status, status)) return;
    this.#status = status;
    this.#listeners.emit("status", status);
  }

  // Inside.

  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    // A microtask runs in the task that made the edit: a page that dies after it has not lost the edit.
    queueMicrotask(() => this.flush());
  }

  /** This turn's edits as entries, written to the device and told to the other tabs. */
  #keepTurn(): readonly OutboxEntry[] {
    const createdMs = Date.now();
    const updates = this.#turn;
    this.#turn = [];
    const entries = updates.map((bytes) => ({ tab: this.#host.tab, number: this.#host.nextNumber(), createdMs, bytes }));
    this.#lastNumber = entries.at(-1)?.number ?? this.#lastNumber;
    this.#copy.edits(entries);
    this.#host.sayEdits(this.#room, updates);
    return entries;
  }

  async #load(): Promise<void> {
    const copy = await this.#readCopy();
    if (this.#isClosed) return;
    const stored = [...copy.updates, ...copy.outbox.map((entry) => entry.bytes), ...copy.setAside.map((entry) => entry.bytes)];
    const isWhole = stored.length === 0 || this.#remote.apply(stored);
    const { pendingStructs, pendingDs } = this.doc.store;
    // A copy with holes may not name a clock: the relay would never fill them.
    if (!isWhole || pendingStructs !== null || pendingDs !== null) this.#copy.lost();
    const clock = this.#copy.isIncomplete ? VectorClock.empty : copy.clock;
    if (!isEmptyState(this.#initial) && !isCovered(this.#initial, stored)) this.#turn.unshift(this.#initial);
    this.#isLoaded = true;
    const own = copy.outbox.filter((entry) => entry.tab === this.#host.tab);
    this.#lastNumber = own.at(-1)?.number ?? 0;
    this.#host.turn([{ type: "room-loaded", room: this.#room, generation: copy.generation, clock, entries: own }]);
    this.flush();
    if (this.#copy.isIncomplete) this.#copy.rewrite(Y.encodeStateAsUpdate(this.doc), this.#host.waiting(this.#room));
    this.#planCompaction(copy.updates.length);
    this.#host.loaded(this);
  }

  async #readCopy(): Promise<StoredCopy> {
    try {
      return await this.#host.store.load(this.#room);
    } catch {
      this.#copy.lost();
      return { generation: undefined, clock: VectorClock.empty, updates: [], outbox: [], setAside: [] };
    }
  }

  #planCompaction(updates: number): void {
    if (updates <= compactAbove) return;
    this.#compaction = setTimeout(() => {
      // A store that cannot be compacted now is only larger.
      this.#host.store.compact(this.#room, compactAbove, mergedUpdates).catch(() => {});
    }, compactAfterMs);
  }

  #whyNeverSaved(): Error | undefined {
    if (this.#setAside) return refusalError(this.#setAside);
    if (this.#ended?.type === "deleted") return new Error(errorKind("ROOM_DELETED").sentence);
    if (this.#ended?.type === "refused") return refusalError(this.#ended.refusal);
    return this.#isClosed ? new Error("The document was closed before everything was saved.") : undefined;
  }

  #readStatus(): RoomStatus {
    const view = this.#host.view(this.#room) ?? notLoaded;
    const unsent = this.#turn.length;
    return roomStatus(
      { ...view, waiting: view.waiting + unsent, copies: unsent > 0 ? 0 : view.copies },
      { state: this.#copy.state, notOnDevice: this.#copy.notOnDevice + unsent, setAside: this.#setAside },
      this.#host.connection,
    );
  }
}

function refusalError(refusal: Refusal): Error {
  const { sentence } = errorKind(refusal.code);
  return new Error(refusal.detail === "" ? sentence : `${sentence} (${refusal.detail})`);
}
