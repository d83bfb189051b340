/**
 * Strikes: how often each connection brought what could not be applied when it was tried, within the last minute. One such edit costs its worker up
 * to seconds, and all documents of that worker the same: who brings them one after the other is let go, to come back later.
 */
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import { GapCount } from "./gap-count.ts";

/** An honest client has one, of a version that writes what this relay's Automerge cannot read. */
const strikesMax = 2;
const windowMs = 60_000;

export class Strikes {
  readonly #counts = new Map<ConnectionId, { readonly count: GapCount; lastMs: number }>();

  /** Counts one more; whether that is too many. */
  addIsTooMany(connection: ConnectionId, nowMs: number): boolean {
    for (const [other, { lastMs }] of this.#counts) if (nowMs - lastMs >= windowMs) this.#counts.delete(other);
    const known = this.#counts.get(connection);
    const struck = known ?? { count: new GapCount({ gapsPerWindowMax: strikesMax, gapWindowMs: windowMs }), lastMs: nowMs };
    struck.lastMs = nowMs;
    if (known === undefined) this.#counts.set(connection, struck);
    return struck.count.addIsTooMany(nowMs);
  }
}
