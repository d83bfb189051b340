/**
 * RoomTabs: one room's dealings with the other tabs of this browser: what they typed into its document and is not saved
 * yet, as far as this tab knows from the device's store and from what tabs tell each other. It is in those tabs' outboxes,
 * not in this one's: here it counts as waiting, need not be sent as a repair, and is at hand when this tab has to look
 * after it.
 *
 *     heard before this device's copy is in the document ──▶ kept until then, in order
 *
 * What is said once can be missed: a tab that opens reads from the store what another one has just got saved, and was
 * not there when that was said; one that stands still may hear of an edit and not that it is saved. So with a line, what
 * waits long is looked up in the store again. That tells nothing of what was there before the store was emptied and its
 * tab has not written anew, nor of what two looks do not find and none ever found: it is saved, or not written yet. Those
 * are sent from here, deletions above all, which no comparison shows; sending twice is harmless.
 *
 * Invariants: an entry of another tab leaves only when it is said to be settled, when it was in the store's outbox and is
 * not any more, or when this tab takes it over; what leaves this tab's outbox leaves the store's by this tab's own hand.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { outboxKey, type OutboxEntry, type OutboxKey } from "./core/outbox-entry.ts";
import type { DeviceCopy } from "./device-copy.ts";
import type { RemoteChanges } from "./remote-changes.ts";
import type { RoomHost } from "./room-host.ts";
import type { SetAside } from "./set-aside.ts";

/** Whether an entry was in the store's outbox when that was last looked at; "emptied": it was, before the store was emptied. */
type InStore = "not asked" | "yes" | "no" | "emptied";

interface Waiting {
  readonly entry: OutboxEntry;
  inStore: InStore;
}

interface RoomTabsOptions {
  readonly room: RoomName;
  readonly host: RoomHost;
  readonly copy: DeviceCopy;
  readonly remote: RemoteChanges;
  readonly setAside: SetAside;
  /** `waiting` is another one. */
  readonly changed: () => void;
}

/** How long another tab's edits wait, with a line, before the store is asked whether they still do; doubled up to the second. */
const lookUpMs = 3_000;
const lookUpMaxMs = 60_000;

export class RoomTabs {
  readonly #options: RoomTabsOptions;
  readonly #waiting = new Map<string, Waiting>();
  #lookUpAfterMs = lookUpMs;
  /** Since something waits. */
  #looks = 0;
  #lookUp: ReturnType<typeof setTimeout> | undefined;
  #state: "loading" | "loaded" | "closed" = "loading";
  /** Why nothing is sent from here just now. */
  #holds = 0;
  #heardEarly: (() => void)[] = [];

  constructor(options: RoomTabsOptions) {
    this.#options = options;
  }

  /** What other tabs typed and is not saved yet. */
  get waiting(): readonly OutboxEntry[] {
    return [...this.#waiting.values()].map(({ entry }) => entry);
  }

  /** This device's copy, with all tabs' `outbox`, is in the document. */
  loaded(outbox: readonly OutboxEntry[]): void {
    this.#state = "loaded";
    this.#add(outbox);
    for (const waiting of this.#waiting.values()) waiting.inStore = "yes";
    for (const action of this.#heardEarly.splice(0)) action();
    this.#options.changed();
  }

  close(): void {
    this.#state = "closed";
    this.#heardEarly = [];
    clearTimeout(this.#lookUp);
  }

  /** Until `known` resolves nothing is sent from here, if other tabs' edits wait: they may come before those of this one. */
  async holdUntil(known: Promise<unknown>): Promise<void> {
    if (this.#state !== "loaded" || this.#waiting.size === 0) return;
    const { host, room } = this.#options;
    const hold = (by: 1 | -1): void => {
      this.#holds += by;
      if (this.#state !== "closed") host.turn([{ type: "edits-held", room, held: this.#holds > 0 }]);
    };
    hold(1);
    await known;
    hold(-1);
  }

  /** A line came up: what waits will be saved soon, and how long it was looked up in vain says nothing any more. */
  lineUp(): void {
    clearTimeout(this.#lookUp);
    this.#lookUp = undefined;
    this.#lookUpAfterMs = lookUpMs;
    this.#lookUpLater();
  }

  /** The store was emptied by somebody else: that something is not in it says nothing of what became of it. */
  emptied(): void {
    this.#whenLoaded(() => {
      for (const waiting of this.#waiting.values()) if (waiting.inStore === "yes") waiting.inStore = "emptied";
    });
  }

  /** That tab gave up what it had typed here. It is shown here, so this tab looks after it. */
  forgottenBy(tab: string): void {
    this.#whenLoaded(() => {
      this.adopt(
        this.waiting.filter((entry) => entry.tab === tab),
        true,
      );
      this.#options.changed();
    });
  }

  /** Another tab typed. */
  edited(entries: readonly OutboxEntry[], generation: number | undefined): void {
    this.#whenLoaded(() => {
      if (!this.isOfThis(generation)) return;
      this.#add(entries);
      this.#show(entries);
      this.#options.changed();
    });
  }

  /** Another tab has more than this one: nobody's edit here. */
  answered(update: Uint8Array, generation: number | undefined): void {
    this.#whenLoaded(() => {
      if (this.isOfThis(generation)) this.#options.remote.show([update], "tab");
    });
  }

  /** Another tab got these saved, or refused for good: those of this tab too. */
  settled(keys: readonly OutboxKey[], refusal: Refusal | undefined, generation: number | undefined): void {
    const { host, room, setAside } = this.#options;
    this.#whenLoaded(() => {
      if (!this.isOfThis(generation)) return;
      const sending = new Map(host.waiting(room).map((entry) => [outboxKey(entry), entry]));
      const own = keys.flatMap((key) => sending.get(outboxKey(key)) ?? []);
      const settled = [...this.#take(keys), ...own];
      if (refusal) for (const entry of settled) setAside.add(entry, refusal);
      this.#noteSettled(own, refusal);
      host.turn([{ type: "settled-elsewhere", room, keys }]);
      if (refusal) setAside.keepBackWaiting();
    });
  }

  /**
   * The other tab notes it, too, but may be gone before that is in the store, or may have noted it before this tab's own
   * writes got there: nobody else would look for what a living tab has in the store.
   */
  #noteSettled(own: readonly OutboxEntry[], refusal: Refusal | undefined): void {
    const { copy } = this.#options;
    if (refusal) for (const entry of own) copy.setAside(entry, refusal.code);
    else if (own.length > 0) copy.saved(own);
  }

  /** Entries that are to be sent from here, and shown if they are not yet. `leftBehind`: their tab is gone. */
  adopt(entries: readonly OutboxEntry[], leftBehind: boolean, generation?: number): void {
    if (this.#state !== "loaded" || !this.isOfThis(generation)) return;
    const { host, room, copy, setAside } = this.#options;
    const own = new Set(host.waiting(room).map(outboxKey));
    const fresh = entries.filter((entry) => !own.has(outboxKey(entry)));
    const known = this.#take(entries);
    if (fresh.length === 0) return;
    this.#show(fresh);
    // A tab that died may have told others what its disk had not got yet.
    if (leftBehind && known.length > 0) copy.edits(known);
    host.turn([{ type: "adopted", room, entries: setAside.keepBack(fresh), leftBehind }]);
  }

  /**
   * Whether what another tab said, or what the store has, is of the document that is open here: a name may have been used anew
   * since. Who does not know yet which one it has open learns it: its content is theirs.
   */
  isOfThis(generation: number | undefined): boolean {
    const { host, room, copy } = this.#options;
    const own = host.view(room)?.generation;
    if (generation === undefined || generation === own) return true;
    if (own !== undefined) return false;
    copy.clockReached({ generation, clock: VectorClock.empty });
    host.turn([{ type: "generation-told", room, generation }]);
    return true;
  }

  /** Everything in the store that is of this document is in it. Never rejects: a store that cannot be read has nothing. */
  async showStored(): Promise<void> {
    const { host, room, remote } = this.#options;
    const copy = await host.store.load(room).catch(() => undefined);
    if (copy === undefined || this.#state === "closed" || !this.isOfThis(copy.generation)) return;
    remote.show([...copy.updates, ...copy.outbox.map(({ bytes }) => bytes)], "tab");
    await new Promise<void>((shown) => remote.whenShown(shown));
  }

  #add(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) {
      const key = outboxKey(entry);
      if (entry.tab !== this.#options.host.tab && !this.#waiting.has(key)) this.#waiting.set(key, { entry, inStore: "not asked" });
    }
    this.#lookUpLater();
  }

  /** Without a line everything waits anyway. */
  #lookUpLater(): void {
    if (this.#waiting.size === 0) [this.#lookUpAfterMs, this.#looks] = [lookUpMs, 0];
    if (this.#lookUp !== undefined || this.#waiting.size === 0 || this.#state === "closed" || !this.#isOnline) return;
    const lookUp = setTimeout(() => {
      void this.#lookUpNow().then(() => {
        if (this.#lookUp !== lookUp) return;
        this.#lookUp = undefined;
        this.#lookUpAfterMs = Math.min(2 * this.#lookUpAfterMs, lookUpMaxMs);
        this.#lookUpLater();
      });
    }, this.#lookUpAfterMs);
    this.#lookUp = lookUp;
  }

  get #isOnline(): boolean {
    return this.#options.host.connection === "online";
  }

  async #lookUpNow(): Promise<void> {
    const { host, room, changed } = this.#options;
    const asked = new Set(this.#waiting.keys());
    if (!this.#isOnline || asked.size === 0) return;
    // A store that cannot be read now is asked again later.
    const living = await host.living();
    const copy = await host.store.load(room).catch(() => undefined);
    if (copy === undefined || this.#state === "closed" || !this.isOfThis(copy.generation)) return;
    this.#looks += 1;
    const ours = this.#lookedUp(asked, new Set(copy.outbox.map(outboxKey)), living);
    for (const isGone of [true, false]) {
      this.adopt(
        ours.filter(({ tab }) => !living.has(tab) === isGone),
        isGone,
      );
    }
    changed();
  }

  /** Notes which of those that wait are in the store's outbox. Of those that were `asked` for, answers what is to be sent from here. */
  #lookedUp(asked: ReadonlySet<string>, stored: ReadonlySet<string>, living: ReadonlySet<string>): readonly OutboxEntry[] {
    const ours: OutboxEntry[] = [];
    for (const [key, waiting] of this.#waiting) {
      const { entry, inStore } = waiting;
      if (stored.has(key)) waiting.inStore = "yes";
      if (!asked.has(key)) continue;
      if (inStore === "yes" && !stored.has(key)) this.#waiting.delete(key);
      else if (this.#isOurs(waiting, !living.has(entry.tab))) ours.push(entry);
      else if (inStore === "not asked" && !stored.has(key)) waiting.inStore = "no";
    }
    return ours;
  }

  /** Whether an entry that waits is to be sent from here, at a look that found it in the store's outbox or not. */
  #isOurs({ inStore }: Waiting, isGone: boolean): boolean {
    switch (inStore) {
      case "yes":
        // Whoever looks after what a closed tab left may have looked before it got to the store; and a tab that others took for
        // gone may have forgotten what they wrote for it then. Both have their time to do it themselves.
        return this.#looks > (isGone ? 1 : 2);
      case "not asked":
        // A living tab may be writing it just now; one that is gone told it, and this tab may be the last to have it.
        return isGone;
      case "no":
      case "emptied":
        return true;
    }
  }

  /** Removes and answers those that were here. */
  #take(keys: readonly OutboxKey[]): readonly OutboxEntry[] {
    const taken: OutboxEntry[] = [];
    for (const key of keys.map(outboxKey)) {
      const waiting = this.#waiting.get(key);
      if (waiting) taken.push(waiting.entry);
      this.#waiting.delete(key);
    }
    return taken;
  }

  #show(entries: readonly OutboxEntry[]): void {
    this.#options.remote.show(
      entries.map(({ bytes }) => bytes),
      "tab",
    );
  }

  #whenLoaded(action: () => void): void {
    if (this.#state === "loaded") action();
    else if (this.#state === "loading") this.#heardEarly.push(action);
  }
}
