/**
 * BlobStore: where a device keeps images: those that are not saved yet, until they are, and those that were shown, for the next time, as many
 * as there is room for.
 *
 * Invariants every store keeps:
 * - `put` is all or nothing; its promise resolves when that is on disk.
 * - What waits is never thrown away to make room. Of the rest the least recently used goes first, beyond `cachedBytesMax`.
 * - What waits stays waiting, however often it is put, until `saved`.
 */
import type { BlobName } from "@inkmesh/shared/base/blob-name";
import type { BlobKey } from "./core/blob-outbox.ts";

export interface BlobStore {
  /** Whether what was put survives this process. */
  readonly durable: boolean;
  /** `waits`: no relay is known to have it saved. Rejects when the disk refused. */
  put(room: string, name: BlobName, bytes: Uint8Array, waits: boolean): Promise<void>;
  get(room: string, name: BlobName): Promise<Uint8Array | undefined>;
  /** What waits, of all rooms. */
  waiting(): Promise<readonly BlobKey[]>;
  /** It is saved: from now on it is here to be shown. */
  saved(room: string, name: BlobName): Promise<void>;
  /** Removes everything that the device holds of a room. */
  remove(room: string): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that a device keeps for the next time, beside what waits: some hundred photographs. More is shown offline, less is taken from other pages. */
export const cachedBytesMax = 256 * 1024 * 1024;
