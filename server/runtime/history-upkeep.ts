/**
 * HistoryUpkeep: now and then, what is older than a relay is to keep leaves the histories on its disk.
 *
 *     now ──────── kept ────────┤ cut ──slack──┤ due ──▶ older
 *
 * Each time a history is cut a base is written that is as large as the document. So something in it has to be older than what is kept by a
 * share of that before it is cut, back to exactly what is kept.
 *
 * Knows of stamps and wall clocks only; a clock that is wrong keeps a history for too long or too short, and harms no document.
 */
import type { HistoryHorizon, UpdateLog } from "../log/update-log.ts";
import { Upkeep } from "./upkeep.ts";

/** How much longer than told a history may be kept, as a share of that, and at most. */
const slackShare = 1 / 16;
const slackMsMax = 24 * 3_600_000;

/** What leaves at `wallMs` where `keptMs` are kept; undefined: all. */
export function horizonAt(wallMs: number, keptMs: number): HistoryHorizon | undefined {
  if (keptMs === 0) return undefined;
  const cutMs = wallMs - keptMs;
  return { cutMs, dueMs: cutMs - Math.min(keptMs * slackShare, slackMsMax) };
}

interface HistoryUpkeepOptions {
  readonly keptMs: number;
  readonly everyMs: number;
  readonly wallMs: () => number;
  readonly log: Pick<UpdateLog, "expireHistory">;
  readonly failed: (detail: string) => void;
}

export function historyUpkeep({ keptMs, everyMs, wallMs, log, failed }: HistoryUpkeepOptions): Upkeep {
  return new Upkeep({ everyMs, work: () => log.expireHistory(horizonAt(wallMs(), keptMs)), failed });
}
