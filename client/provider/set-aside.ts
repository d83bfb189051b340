/**
 * SetAside: the edits of one document that relays refused for good, as this page knows of them: from the device's store,
 * from a relay, or from another tab. They are in the document and on this device, and nowhere else.
 */
import type { Refusal } from "@inkmesh/shared/base/result";
import { outboxKey, type OutboxEntry, type OutboxKey } from "./core/outbox-entry.ts";
import type { SetAsideEntry } from "./offline-store.ts";

export class SetAside {
  readonly #entries = new Map<string, SetAsideEntry>();
  #refusal: Refusal | undefined;

  get entries(): readonly SetAsideEntry[] {
    return [...this.#entries.values()];
  }

  get keys(): readonly OutboxKey[] {
    return this.entries.map(({ tab, number }) => ({ tab, number }));
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Why the last of them was refused. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  add(entry: OutboxEntry, refusal: Refusal): void {
    this.#entries.set(outboxKey(entry), { ...entry, code: refusal.code });
    this.#refusal = refusal;
  }

  clear(): void {
    this.#entries.clear();
    this.#refusal = undefined;
  }
}
