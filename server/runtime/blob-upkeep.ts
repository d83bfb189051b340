/**
 * BlobUpkeep: now and then, images that nothing kept of their documents mentions leave the disk.
 *
 * An image is uploaded before the edit that mentions it, and that edit may come hours later, from a device that was away meanwhile. So one that nothing
 * mentions is kept for a while.
 *
 * Knows of wall clocks only; one that is set forward while an image is on its way takes that from it, and its device uploads it again.
 */
import type { UpdateLog } from "../log/update-log.ts";
import { Upkeep } from "./upkeep.ts";

interface BlobUpkeepOptions {
  /** How long an image that nothing mentions is kept. */
  readonly graceMs: number;
  readonly everyMs: number;
  readonly wallMs: () => number;
  readonly log: Pick<UpdateLog, "collectBlobs">;
  readonly collected: (blobs: number) => void;
  readonly failed: (detail: string) => void;
}

export function blobUpkeep({ graceMs, everyMs, wallMs, log, collected, failed }: BlobUpkeepOptions): Upkeep {
  return new Upkeep({ everyMs, work: () => log.collectBlobs({ nowMs: wallMs(), graceMs }), done: collected, failed });
}
