/**
 * IndexedDbRelays: where a browser keeps the addresses of relays for the next time that the page is opened. A database beside the one
 * of the documents, so that neither waits for the other's layout; opened for each of its rare uses.
 */

const table = "relays";
const key = "told";

export class IndexedDbRelays {
  readonly #name: string;
  readonly #factory: IDBFactory;

  constructor(name: string, factory: IDBFactory) {
    this.#name = name;
    this.#factory = factory;
  }

  /** What was kept last; undefined when nothing was. */
  load(): Promise<unknown> {
    return this.#use("readonly", (relays) => relays.get(key));
  }

  async keep(value: unknown): Promise<void> {
    await this.#use("readwrite", (relays) => relays.put(value, key));
  }

  async #use<Value>(mode: IDBTransactionMode, ask: (relays: IDBObjectStore) => IDBRequest<Value>): Promise<Value> {
    const opening = this.#factory.open(this.#name, 1);
    opening.onupgradeneeded = () => void opening.result.createObjectStore(table);
    const database = await answer(opening);
    try {
      return await answer(ask(database.transaction(table, mode).objectStore(table)));
    } finally {
      // It closes once what was asked is done.
      database.close();
    }
  }
}

function answer<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB refused a request"));
  });
}
