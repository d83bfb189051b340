/**
 * Listeners: who wants to be told of which event. A listener that throws is the application's bug: it is reported as an
 * uncaught error and keeps nobody else from being told.
 */
import { guarded } from "./guarded.ts";

export class Listeners<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(detail: never) => void>>();

  /** Answers the function that ends it. */
  on<Name extends keyof Events>(event: Name, listener: (detail: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener as (detail: never) => void);
    return () => listeners.delete(listener as (detail: never) => void);
  }

  emit<Name extends keyof Events>(event: Name, detail: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      guarded(() => (listener as (detail: Events[Name]) => void)(detail));
    }
  }
}
