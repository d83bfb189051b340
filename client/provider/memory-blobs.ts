/**
 * MemoryBlobs: a `BlobStore` that lasts as long as the process.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import { type BlobStore, cachedBytesMax } from "./blob-store.ts";
import { type BlobKey, keyOf } from "./core/blob-outbox.ts";

interface Held extends BlobKey {
  readonly bytes: Uint8Array;
  readonly waits: boolean;
}

export class MemoryBlobs implements BlobStore {
  readonly durable = false;
  readonly #cachedBytesMax: number;
  /** In the order of their last use. */
  readonly #held = new Map<string, Held>();

  constructor(options: { cachedBytesMax?: number } = {}) {
    this.#cachedBytesMax = options.cachedBytesMax ?? cachedBytesMax;
  }

  async put(room: string, name: BlobName, bytes: Uint8Array, waits: boolean): Promise<void> {
    const key = keyOf({ room, name });
    this.#use({ room, name, bytes, waits: waits || this.#held.get(key)?.waits === true });
    this.#makeRoom();
  }

  async get(room: string, name: BlobName): Promise<Uint8Array | undefined> {
    const held = this.#held.get(keyOf({ room, name }));
    if (held !== undefined) this.#use(held);
    return held?.bytes;
  }

  async waiting(): Promise<readonly BlobKey[]> {
    return [...this.#held.values()].filter(({ waits }) => waits).map(({ room, name }) => ({ room, name }));
  }

  async saved(room: string, name: BlobName): Promise<void> {
    const held = this.#held.get(keyOf({ room, name }));
    if (held !== undefined) this.#use({ ...held, waits: false });
    this.#makeRoom();
  }

  async remove(room: string): Promise<void> {
    for (const [key, held] of this.#held) if (held.room === room) this.#held.delete(key);
  }

  async close(): Promise<void> {}

  #use(held: Held): void {
    const key = keyOf(held);
    this.#held.delete(key);
    this.#held.set(key, held);
  }

  #makeRoom(): void {
    const cached = [...this.#held].filter(([, { waits }]) => !waits);
    let bytes = cached.reduce((sum, [, held]) => sum + held.bytes.length, 0);
    for (const [key, held] of cached) {
      if (bytes <= this.#cachedBytesMax) return;
      this.#held.delete(key);
      bytes -= held.bytes.length;
    }
  }
}
