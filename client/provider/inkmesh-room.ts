/**
 * InkmeshRoom: one document, tied to the device's store, to the other tabs and, through the core, to a relay.
 *
 *      app ─▶ doc ─▶ SharedDocument ─▶ this turn's edits ─┬─▶ DeviceCopy (written in this task)
 *                                                         ├─▶ other tabs
 *                                                         └─▶ core ─▶ relay
 *      relay, other tabs ─▶ at once (Yjs: one transaction with this room as its origin) ─▶ doc ─▶ app
 *
 * What comes that way is nobody's edit here: undo managers and the outbox pass it
 * over. Everything else that changes the document is an edit of this tab and is kept until it is saved. What other tabs
 * typed waits in theirs (`room-tabs.ts`), unless the mesh has this one look after it.
 *
 * Knows no socket and no timer of the connection: `RoomHost` is all it sees of the mesh.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import { isAllSaved } from "./core/blob-outbox.ts";
import type { ClientEffect } from "./core/client-effect.ts";
import type { ClientInput } from "./core/client-input.ts";
import { outboxKey, type OutboxEntry, type OutboxKey } from "./core/outbox-entry.ts";
import { notLoaded, roomStatus, sameStatus, type RoomStatus } from "./core/room-status.ts";
import { DeviceCopy } from "./device-copy.ts";
import type { GivenDocument } from "./given-documents.ts";
import { Listeners } from "./listeners.ts";
import { MissedUpdates } from "./missed-updates.ts";
import type { OnlyHere } from "./offline-store.ts";
import { RemoteChanges } from "./remote-changes.ts";
import { RoomPresence } from "./room-presence.ts";
import { RoomBlobs } from "./room-blobs.ts";
import type { RoomDeletion, RoomEvents } from "./room-events.ts";
import type { RoomHost } from "./room-host.ts";
import { RoomTabs } from "./room-tabs.ts";
import { SavedPromises, whyNeverSaved, type Ended } from "./saved-promises.ts";
import { SetAside } from "./set-aside.ts";
import type { SharedDocument, WantedDifference } from "./shared-document.ts";

const documentFailed: Refusal = {
  code: "UNAPPLICABLE",
  detail: "Automerge has failed: nothing is shown or changed here until the page is loaded anew",
};

/** `Doc`: what kind of document the room's name says, a `Y.Doc` or an `AutomergeHandle`. */
export class InkmeshRoom<Doc = Y.Doc> {
  readonly name: string;
  readonly doc: Doc;
  readonly awareness: Awareness;
  /** For the mesh: what other tabs tell of this room. */
  readonly tabs: RoomTabs;
  /** The device's copy is in the document. Never rejects: a device that cannot be read is in the status. */
  readonly whenLoaded: Promise<void>;
  /** For the first time, all that the relay had is in the document. Never rejects. */
  readonly whenSynced: Promise<void>;
  /** The document's images. */
  readonly blobs: RoomBlobs;
  readonly #room: RoomName;
  readonly #host: RoomHost;
  readonly #listeners = new Listeners<RoomEvents>();
  readonly #copy: DeviceCopy;
  /** Who else is here, as far as the relay shows it: `awareness` has their states. */
  readonly presence: RoomPresence;
  readonly #remote: RemoteChanges;
  readonly #saved: SavedPromises;
  readonly #given: GivenDocument<Doc>;
  readonly #document: SharedDocument;
  readonly #unwatch: () => void;
  #turn: Uint8Array[] = [];
  #isTurnPlanned = false;
  #isLoaded = false;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #lastNumber = 0;
  readonly #setAside: SetAside;
  readonly #missed = new MissedUpdates();
  #ended: Ended | undefined;
  #status: RoomStatus;
  #resolveSynced: () => void = () => {};

  /** Made by `Inkmesh.open`. */
  constructor(options: { room: RoomName; given: GivenDocument<Doc>; host: RoomHost }) {
    this.name = options.room;
    this.#given = options.given;
    this.doc = options.given.doc;
    this.awareness = options.given.awareness;
    this.#document = options.given.share(this);
    this.#room = options.room;
    this.#host = options.host;
    this.blobs = new RoomBlobs(options.room, options.host.blobs);
    this.#copy = new DeviceCopy({
      room: options.room,
      store: options.host.store,
      kept: () => this.#host.kept(),
      changed: () => this.refreshStatus(),
    });
    this.presence = new RoomPresence({ awareness: this.awareness, changed: () => this.#planTurn() });
    this.#remote = new RemoteChanges({
      document: this.#document,
      shown: (count, news) => {
        this.#missed.shown(news);
        this.#listeners.emit("remote", { count });
      },
    });
    const parts = { room: options.room, host: options.host, copy: this.#copy };
    this.#setAside = new SetAside({
      ...parts,
      document: this.#document,
      // First: whoever opens the document anew does so before this one, which still shows it, is called saved.
      discarded: () => (this.#listeners.emit("discarded", undefined), this.refreshStatus()),
    });
    this.tabs = new RoomTabs({ ...parts, remote: this.#remote, setAside: this.#setAside, changed: () => this.refreshStatus() });
    this.#saved = new SavedPromises({
      isWaiting: (upTo) => this.#host.isWaiting(this.#room, upTo) || !isAllSaved(this.#host.blobs.view(this.#room)),
      whyNever: () =>
        whyNeverSaved({ refusal: this.#setAside.refusedHere ?? this.#repairRefused, ended: this.#ended, isClosed: this.#isClosed }),
    });
    this.#status = this.#readStatus();
    this.#unwatch = this.#document.watch((update) => {
      this.#turn.push(update);
      this.#planTurn();
    });
    this.whenSynced = new Promise((resolve) => (this.#resolveSynced = resolve));
    this.whenLoaded = this.#load();
  }

  /** What is true now; `on("status")` tells when it changes. */
  get status(): RoomStatus {
    // An edit of this very task waits already, though nobody was told yet.
    return this.#turn.length > 0 || this.#document.hasFailed ? this.#readStatus() : this.#status;
  }

  /** Who deleted the document and when, once a relay has said so; "deleted" tells when it does. */
  get deletion(): RoomDeletion | undefined {
    return this.#ended?.type === "deleted" ? { by: this.#ended.by, atMs: this.#ended.atMs } : undefined;
  }

  /** Answers the function that ends it. */
  on<Name extends keyof RoomEvents>(event: Name, listener: (detail: RoomEvents[Name]) => void): () => void {
    return this.#listeners.on(event, listener);
  }

  /** While held, remote updates are stored and acknowledged but not shown: during the composition of an input method. */
  holdRemote(hold: boolean): void {
    this.#remote.hold(hold);
  }

  /** What of this document is on this device alone, from memory: also there when the device's disk is not. */
  get onlyHere(): OnlyHere {
    const unsent = this.#turn.map((bytes, index) => ({ tab: this.#host.tab, number: index, createdMs: Date.now(), bytes }));
    const waiting = new Map([...this.tabs.waiting, ...this.#host.waiting(this.#room)].map((entry) => [outboxKey(entry), entry]));
    // Which part of the document a relay lacks is in no entry.
    const refused = this.#repairRefused ? [{ tab: this.#host.tab, number: 0, createdMs: Date.now(), bytes: this.#document.state() }] : [];
    return { waiting: [...waiting.values(), ...unsent, ...refused], setAside: this.#setAside.entries };
  }

  /**
   * Gives up what a relay refused for good: it leaves this device. The document shows it until the room is closed and
   * opened again; "discarded" says so, in every tab.
   */
  discardSetAside(): Promise<void> {
    return this.#setAside.discard();
  }

  /**
   * Resolves when everything typed in this tab up to now is saved, and every image of this device. Rejects when that will not happen: the room was
   * deleted or closed, or a relay refused an edit for good.
   */
  async whenSaved(): Promise<void> {
    await this.whenLoaded;
    this.flush();
    await this.#saved.until(this.#lastNumber);
  }

  /**
   * Ends the session. Edits that are not saved stay on the device and are sent in the background while the mesh is open.
   * Rejects when some are lost: no relay has them, and the device's disk refused them, also when it was tried again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.flush();
    // Before the device's copy was read nobody knows whether it has what the document was given with, on which these may hang.
    if (!this.#isLoaded) this.#turn.unshift(...this.#document.givenBeyond([]));
    const waiting = [...this.#host.waiting(this.#room), ...(this.#turn.length > 0 ? this.#keepTurn() : [])];
    this.#isClosed = true;
    this.tabs.close();
    this.#unwatch();
    this.presence.close();
    this.#host.closing(this);
    this.#host.turn([{ type: "room-closed", room: this.#room }]);
    this.#saved.settle();
    await this.whenLoaded;
    const lost = await this.#copy.close(waiting);
    this.#given.end();
    this.#host.closed(this);
    if (lost.length > 0) throw new Error(`Lost: ${lost.length} of the last edits, which the device's disk refused and no relay has.`);
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
    const presence = this.presence.take();
    if (presence) inputs.push({ type: "presence-changed", room: this.#room, bytes: presence });
    if (this.#isLoaded && this.#turn.length > 0)
      inputs.unshift({ type: "edited", room: this.#room, entries: this.#setAside.keepBack(this.#keepTurn()) });
    if (inputs.length > 0) this.#host.turn(inputs);
    else this.refreshStatus();
  }

  discardedElsewhere(keys: readonly OutboxKey[]): void {
    void this.#setAside.discarded(keys);
  }

  /** Whether something waits in this tab's own outbox. */
  get isSending(): boolean {
    return this.#host.waiting(this.#room).length > 0;
  }

  applyRemote(updates: readonly Uint8Array[]): void {
    this.#copy.updates(updates);
    this.#remote.show(updates, "relay");
  }

  stateVector(): Uint8Array {
    this.#missed.opening();
    return this.#document.stateVector();
  }

  /** What a new tab lacks. A deleted document has nothing for it: by that name there may be another one by now. */
  answerHello(stateVector: Uint8Array, generation: number | undefined): Uint8Array | undefined {
    const isFit = this.#isLoaded && !this.#isDeleted && !this.#setAside.isDiscardedShown && this.tabs.isOfThis(generation);
    return isFit ? this.#document.differenceBeyond(stateVector) : undefined;
  }

  /** As `make-difference` asks for it. Other tabs send theirs, and what was refused for good is not offered again. */
  difference(wanted: WantedDifference, answer: (updates: readonly Uint8Array[]) => void): void {
    // One that shows nothing any more must not have an edit set aside for that: it waits on the device.
    if (this.#document.hasFailed && wanted.containing !== undefined) return;
    const make = (): void => {
      const { bytes: refused, isRefusedShown } = this.#setAside;
      const elsewhere = this.tabs.waiting.map(bytesOf);
      answer(this.#document.wantedDifference(wanted, { elsewhere, refused, isComparable: !isRefusedShown }));
    };
    // An edit of another tab may hang on what only that one was shown: it is in the store.
    if (wanted.containing === undefined || this.#document.isShown(wanted.containing)) make();
    else void this.tabs.showStored().then(make);
  }

  clockReached({ generation, clock, token }: { generation: number; clock: VectorClock; token: string }): void {
    this.#copy.clockReached({ generation, clock, ...(token === "" ? {} : { token }) });
  }

  saved(entries: readonly OutboxEntry[]): void {
    this.#copy.saved(entries);
    this.#host.saySettled(this.#room, entries);
  }

  setAside(entry: OutboxEntry, refusal: Refusal): void {
    this.#setAside.refused(entry, refusal);
    this.#listeners.emit("refused", { refusal, edit: entry.bytes });
  }

  synced(isReturn: boolean): void {
    this.#remote.whenShown(() => this.#missed.caughtUp(isReturn));
    this.#resolveSynced();
    this.#listeners.emit("synced", undefined);
  }

  returned({ awayMs, sent, isMissedExact }: Extract<ClientEffect, { type: "returned" }>): void {
    this.#remote.whenShown(() => {
      const merged = this.#missed.take();
      if (sent > 0 || merged > 0) this.#listeners.emit("returned", { awayMs, sent, merged, isMergedExact: isMissedExact });
    });
  }

  ended(how: Ended): void {
    this.#ended = how;
    if (how.type === "deleted") this.#listeners.emit("deleted", { by: how.by, atMs: how.atMs });
    else this.#listeners.emit("refused", { refusal: how.refusal, edit: undefined });
  }

  /** The page goes: others should not see a cursor that nobody moves. */
  farewell(): ClientInput {
    return { type: "presence-changed", room: this.#room, bytes: this.presence.farewell() };
  }

  /** The device's store was emptied by somebody else: writes everything again, unless another document may be there by now. */
  rewriteCopy(): void {
    if (this.#isClosed || this.#isDeleted) return;
    this.#copy.lost();
    this.tabs.emptied();
    // One that is being read is written when that is done.
    if (!this.#isLoaded) return;
    this.#rewrite();
    this.#host.turn([{ type: "store-emptied", room: this.#room }]);
  }

  refreshStatus(): void {
    this.#saved.settle();
    if (this.#isClosed) return;
    const status = this.#readStatus();
    if (sameStatus(this.#status, status)) return;
    this.#status = status;
    this.#listeners.emit("status", status);
  }

  get #repairRefused(): Refusal | undefined {
    return this.#host.view(this.#room)?.repairRefused;
  }

  get #isDeleted(): boolean {
    return this.#ended?.type === "deleted";
  }

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
    this.#host.sayEdits(this.#room, entries);
    return entries;
  }

  #rewrite(): void {
    const document = this.#setAside.isDiscardedShown ? undefined : [this.#document.state(), ...this.#remote.held];
    this.#copy.rewrite(document, this.#host.waiting(this.#room), this.#setAside.entries);
  }

  async #load(): Promise<void> {
    const copy = await this.#copy.read();
    if (this.#isClosed) return;
    const stored = [...copy.updates, ...[...copy.outbox, ...copy.setAside].map(bytesOf)];
    const isWhole = stored.length === 0 || this.#remote.apply(stored);
    // A copy with holes may not name a clock: the relay would never fill them.
    if (!isWhole || this.#document.hasHoles) this.#copy.holed(copy.generation);
    const { clock, token = "" } = this.#copy.isIncomplete ? { clock: VectorClock.empty } : copy;
    for (const entry of copy.setAside) this.#setAside.add(entry, { code: entry.code, detail: "" });
    const own = this.#setAside.keepBack(copy.outbox.filter((entry) => entry.tab === this.#host.tab));
    this.#turn.unshift(...this.#document.givenBeyond(stored));
    this.#isLoaded = true;
    this.#document.loaded();
    this.#lastNumber = own.at(-1)?.number ?? 0;
    this.#host.turn([{ type: "room-loaded", room: this.#room, generation: copy.generation, clock, token, entries: own }]);
    this.flush();
    if (this.#copy.isIncomplete && !this.#document.hasFailed) this.#rewrite();
    this.tabs.loaded(copy.outbox);
    this.#copy.compactLater(copy.updates.length, (updates) => this.#document.merged(updates));
    this.#host.loaded(this);
  }

  #readStatus(): RoomStatus {
    const view = this.#host.view(this.#room) ?? notLoaded;
    const unsent = this.#turn.length;
    const elsewhere = this.tabs.waiting.length;
    return roomStatus(
      { ...view, waiting: view.waiting + unsent + elsewhere, copies: unsent + elsewhere > 0 ? 0 : view.copies },
      {
        state: this.#copy.state,
        trouble: this.#copy.trouble,
        notOnDevice: this.#copy.notOnDevice + unsent,
        setAsideEdits: this.#setAside.size,
        setAside: this.#setAside.refusal,
        failure: this.#document.hasFailed ? documentFailed : undefined,
        blobs: this.#host.blobs.view(this.#room),
      },
      this.#host.connection,
    );
  }
}

function bytesOf({ bytes }: OutboxEntry): Uint8Array {
  return bytes;
}
