/**
 * Environment: what a browser or Node has of what the client needs, where the application gave nothing: randomness, a
 * store and its persistence, other tabs, and news of the page's life. The only file that looks for globals of the environment, but for the
 * WebSocket.
 */
import { digest } from "lib0/hash/sha256";
import type { Random } from "@inkmesh/shared/base/random";
import type { Persistence } from "./core/room-status.ts";
import { IndexedDbStore } from "./indexed-db-store.ts";
import { MemoryStore } from "./memory-store.ts";
import type { OfflineStore } from "./offline-store.ts";
import type { ChannelLike, LocksLike } from "./tabs.ts";

export const systemRandom: Random = {
  fraction: () => Math.random(),
  // Unlike randomUUID it is there without a secure context too.
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

export function randomHex(bytes: number): string {
  return hexOf(systemRandom.bytes(bytes));
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The SHA-256 of bytes in hexadecimal digits. Without a secure context a browser has none of its own. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = (crypto as { subtle?: SubtleCrypto }).subtle;
  const hash = subtle === undefined ? digest(bytes) : new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return hexOf(hash);
}

export function defaultStore(): OfflineStore {
  return typeof indexedDB === "undefined" ? new MemoryStore() : new IndexedDbStore();
}

/** Asks the browser to keep what is stored here also when space runs short. A browser may ask the person in turn. */
export async function askPersistence(): Promise<Persistence> {
  const storage = typeof navigator === "undefined" ? undefined : (navigator.storage as StorageManager | undefined);
  if (typeof storage?.persist !== "function") return "unavailable";
  try {
    return (await storage.persisted()) || (await storage.persist()) ? "granted" : "refused";
  } catch {
    return "refused"; // A page that may not ask, as in some frames.
  }
}

/** Web Locks are there in a secure context only. */
export function findTabs(name: string): { locks: LocksLike | undefined; channel: ChannelLike | undefined } {
  const locks = typeof navigator === "undefined" ? undefined : (navigator.locks as LocksLike | undefined);
  const channel = typeof BroadcastChannel === "undefined" ? undefined : (new BroadcastChannel(name) as ChannelLike);
  return { locks, channel };
}

/** The address that relative ones are meant from; undefined outside of pages. */
export function pageAddress(): string | undefined {
  return (globalThis as { location?: { href: string } }).location?.href;
}

/** Calls `changed` when the network or the page came back, and `hidden` when the page may be gone for good. Answers its end. */
export function watchPage(on: { changed: () => void; hidden: () => void }): () => void {
  if (typeof window === "undefined" || typeof window.addEventListener !== "function") return () => {};
  const events = [
    ["online", on.changed],
    ["offline", on.changed],
    ["pageshow", on.changed],
    ["pagehide", on.hidden],
  ] as const;
  for (const [event, listener] of events) window.addEventListener(event, listener);
  return () => events.forEach(([event, listener]) => window.removeEventListener(event, listener));
}
