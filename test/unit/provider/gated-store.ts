/**
 * GatedStore: a store of the device whose disk a test slows down or breaks.
 */
import type { CopyChange, MemoryStore, OfflineStore, StoredCopy, StoredRoomSummary } from "@inkmesh/client";

export class GatedStore implements OfflineStore {
  readonly name = "gated";
  readonly durable = true;
  readonly shared = false;
  onEmptied: (() => void) | undefined;
  /** While true no write ends. */
  isHeld = false;
  /** While true nothing can be read. */
  isUnreadable = false;
  /** While true every write is refused. */
  isBroken = false;
  /** How many writes were begun, and what those that ended wrote. */
  writes = 0;
  readonly written: (readonly CopyChange[])[] = [];
  readonly #inner: MemoryStore;
  #gates: (() => void)[] = [];
  #underWay = 0;

  constructor(inner: MemoryStore) {
    this.#inner = inner;
  }

  get idle(): boolean {
    return this.#underWay === 0;
  }

  release(): void {
    for (const open of this.#gates.splice(0)) open();
  }

  async load(room: string): Promise<StoredCopy> {
    if (this.isUnreadable) throw new Error("the disk cannot be read");
    return this.#inner.load(room);
  }

  async write(room: string, changes: readonly CopyChange[]): Promise<void> {
    this.writes += 1;
    this.#underWay += 1;
    try {
      if (this.isBroken) throw new Error("the disk refuses");
      if (this.isHeld) await new Promise<void>((open) => this.#gates.push(open));
      await this.#inner.write(room, changes);
      this.written.push(changes);
    } finally {
      this.#underWay -= 1;
    }
  }

  compact(room: string, above: number, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void> {
    return this.#inner.compact(room, above, merge);
  }

  rooms(): Promise<readonly StoredRoomSummary[]> {
    return this.#inner.rooms();
  }

  remove(room: string): Promise<void> {
    return this.#inner.remove(room);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
