/**
 * RoomTabs: one room's dealings with the other tabs of this browser: what they typed into its document and is not saved
 * yet, as far as this tab knows from the device's store and from what tabs tell each other. It is in those tabs' outboxes,
 * not in this one's: here it counts as waiting, need not be sent as a repair, and is at hand when this tab has to look
 * after it.
 *
 *     heard before this device's copy is in the document ──▶ kept until then, in order
 *
 * What is said once can be missed: a tab that opens reads from the store what another one has just got saved, and was
 * not there when that was said. So with a line, what waits long is looked up in the store again. An emptied store tells
 * nothing so: what was there and its tab has not written anew is sent from here, deletions above all, which no comparison
 * shows. It may be saved already; sending it twice is harmless.
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

interface RoomTabsOptions {
  readonly room: RoomName;
  readonly host: RoomHost;
  readonly copy: DeviceCopy;
  readonly remote: RemoteChanges;
  readonly setAside: SetAside;
  /** `waiting` is another one. */
  readonly changed: () => void;
}

/** How long another tab's edits wait before the store is asked whether they still do; doubled up to the second. */
const lookUpMs = 3_000;
const lookUpMaxMs = 60_000;

export class RoomTabs {
  readonly #options: RoomTabsOptions;
  readonly #waiting = new Map<string, OutboxEntry>();
  /** Keys of those that were seen in the store's outbox. */
  readonly #stored = new Set<string>();
  /** Keys of those that were seen there before it was emptied. */
  readonly #lost = new Set<string>();
  #lookUpAfterMs = lookUpMs;
  #lookUp: ReturnType<typeof setTimeout> | undefined;
  #state: "loading" | "loaded" | "closed" = "loading";
  #heardEarly: (() => void)[] = [];

  constructor(options: RoomTabsOptions) {
    this.#options = options;
  }

  /** What other tabs typed and is not saved yet. */
  get waiting(): readonly OutboxEntry[] {
    return [...this.#waiting.values()];
  }

  /** This device's copy, with all tabs' `outbox`, is in the document. */
  loaded(outbox: readonly OutboxEntry[]): void {
    this.#state = "loaded";
    this.#add(outbox);
    for (const key of this.#waiting.keys()) this.#stored.add(key);
    for (const action of this.#heardEarly.splice(0)) action();
    this.#options.changed();
  }

  close(): void {
    this.#state = "closed";
    this.#heardEarly = [];
    clearTimeout(this.#lookUp);
  }

  /** The store was emptied by somebody else: that something is not in it says nothing of what became of it. */
  emptied(): void {
    this.#whenLoaded(() => {
      for (const key of this.#stored) this.#lost.add(key);
      this.#stored.clear();
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
    const { host, room, copy } = this.#options;
    const own = new Set(host.waiting(room).map(outboxKey));
    const fresh = entries.filter((entry) => !own.has(outboxKey(entry)));
    const known = this.#take(entries);
    if (fresh.length === 0) return;
    this.#show(fresh);
    // A tab that died may have told others what its disk had not got yet.
    if (leftBehind && known.length > 0) copy.edits(known);
    host.turn([{ type: "adopted", room, entries: fresh, leftBehind }]);
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
    copy.clockReached(generation, VectorClock.empty);
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
    for (const entry of entries) if (entry.tab !== this.#options.host.tab) this.#waiting.set(outboxKey(entry), entry);
    this.#lookUpLater();
  }

  #lookUpLater(): void {
    if (this.#waiting.size === 0) this.#lookUpAfterMs = lookUpMs;
    if (this.#lookUp !== undefined || this.#waiting.size === 0 || this.#state === "closed") return;
    this.#lookUp = setTimeout(() => {
      void this.#lookUpNow().then(() => {
        this.#lookUp = undefined;
        this.#lookUpAfterMs = Math.min(2 * this.#lookUpAfterMs, lookUpMaxMs);
        this.#lookUpLater();
      });
    }, this.#lookUpAfterMs);
  }

  /** Without a line everything waits anyway. */
  async #lookUpNow(): Promise<void> {
    const { host, room, changed } = this.#options;
    const asked = this.waiting;
    if (host.connection !== "online" || asked.length === 0) return;
    // A store that cannot be read now is asked again later.
    const living = await host.living();
    const copy = await host.store.load(room).catch(() => undefined);
    if (copy === undefined || this.#state === "closed" || !this.isOfThis(copy.generation)) return;
    const kept = new Set(copy.outbox.map(outboxKey));
    const missing = asked.filter((entry) => !kept.has(outboxKey(entry)));
    this.#take(missing.filter((entry) => this.#stored.has(outboxKey(entry))));
    for (const key of kept) if (this.#waiting.has(key)) this.#noteStored(key);
    const ours = asked.filter((entry) => this.#waiting.has(outboxKey(entry)) && this.#isOurs(entry, kept, living));
    for (const isGone of [true, false]) {
      this.adopt(
        ours.filter(({ tab }) => !living.has(tab) === isGone),
        isGone,
      );
    }
    changed();
  }

  /** Whether an entry that waits is to be sent from here. */
  #isOurs(entry: OutboxEntry, kept: ReadonlySet<string>, living: ReadonlySet<string>): boolean {
    const key = outboxKey(entry);
    const isGone = !living.has(entry.tab);
    // Whoever looks after what a closed tab left may have looked before it got to the store; and a tab that others took for
    // gone may have forgotten what they wrote for it then. Both have their time to do it themselves.
    if (kept.has(key)) return this.#lookUpAfterMs > (isGone ? 1 : 2) * lookUpMs;
    // Told by a tab that is gone, and never on the disk, or not any more: this tab may be the last to have it.
    return isGone || this.#lost.has(key);
  }

  #noteStored(key: string): void {
    this.#stored.add(key);
    this.#lost.delete(key);
  }

  /** Removes and answers those that were here. */
  #take(keys: readonly OutboxKey[]): readonly OutboxEntry[] {
    const taken: OutboxEntry[] = [];
    for (const key of keys.map(outboxKey)) {
      const entry = this.#waiting.get(key);
      if (entry) taken.push(entry);
      this.#waiting.delete(key);
      this.#stored.delete(key);
      this.#lost.delete(key);
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
