/**
 * OfflineStore: where a device keeps its copy of each room: the stored updates, the clock that they reach, and the
 * outbox. One interface, one contract suite, three stores: IndexedDB (browsers), file (Node), memory.
 *
 * Invariants every store keeps:
 * - `write` is all or nothing, and what one caller writes takes effect in the order of the calls; its promise resolves
 *   when that is on disk.
 * - `write` starts at once, in the task that called it: a page that dies right after it has not lost it.
 * - A clock joins the one kept before, and a token takes the place of that one; neither is ever kept without everything written with
 *   it or before it.
 * - Writing the same thing twice changes nothing that a reader would notice: several tabs share one store.
 */
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import type { BlobStore } from "./blob-store.ts";
import type { OutboxEntry, OutboxKey } from "./core/outbox-entry.ts";

/** What a device holds of one room. */
export interface StoredCopy {
  /** Undefined until a relay has said which generation it is. */
  readonly generation: number | undefined;
  readonly clock: VectorClock;
  /** The last session token that was written with a clock; absent: none. */
  readonly token?: string;
  /** In the order of writing; to be applied all. */
  readonly updates: readonly Uint8Array[];
  /** Of all tabs, each tab's in order; to be applied too. */
  readonly outbox: readonly OutboxEntry[];
  readonly setAside: readonly SetAsideEntry[];
}

/** An edit that a relay refused for good, and why; to be applied too, never sent. */
export interface SetAsideEntry extends OutboxEntry {
  readonly code: ErrorCode;
}

/** What of a document exists only on this device, as far as this page knows. */
export interface OnlyHere {
  /** Edits that wait to be saved, those of this device's other tabs included. */
  readonly waiting: readonly OutboxEntry[];
  /** Edits that a relay refused for good. */
  readonly setAside: readonly SetAsideEntry[];
}

export type CopyChange =
  | { readonly type: "edits"; readonly entries: readonly OutboxEntry[] }
  | { readonly type: "updates"; readonly updates: readonly Uint8Array[] }
  | { readonly type: "clock"; readonly generation: number; readonly clock: VectorClock; readonly token?: string }
  /** These leave the outbox; their bytes join the updates. */
  | { readonly type: "saved"; readonly entries: readonly OutboxEntry[] }
  | { readonly type: "set-aside"; readonly entry: OutboxEntry; readonly code: ErrorCode }
  /** A person gives up what was set aside. */
  | { readonly type: "discarded"; readonly keys: readonly OutboxKey[] };

export interface StoredRoomSummary {
  readonly room: string;
  readonly generation: number | undefined;
  /** Outbox entries, and since when the oldest waits (wall time of this device). */
  readonly waiting: number;
  readonly waitingSinceMs: number | undefined;
  readonly changedMs: number;
  /** The tabs that the waiting entries belong to. */
  readonly tabs: readonly string[];
}

/** Relays that one told of, and the addresses that the application had given. */
export interface KeptRelays {
  readonly given: readonly string[];
  readonly told: readonly string[];
}

export interface OfflineStore {
  /** Names the store: tabs with stores of the same name share it and talk to each other. */
  readonly name: string;
  /** Whether what was written survives this process. */
  readonly durable: boolean;
  /** Whether several clients (tabs of one browser) use it at once; they then talk to each other. */
  readonly shared: boolean;
  /** Whether the platform may throw it away when space runs short, unless it is asked to keep it. */
  readonly evictable?: boolean;
  /** Set by the client; called when the store was found emptied from outside: everything has to be written again. */
  onEmptied: (() => void) | undefined;
  /** Where images are kept. Without one they are in memory, and lost with the page or process. */
  readonly blobs?: BlobStore;
  load(room: string): Promise<StoredCopy>;
  /** Rejects when the disk refused; nothing of it was written then. */
  write(room: string, changes: readonly CopyChange[]): Promise<void>;
  /** Replaces the stored updates by `merge` of them, if there are more than `above`. */
  compact(room: string, above: number, merge: (updates: readonly Uint8Array[]) => Uint8Array): Promise<void>;
  rooms(): Promise<readonly StoredRoomSummary[]>;
  /** The `KeptRelays` of the last `keepRelays`, unless something else was written there; undefined: none. A store may keep none. */
  loadRelays?(): Promise<unknown>;
  keepRelays?(relays: KeptRelays): Promise<void>;
  /** Removes everything that the device holds of a room. */
  remove(room: string): Promise<void>;
  close(): Promise<void>;
}
