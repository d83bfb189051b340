/**
 * Keepalive: when a client has been sent nothing for so long that it is to be given something to read. Released Yjs clients do not count
 * WebSocket pings, and leave a socket on which they read nothing for 30 s.
 *
 * Invariant: the deadline is always in the future, also where a dialect had no word for it: one in the past would be due for ever.
 */
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import type { RelayContext } from "./relay-context.ts";

export class Keepalive {
  readonly #context: RelayContext;
  readonly #connection: ConnectionId;
  readonly #everyMs: number;
  #lastSentMs: number;

  constructor(context: RelayContext, connection: ConnectionId) {
    this.#context = context;
    this.#connection = connection;
    this.#lastSentMs = context.now.monotonicMs;
    // Up to a quarter earlier by chance, so that those who came back together are not all written to at one moment.
    this.#everyMs = context.limits.keepaliveMs * (1 - context.random.fraction() / 4);
    this.#waitFrom(this.#lastSentMs);
  }

  /** Something is on its way to the client. */
  sent(): void {
    this.#lastSentMs = this.#context.now.monotonicMs;
  }

  /** The deadline has come: whether nothing was sent meanwhile. */
  isDue(): boolean {
    const { monotonicMs } = this.#context.now;
    const isDue = this.#lastSentMs + this.#everyMs <= monotonicMs;
    this.#waitFrom(isDue ? monotonicMs : this.#lastSentMs);
    return isDue;
  }

  #waitFrom(momentMs: number): void {
    this.#context.deadlines.set({ type: "keepalive", connection: this.#connection }, momentMs + this.#everyMs);
  }
}
