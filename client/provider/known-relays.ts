/**
 * KnownRelays: the relays that a relay told of, over the end of the page or process: one that is opened while its own relay is away
 * goes to another one.
 *
 * They are kept with the addresses that the application gave, and mean something only to who was given the same: another
 * application of this origin may belong to another mesh. A store that cannot keep them, or refuses, is no trouble: they are told anew.
 *
 * Invariant: what is read is looked at as if a stranger had written it; at most as many are kept as a client takes.
 */
import type { OfflineStore } from "./offline-store.ts";

/** Longer text is no address. */
const addressCharactersMax = 2_048;

interface KnownRelaysOptions {
  readonly store: OfflineStore;
  /** What the application gave. */
  readonly given: readonly string[];
  /** Called once at most, with what was kept. */
  readonly remembered: (addresses: readonly string[]) => void;
}

export class KnownRelays {
  readonly #store: OfflineStore;
  readonly #given: readonly string[];
  readonly #remembered: (addresses: readonly string[]) => void;
  /** As it was read or written last; empty: that is not known. */
  #kept = "";
  #isRead = false;

  constructor({ store, given, remembered }: KnownRelaysOptions) {
    this.#store = store;
    this.#given = given;
    this.#remembered = remembered;
  }

  /** Those given cannot be had, and no relay has told of others yet. */
  read(): void {
    if (this.#isRead) return;
    this.#isRead = true;
    this.#store.loadRelays?.().then(
      (kept) => this.#wasRead(addressesOf(kept, this.#given)),
      () => (this.#isRead = false),
    );
  }

  /** Keeps `addresses` in place of those before. */
  keep(addresses: readonly string[]): void {
    const text = textOf(addresses);
    if (text === this.#kept) return;
    this.#kept = text;
    // What was refused is tried again when there is news.
    this.#store.keepRelays?.({ given: this.#given, told: addresses }).catch(() => (this.#kept = ""));
  }

  #wasRead(addresses: readonly string[]): void {
    if (addresses.length === 0) return;
    this.#kept = textOf(addresses);
    this.#remembered(addresses);
  }
}

function textOf(addresses: readonly string[]): string {
  return JSON.stringify(addresses.toSorted());
}

/** The addresses in what a store had kept for who was given `given`. */
function addressesOf(kept: unknown, given: readonly string[]): readonly string[] {
  if (typeof kept !== "object" || kept === null || !("given" in kept) || !("told" in kept)) return [];
  if (JSON.stringify(kept.given) !== JSON.stringify(given) || !Array.isArray(kept.told)) return [];
  return kept.told.filter((address): address is string => typeof address === "string" && address.length <= addressCharactersMax);
}
