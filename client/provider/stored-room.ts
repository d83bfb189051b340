/**
 * StoredRoom: one room's copy in memory, as the memory store keeps it and as the file store folds its log into it.
 *
 * Invariant: applying the same change twice leaves what a reader would call the same copy.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { outboxKey, type OutboxEntry } from "./core/outbox-entry.ts";
import type { CopyChange, SetAsideEntry, StoredCopy, StoredRoomSummary } from "./offline-store.ts";

export class StoredRoom {
  readonly #room: string;
  #generation: number | undefined;
  #clock = VectorClock.empty;
  #token: string | undefined;
  #updates: Uint8Array[] = [];
  readonly #outbox = new Map<string, OutboxEntry>();
  readonly #setAside = new Map<string, SetAsideEntry>();
  #changedMs = 0;

  constructor(room: string) {
    this.#room = room;
  }

  get updates(): readonly Uint8Array[] {
    return this.#updates;
  }

  apply(changes: readonly CopyChange[], nowMs: number): void {
    for (const change of changes) this.#apply(change);
    this.#changedMs = Math.max(this.#changedMs, nowMs);
  }

  replaceUpdates(updates: readonly Uint8Array[]): void {
    this.#updates = [...updates];
  }

  copy(): StoredCopy {
    return {
      generation: this.#generation,
      clock: this.#clock,
      ...this.#tokenPart,
      updates: [...this.#updates],
      outbox: [...this.#outbox.values()],
      setAside: [...this.#setAside.values()],
    };
  }

  /** The changes that make this copy from nothing. */
  changes(): readonly CopyChange[] {
    const changes: CopyChange[] = [
      { type: "updates", updates: this.#updates },
      { type: "edits", entries: [...this.#outbox.values()] },
    ];
    for (const { code, ...entry } of this.#setAside.values()) changes.push({ type: "set-aside", entry, code });
    if (this.#generation !== undefined)
      changes.push({ type: "clock", generation: this.#generation, clock: this.#clock, ...this.#tokenPart });
    return changes;
  }

  summary(): StoredRoomSummary {
    const waiting = [...this.#outbox.values()];
    return {
      room: this.#room,
      generation: this.#generation,
      waiting: waiting.length,
      waitingSinceMs: waiting.reduce<number | undefined>(
        (oldest, entry) => Math.min(oldest ?? entry.createdMs, entry.createdMs),
        undefined,
      ),
      changedMs: this.#changedMs,
      tabs: [...new Set(waiting.map((entry) => entry.tab))],
    };
  }

  get #tokenPart(): { readonly token?: string } {
    return this.#token === undefined ? {} : { token: this.#token };
  }

  #apply(change: CopyChange): void {
    switch (change.type) {
      case "edits":
        for (const entry of change.entries) this.#outbox.set(outboxKey(entry), entry);
        return;
      case "updates":
        for (const update of change.updates) this.#updates.push(update);
        return;
      case "clock":
        if (this.#generation !== undefined && this.#generation !== change.generation) return;
        this.#generation = change.generation;
        this.#clock = this.#clock.join(change.clock);
        this.#token = change.token ?? this.#token;
        return;
      case "saved":
        for (const entry of change.entries) {
          this.#outbox.delete(outboxKey(entry));
          this.#updates.push(entry.bytes);
        }
        return;
      case "set-aside":
        this.#outbox.delete(outboxKey(change.entry));
        this.#setAside.set(outboxKey(change.entry), { ...change.entry, code: change.code });
        return;
      case "discarded":
        for (const key of change.keys) this.#setAside.delete(outboxKey(key));
    }
  }
}
