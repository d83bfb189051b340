/**
 * StoreUpkeep: what a relay's store is to do now and then, by its settings.
 */
import type { RelaySettings } from "./config.ts";
import type { UpdateLog } from "./log/update-log.ts";
import { blobUpkeep } from "./runtime/blob-upkeep.ts";
import { historyUpkeep } from "./runtime/history-upkeep.ts";
import type { Logger } from "./runtime/logger.ts";
import type { Metrics } from "./runtime/metrics.ts";
import type { Clock } from "./runtime/system-clock.ts";
import type { Upkeep } from "./runtime/upkeep.ts";

interface KeptStore {
  readonly settings: RelaySettings;
  readonly clock: Clock;
  readonly log: UpdateLog;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export function storeUpkeep({ settings, clock, log, logger, metrics }: KeptStore): readonly Upkeep[] {
  const { historyLookMs, blobLookMs, blobGraceMs } = settings.process;
  const given = { wallMs: () => clock.now().wallMs, log };
  return [
    historyUpkeep({
      ...{ ...given, keptMs: settings.historyMs, everyMs: historyLookMs },
      failed: (detail) => logger.warn({ detail }, "a history could not be cut; it is tried again"),
    }),
    blobUpkeep({
      ...{ ...given, graceMs: blobGraceMs, everyMs: blobLookMs },
      collected: (blobs) => metrics.blobsCollected(blobs),
      failed: (detail) => logger.warn({ detail }, "images that nothing mentions could not be removed; it is tried again"),
    }),
  ];
}
