/**
 * What a store's rejection says about the device's disk. Browsers name their errors, Node gives them codes.
 */
import type { DeviceTrouble } from "./core/room-status.ts";

const fullNames: ReadonlySet<unknown> = new Set(["QuotaExceededError", "ENOSPC", "EDQUOT"]);

/** `failure`: what a store's `write` was rejected with. */
export function troubleOf(failure: unknown): DeviceTrouble {
  const { name, code } = (failure ?? {}) as { name?: unknown; code?: unknown };
  if (fullNames.has(name) || fullNames.has(code)) return "full";
  return name === "VersionError" ? "newer" : "refused";
}
