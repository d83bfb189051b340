/**
 * StorePersistence: the browser is asked, once in this client's life, not to throw the store away when space runs short.
 */
import type { Persistence } from "./core/room-status.ts";
import { askPersistence } from "./environment.ts";
import type { OfflineStore } from "./offline-store.ts";

export class StorePersistence {
  readonly #store: OfflineStore;
  #isAsked = false;
  #answer: Persistence | undefined;

  constructor(store: OfflineStore) {
    this.#store = store;
  }

  /** Undefined until it was asked. */
  get answer(): Persistence | undefined {
    return this.#answer;
  }

  /** There is something worth keeping. Whether the answer is news. */
  async ask(): Promise<boolean> {
    if (this.#isAsked || this.#store.evictable !== true) return false;
    this.#isAsked = true;
    this.#answer = await askPersistence();
    return true;
  }
}
