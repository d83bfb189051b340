/**
 * MemoryStore: an `OfflineStore` that lasts as long as the process. For tests, and where there is no disk to write to;
 * the status then says so.
 */
import { MemoryBlobs } from "./memory-blobs.ts";
import type { CopyChange, OfflineStore, StoredCopy, StoredRoomSummary } from "./offline-store.ts";
import { StoredRoom } from "./stored-room.ts";

export class MemoryStore implements OfflineStore {
  readonly name: string;
  readonly durable = false;
  readonly shared: boolean;
  onEmptied: (() => void) | undefined;
  readonly blobs = new MemoryBlobs();
  readonly #rooms = new Map<string, StoredRoom>();

  /** `shared`: several clients of this process use it as tabs use theirs. */
  constructor(options: { name?: string; shared?: boolean } = {}) {
    this.name = options.name ?? "memory";
    this.shared = options.shared ?? false;
  }

  async load(room: string): Promise<StoredCopy> {
    return (this.#rooms.get(room) ?? new StoredRoom(room)).copy();
  }

  async write(room: string, changes: readonly CopyChange[]): Promise<void> {
    const stored = this.#rooms.get(room) ?? new StoredRoom(room);
    this.#rooms.set(room, stored);
    stored.apply(changes, Date.now());
  }

  async compact(room: string, above: number, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void> {
    const stored = this.#rooms.get(room);
    if (stored && stored.updates.length > above) stored.replaceUpdates([merge(stored.updates)]);
  }

  async rooms(): Promise<readonly StoredRoomSummary[]> {
    return [...this.#rooms.values()].map((stored) => stored.summary());
  }

  async remove(room: string): Promise<void> {
    this.#rooms.delete(room);
  }

  async close(): Promise<void> {}
}
