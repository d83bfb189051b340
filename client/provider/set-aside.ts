/**
 * SetAside: the edits of one document that relays refused for good, as this page knows of them: from the device's store,
 * from a relay, or from another tab. They are in the document and on this device, and nowhere else, until a person
 * discards them, here or in another tab.
 *
 * An edit that hangs on one of them, as far as the engine can tell, no relay can let in either: it is set aside with it at once, without being
 * sent, and goes where it goes.
 *
 * Yjs cannot take an edit back out of a document, so the document shows what was discarded until it is opened anew. Until
 * then no other tab gets anything from it, and the device's store no copy of it: it would come back by way of them.
 *
 * Invariants: what was discarded once is not set aside again; each tab writes so behind its own writes, which may have
 * set it aside later than the tab that discarded it; "discarded" is told when that is on the disk, or the disk refuses.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import { outboxKey, type OutboxEntry, type OutboxKey } from "./core/outbox-entry.ts";
import type { DeviceCopy } from "./device-copy.ts";
import type { SetAsideEntry } from "./offline-store.ts";
import type { RoomHost } from "./room-host.ts";
import type { SharedDocument } from "./shared-document.ts";

interface SetAsideOptions {
  readonly room: RoomName;
  readonly host: RoomHost;
  readonly copy: DeviceCopy;
  readonly document: SharedDocument;
  /** Something was discarded: the document is to be opened anew. */
  readonly discarded: () => void;
}

export class SetAside {
  readonly #options: SetAsideOptions;
  readonly #entries = new Map<string, SetAsideEntry>();
  readonly #discardedKeys = new Set<string>();
  readonly #discardedBytes: Uint8Array[] = [];
  #refusal: Refusal | undefined;
  #refusedHere: Refusal | undefined;
  #isDiscardedShown = false;

  constructor(options: SetAsideOptions) {
    this.#options = options;
  }

  get entries(): readonly SetAsideEntry[] {
    return [...this.#entries.values()];
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Why the last of them was refused. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Why one of this tab's own edits was refused since it was opened, if one was. */
  get refusedHere(): Refusal | undefined {
    return this.#refusedHere;
  }

  /** All that was refused of what the document shows, what was discarded meanwhile included. */
  get bytes(): readonly Uint8Array[] {
    return [...this.entries.map(({ bytes }) => bytes), ...this.#discardedBytes];
  }

  /** The document may show what no relay takes, until it is opened anew. */
  get isRefusedShown(): boolean {
    return this.size > 0 || this.#isDiscardedShown;
  }

  /** The document may show what a person has discarded. */
  get isDiscardedShown(): boolean {
    return this.#isDiscardedShown;
  }

  /** A relay refused this for good, just now. */
  refused(entry: OutboxEntry, refusal: Refusal): void {
    this.#note(entry, refusal);
    this.keepBackWaiting();
  }

  /** Sets aside what of `entries`, which are on the device, hangs on what was refused. Answers the others. */
  keepBack(entries: readonly OutboxEntry[]): readonly OutboxEntry[] {
    const refused = this.bytes;
    if (refused.length === 0 || entries.length === 0) return entries;
    const hangs = this.#options.document.hangingOn(
      refused,
      entries.map(({ bytes }) => bytes),
    );
    const refusal: Refusal = { code: this.#refusal?.code ?? "GAP", detail: "it builds on an edit that was refused" };
    for (const entry of entries.filter((_, at) => hangs[at])) this.#note(entry, refusal);
    return entries.filter((_, at) => !hangs[at]);
  }

  /** The same with what this tab was to send. */
  keepBackWaiting(): void {
    const { room, host } = this.#options;
    const waiting = host.waiting(room);
    const others = new Set(this.keepBack(waiting));
    const keys = waiting.filter((entry) => !others.has(entry));
    if (keys.length > 0) host.turn([{ type: "settled-elsewhere", room, keys }]);
  }

  #note(entry: OutboxEntry, refusal: Refusal): void {
    const { room, host, copy } = this.#options;
    copy.setAside(entry, refusal.code);
    host.saySettled(room, [entry], refusal);
    this.add(entry, refusal);
    if (entry.tab === host.tab) this.#refusedHere = refusal;
  }

  /** Known from elsewhere: from the device's store, or another tab. */
  add(entry: OutboxEntry, refusal: Refusal): void {
    if (this.#discardedKeys.has(outboxKey(entry))) return;
    this.#entries.set(outboxKey(entry), { ...entry, code: refusal.code });
    this.#refusal = refusal;
  }

  /** A person gives all of it up. Rejects when the disk refuses: then nothing is discarded. */
  async discard(): Promise<void> {
    const { room, host, copy } = this.#options;
    const keys = this.entries.map(({ tab, number }) => ({ tab, number }));
    await copy.settled();
    await host.store.write(room, [{ type: "discarded", keys }]);
    host.sayDiscarded(room, keys);
    await this.discarded(keys);
  }

  /** A person gave these up. */
  async discarded(keys: readonly OutboxKey[]): Promise<void> {
    const { copy, discarded } = this.#options;
    this.#isDiscardedShown = true;
    for (const key of keys) this.#discardedKeys.add(outboxKey(key));
    if (keys.length > 0) copy.discarded(keys);
    await copy.settled();
    for (const key of keys) this.#take(outboxKey(key));
    if (this.size === 0) this.#refusal = undefined;
    discarded();
  }

  #take(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) this.#discardedBytes.push(entry.bytes);
    this.#entries.delete(key);
  }
}
