/**
 * Leftovers: edits on this device that nobody else sends: of tabs that were closed, of tabs without a line while this
 * one has one, or of rooms that were closed here before everything was saved.
 *
 * A room that is open here adopts them. For the others a room is opened in the background, until its edits are saved.
 * `Tabs` says which other tabs are looked after from here; each tab looks after its own.
 *
 * What one tab typed may hang on what another one did. So when a room is loaded and when a line comes, nothing of it is sent before it is
 * known which tabs live, and what those left that do not is in its place.
 *
 * Invariants: at most one look and one background room at a time; a look that is asked for meanwhile follows. A room
 * that could not be emptied is not tried again before the next timer or line, or until somebody types into it; one that was deleted or
 * refused never is.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { OutboxEntry } from "./core/outbox-entry.ts";
import type { InkmeshRoom } from "./inkmesh-room.ts";
import type { OfflineStore } from "./offline-store.ts";
import type { Tabs } from "./tabs.ts";

/** How long one background room may keep the others waiting, and how long until another try. */
const patienceMs = 15_000;
const againMs = 30_000;
const soonMs = 1_000;
/** How long it may take to learn which tabs live. Without Web Locks it takes half of that. */
const knownWithinMs = 1_000;

export class Leftovers {
  readonly #tab: string;
  readonly #store: OfflineStore;
  readonly #tabs: Tabs;
  readonly #openRoom: (room: RoomName) => InkmeshRoom<unknown> | undefined;
  readonly #openRooms: () => readonly InkmeshRoom<unknown>[];
  readonly #canOpenHidden: (room: RoomName) => boolean | Promise<boolean>;
  readonly #openHidden: (room: RoomName) => InkmeshRoom<unknown>;
  readonly #isOnline: () => boolean;
  #isLooking = false;
  #isAsked = false;
  #hidden: { readonly room: RoomName; readonly session: InkmeshRoom<unknown> } | undefined;
  /** Deleted or refused: no relay takes what is left of them. */
  readonly #ended = new Set<string>();
  /** Tried a moment ago, with something left. */
  readonly #resting = new Set<string>();
  /** Typed into by a tab without a line since they were opened in the background. */
  readonly #typedInto = new Set<string>();
  #again: ReturnType<typeof setTimeout> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: {
    tab: string;
    store: OfflineStore;
    tabs: Tabs;
    openRoom: (room: RoomName) => InkmeshRoom<unknown> | undefined;
    openRooms: () => readonly InkmeshRoom<unknown>[];
    canOpenHidden: (room: RoomName) => boolean | Promise<boolean>;
    openHidden: (room: RoomName) => InkmeshRoom<unknown>;
    isOnline: () => boolean;
  }) {
    this.#tab = options.tab;
    this.#store = options.store;
    this.#tabs = options.tabs;
    this.#openRoom = options.openRoom;
    this.#openRooms = options.openRooms;
    this.#canOpenHidden = options.canOpenHidden;
    this.#openHidden = options.openHidden;
    this.#isOnline = options.isOnline;
  }

  /** Something may have been left. */
  look(): void {
    this.#isAsked = true;
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    void this.#lookUntilDone();
  }

  /** A tab without a line typed into a room that is not open here, and may go on: a look now and then is enough. */
  typedInto(room: RoomName): void {
    if (this.#isClosed) return;
    this.#typedInto.add(room);
    this.#resting.delete(room);
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.look();
    }, soonMs);
  }

  /** A line is up: what other tabs cannot send goes out with what is here, in order, from the first message on, and what was in vain is tried again. */
  lineUp(): void {
    this.#adoptKnown();
    this.#adoptInOrder(this.#openRooms());
    this.#wake();
    for (const room of this.#openRooms()) room.tabs.lineUp();
  }

  /** The device's copy of this room is in it. */
  loaded(room: InkmeshRoom<unknown>): void {
    this.#adoptInOrder([room]);
    this.look();
  }

  /** The app opens this room itself: the background lets go of it at once. */
  release(room: RoomName): void {
    this.#ended.delete(room);
    this.#resting.delete(room);
    if (this.#hidden?.room !== room) return;
    const { session } = this.#hidden;
    this.#hidden = undefined;
    // What it has is in the store, or was never this tab's.
    session.close().catch(() => {});
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#again);
    clearTimeout(this.#soon);
  }

  async #lookUntilDone(): Promise<void> {
    while (this.#isAsked && !this.#isClosed) {
      this.#isAsked = false;
      try {
        await this.#lookOnce();
      } catch {
        // The device's store cannot be read now: the next look may.
        this.#lookAgainLater();
      }
    }
    this.#isLooking = false;
  }

  /** Open rooms take over what they know of other tabs' edits: at once, without the disk. */
  #adoptKnown(living?: ReadonlySet<string>): void {
    for (const room of this.#openRooms()) {
      const entries = room.tabs.waiting.filter(({ tab }) => this.#tabs.looksAfter(tab, living));
      this.#handOver(room, entries, living);
    }
  }

  #adoptInOrder(rooms: readonly InkmeshRoom<unknown>[]): void {
    // What does not answer must not keep back for ever what a person typed.
    const patience = new Promise((resolve) => setTimeout(resolve, knownWithinMs));
    const adopted = this.#tabs.living().then((living) => this.#adoptKnown(living));
    const known = Promise.race([adopted, patience]).catch(() => undefined);
    for (const room of rooms) void room.tabs.holdUntil(known);
  }

  #wake(): void {
    this.#resting.clear();
    this.look();
  }

  async #lookOnce(): Promise<void> {
    const living = await this.#tabs.living();
    this.#adoptKnown(living);
    const isOurs = (tab: string): boolean => tab === this.#tab || this.#tabs.looksAfter(tab, living);
    const rooms = (await this.#store.rooms()).filter(({ waiting, tabs }) => waiting > 0 && tabs.some(isOurs));
    for (const { room } of rooms) {
      const open = this.#openRoom(room as RoomName);
      if (open && !open.isClosed) await this.#adopt(open, living);
      else if (this.#isOnline()) await this.#sendHidden(room as RoomName, living);
    }
  }

  async #adopt(room: InkmeshRoom<unknown>, living: ReadonlySet<string>): Promise<void> {
    const { outbox, generation } = await this.#store.load(room.name);
    // A closed room of this very tab leaves entries of its own: an open one has those already.
    const others = outbox.filter((entry) => entry.tab !== this.#tab && this.#tabs.looksAfter(entry.tab, living));
    this.#handOver(room, others, living, generation);
  }

  #handOver(
    room: InkmeshRoom<unknown>,
    entries: readonly OutboxEntry[],
    living: ReadonlySet<string> | undefined,
    generation?: number,
  ): void {
    for (const isGone of [true, false]) {
      room.tabs.adopt(
        entries.filter(({ tab }) => this.#tabs.isGone(tab, living) === isGone),
        isGone,
        generation,
      );
    }
  }

  async #sendHidden(room: RoomName, living: ReadonlySet<string>): Promise<void> {
    const isDue = (): boolean => !this.#isClosed && !this.#openRoom(room) && !this.#ended.has(room) && !this.#resting.has(room);
    if (!isDue()) return;
    const can = this.#canOpenHidden(room);
    if (can !== true && (!(await withPatience(can)) || !isDue())) return;
    this.#typedInto.delete(room);
    const session = this.#openHidden(room);
    this.#hidden = { room, session };
    await session.whenLoaded;
    await this.#adopt(session, living);
    await untilSaved(session);
    if (this.#hidden?.session !== session) return;
    this.#hidden = undefined;
    await session.close();
    await this.#restIfLeft(session);
  }

  /** A closed room asks for another look: one that still has something left must not be opened by it at once. */
  async #restIfLeft({ name, hasEnded }: InkmeshRoom<unknown>): Promise<void> {
    if (hasEnded) this.#ended.add(name);
    const rooms = await this.#store.rooms();
    if (hasEnded || this.#typedInto.has(name) || !rooms.some(({ room, waiting }) => room === name && waiting > 0)) return;
    this.#resting.add(name);
    this.#lookAgainLater();
  }

  #lookAgainLater(): void {
    if (this.#isClosed || this.#again !== undefined) return;
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#wake();
    }, againMs);
  }
}

/** What does not come must not keep back what is left of other documents: a later look asks again. */
async function withPatience(can: boolean | Promise<boolean>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), patienceMs)));
  const answer = await Promise.race([can, patience]);
  clearTimeout(timer);
  return answer;
}

/** Until nothing waits, or it is clear that waiting longer does not help now. */
async function untilSaved(room: InkmeshRoom<unknown>): Promise<void> {
  const isDone = (): boolean => !room.isSending || room.hasEnded || room.isClosed;
  if (isDone()) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      off();
      resolve();
    };
    const timer = setTimeout(end, patienceMs);
    const off = room.on("status", () => isDone() && end());
  });
}
