/**
 * [P2] [P7] Device promises: what a device was given to keep is kept, until it is saved.
 *
 * - An edit leaves a device's outbox only when it is on as many replicas' platters as "saved" needs, and visible there.
 * - An honest client's edit is never refused for good, unless it builds on one that the device refused to keep.
 * - At rest, every edit that was ever on a device's platter is on the relays': closing, killing and reloading tabs,
 *   offline days and dead batteries lost nothing. (An evicted database is beyond that promise, unless a tab lived on.)
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { CopyChange } from "../../../client/provider/offline-store.ts";
import type { DeviceWatcher } from "../sim-device-store.ts";
import { Finding } from "../world.ts";
import { applyTo, contentOf, holds } from "./content.ts";
import type { Platters } from "./platters.ts";

interface KeptEdit {
  readonly room: string;
  readonly bytes: Uint8Array;
}

export class DevicePromises {
  readonly #platters: Platters;
  readonly #kept = new Map<string, Map<string, KeptEdit>>();
  /** Devices that lost edits, or never took them: what builds on those hangs in the air when its tab is gone. */
  readonly #lossy = new Set<string>();
  readonly #evicted = new Set<string>();
  kept = 0;
  saved = 0;

  constructor(platters: Platters) {
    this.#platters = platters;
  }

  watcher(device: string): DeviceWatcher {
    return {
      asked: (room, changes) => this.#asked(device, room, changes),
      kept: (room, changes) => this.#nowKept(device, room, changes),
      refused: () => void this.#lossy.add(device),
    };
  }

  /** The device's database was taken from it: what was not saved is in its living tabs alone. */
  evicted(device: string): void {
    this.#kept.delete(device);
    this.#evicted.add(device);
    this.#lossy.add(device);
  }

  isEvicted(device: string): boolean {
    return this.#evicted.has(device);
  }

  /** Whether the device may hold edits in whose place something is missing: they are set aside there, and said to be. */
  isLossy(device: string): boolean {
    return this.#lossy.has(device);
  }

  atRest(): void {
    for (const [device, edits] of this.#kept) {
      for (const [key, { room, bytes }] of edits) {
        if (!this.#isSafe(room, bytes))
          throw new Finding("what a device keeps is sent", `edit ${key} of ${device} in ${room} never came to the relay's disk`);
      }
    }
  }

  #asked(device: string, room: string, changes: readonly CopyChange[]): void {
    for (const change of changes) {
      if (change.type === "set-aside" && !this.#isGone(room) && !(change.code === "GAP" && this.#isUnfounded(device, room, change.entry)))
        throw new Finding(
          "honest edits are not refused",
          `${device} in ${room}: ${change.code} for ${change.entry.tab}:${change.entry.number}`,
        );
      if (change.type !== "saved") continue;
      for (const { bytes, number, tab } of change.entries) {
        this.saved += 1;
        if (!this.#isSafe(room, bytes))
          throw new Finding(
            "an edit leaves the outbox saved",
            `edit ${tab}:${number} of ${device} in ${room} is not visible on the relay's disk`,
          );
      }
    }
  }

  #nowKept(device: string, room: string, changes: readonly CopyChange[]): void {
    const edits = this.#kept.get(device) ?? new Map<string, KeptEdit>();
    this.#kept.set(device, edits);
    for (const change of changes) {
      if (change.type === "edits")
        for (const { tab, number, bytes } of change.entries) {
          this.kept += 1;
          edits.set(`${room} ${tab}:${number}`, { room, bytes });
        }
      if (change.type === "saved") for (const { tab, number } of change.entries) edits.delete(`${room} ${tab}:${number}`);
      if (change.type === "set-aside") edits.delete(`${room} ${change.entry.tab}:${change.entry.number}`);
    }
  }

  /**
   * Whether the edit hangs on something that neither the relay's platter nor the device's has. That can only be where the
   * device refused or lost something.
   */
  #isUnfounded(device: string, room: string, { bytes }: { readonly bytes: Uint8Array }): boolean {
    if (!this.#lossy.has(device)) return false;
    const doc = this.#platters.together({ room: room as RoomName, generation: this.#platters.generation(room) });
    for (const kept of this.#kept.get(device)?.values() ?? []) if (kept.room === room) applyTo(doc, kept.bytes);
    applyTo(doc, bytes);
    return !holds(doc, contentOf(bytes));
  }

  /** On the platters, in whatever generation it was written for; of a closed one nothing more is promised. */
  #isSafe(room: string, bytes: Uint8Array): boolean {
    const content = contentOf(bytes);
    for (let generation = this.#platters.generation(room); generation >= 0; generation--)
      if (this.#platters.isSaved({ room: room as RoomName, generation }, content)) return true;
    return this.#isGone(room);
  }

  #isGone(room: string): boolean {
    return this.#platters.generation(room) > 0 || this.#platters.isClosed({ room: room as RoomName, generation: 0 });
  }
}
