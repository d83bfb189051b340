/**
 * SimDeviceDisk and SimDeviceStore: the database of a browser, and a tab's door to it, as IndexedDB behaves when it is
 * asked to be strict: transactions in the order in which they were asked for, one after the other; what a tab asked for
 * in a task happens though the tab is gone; a promise resolves when it is on the platter.
 *
 * Faults: no quota, a transaction that is aborted, slowness, eviction of everything, with which transactions under way are aborted and the
 * database has to be opened anew, loss of power.
 */
import type { CopyChange, OfflineStore, StoredCopy, StoredRoomSummary } from "../../client/provider/offline-store.ts";
import { StoredRoom } from "../../client/provider/stored-room.ts";
import type { SimProcess, World } from "./world.ts";

/** What a device's database does at present. */
export interface DeviceMood {
  callMs: number;
  noQuota: boolean;
  /** Chance in [0, 1] that a write is aborted. */
  aborts: number;
}

/** What a checker hears of a device. */
export interface DeviceWatcher {
  /** `changes` are on the platter. */
  kept(room: string, changes: readonly CopyChange[]): void;
  /** A tab says that these are saved, or refused for good, before the device knows. */
  asked(room: string, changes: readonly CopyChange[]): void;
  /** The device has refused a write. */
  refused(): void;
}

export class SimDeviceDisk {
  readonly mood: DeviceMood = { callMs: 1, noQuota: false, aborts: 0 };
  readonly world: World;
  readonly watcher: DeviceWatcher;
  readonly #name: string;
  readonly #rooms = new Map<string, StoredRoom>();
  readonly #doors = new Set<SimDeviceStore>();
  readonly #fraction: () => number;
  #lastMs = 0;
  /** Changes when the power goes: what was asked for before never happens. */
  #life = 0;
  /** Changes with an eviction: what was asked for before fails. */
  evictions = 0;

  constructor(options: { world: World; name: string; watcher: DeviceWatcher }) {
    this.world = options.world;
    this.#name = options.name;
    this.watcher = options.watcher;
    this.#fraction = options.world.random(`${options.name}/database`).fraction;
  }

  door(process: SimProcess): SimDeviceStore {
    const door = new SimDeviceStore(this, process, this.#name);
    this.#doors.add(door);
    return door;
  }

  left(door: SimDeviceStore): void {
    this.#doors.delete(door);
  }

  /** Nothing of it is kept before it is written to. */
  room(room: string): StoredRoom {
    return this.#rooms.get(room) ?? new StoredRoom(room);
  }

  write(room: string, changes: readonly CopyChange[], nowMs: number): void {
    const stored = this.room(room);
    stored.apply(changes, nowMs);
    this.#rooms.set(room, stored);
  }

  summaries(): readonly StoredRoomSummary[] {
    return [...this.#rooms.values()].map((stored) => stored.summary());
  }

  forget(room: string): void {
    this.#rooms.delete(room);
  }

  evict(): void {
    this.#rooms.clear();
    this.evictions += 1;
    for (const door of this.#doors) door.emptied();
  }

  losePower(): void {
    this.#life += 1;
    this.#doors.clear();
  }

  isUnlucky(): boolean {
    return this.mood.noQuota || this.#fraction() < this.mood.aborts;
  }

  /** When a transaction that is asked for now is through: after those before it. */
  queue(what: string, run: () => void): void {
    const life = this.#life;
    const endsMs = Math.max(this.world.nowMs, this.#lastMs) + this.mood.callMs * (0.5 + this.#fraction());
    this.#lastMs = endsMs;
    this.world.schedule(endsMs - this.world.nowMs, undefined, `${this.#name} ${what}`, () => life === this.#life && run());
  }
}

export class SimDeviceStore implements OfflineStore {
  readonly name: string;
  readonly durable = true;
  readonly shared = true;
  onEmptied: (() => void) | undefined;
  readonly #disk: SimDeviceDisk;
  readonly #process: SimProcess;
  #isReopening = false;

  constructor(disk: SimDeviceDisk, process: SimProcess, name: string) {
    this.#disk = disk;
    this.#process = process;
    this.name = name;
  }

  load(room: string): Promise<StoredCopy> {
    return this.#ask("loads", () => this.#disk.room(room).copy());
  }

  async write(room: string, changes: readonly CopyChange[]): Promise<void> {
    this.#disk.watcher.asked(room, changes);
    const nowMs = this.#process.wallMs();
    // As the product's store does while its database is not open.
    const still = this.#isReopening ? changes.filter((change) => change.type !== "clock" || change.clock.size === 0) : changes;
    await this.#ask(`writes ${inWords(changes)}`, () => {
      if (this.#disk.isUnlucky()) {
        this.#disk.watcher.refused();
        throw new Refusal("QuotaExceededError", "the quota is exceeded");
      }
      this.#disk.write(room, still, nowMs);
      this.#disk.watcher.kept(room, still);
    });
  }

  compact(room: string, above: number, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void> {
    return this.#ask("compacts", () => {
      const stored = this.#disk.room(room);
      if (stored.updates.length > above) stored.replaceUpdates([merge(stored.updates)]);
    });
  }

  rooms(): Promise<readonly StoredRoomSummary[]> {
    return this.#ask("lists", () => this.#disk.summaries());
  }

  remove(room: string): Promise<void> {
    return this.#ask("removes", () => this.#disk.forget(room));
  }

  async close(): Promise<void> {
    this.#disk.left(this);
  }

  emptied(): void {
    this.#isReopening = true;
    this.#process.reach(1, "finds its database empty", () => {
      this.#isReopening = false;
      this.onEmptied?.();
    });
  }

  #aborted(): Refusal {
    this.#disk.watcher.refused();
    return new Refusal("AbortError", "the connection was closed");
  }

  /** The transaction happens whether or not the tab lives to hear of it. */
  #ask<Value>(what: string, transaction: () => Value): Promise<Value> {
    const { evictions } = this.#disk;
    return new Promise((resolve, reject) => {
      this.#disk.queue(what, () => {
        let answer: () => void;
        try {
          if (this.#disk.evictions !== evictions) throw this.#aborted();
          const value = transaction();
          answer = () => resolve(value);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          answer = () => reject(error);
        }
        this.#process.reach(0.05, "database answers", answer);
      });
    });
  }
}

/** What a database says instead of doing it. */
class Refusal extends Error {
  constructor(name: "QuotaExceededError" | "AbortError", message: string) {
    super(message);
    this.name = name;
  }
}

/** For the trace. */
function inWords(changes: readonly CopyChange[]): string {
  const keys = (entries: readonly { readonly tab: string; readonly number: number }[]): string =>
    entries.map(({ tab, number }) => `${tab.slice(0, 4)}:${number}`).join(",");
  return changes
    .map((change) => {
      if (change.type === "edits" || change.type === "saved") return `${change.type} ${keys(change.entries)}`;
      return change.type === "updates" ? `${change.updates.length} updates` : change.type;
    })
    .join("; ");
}
