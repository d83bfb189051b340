/**
 * [P8] Bounds: after every event of a relay, what it holds is within its limits.
 */
import type { Limits } from "../../../server/core/limits.ts";
import type { Census } from "../../../server/core/relay.ts";
import { Finding } from "../world.ts";

/** What one update may add beyond a ceiling that is looked at before it. */
export function mustBeWithinLimits(census: Census, limits: Limits): void {
  const most: Partial<Record<keyof Census, number>> = {
    connections: limits.connectionsMax,
    sessions: limits.connectionsMax * Math.max(limits.roomsPerConnectionMax, limits.documentsPerConnectionMax),
    waitingBytes: limits.appendBytesMax + limits.stateBytesMax,
    waitingMessages: census.sessions * limits.waitingPerSessionMax,
    cacheBytes: Math.max(1, limits.roomCacheBytes),
  };
  for (const [name, bound] of Object.entries(most) as [keyof Census, number][])
    if (census[name] > bound) throw new Finding("everything is bounded", `${name} is ${census[name]}, limit ${bound}`);
}
