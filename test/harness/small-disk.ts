/**
 * SmallDisk: a disk that is really full soon: a tmpfs of a few MB.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { temporaryFolder } from "./relay-process.ts";

const mounted: string[] = [];

/** Its folder, or why a tmpfs cannot be mounted here. */
export function aSmallDisk(mebibytes: number): { folder: string; reason?: never } | { folder?: never; reason: string } {
  const folder = temporaryFolder("disk");
  const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder], { encoding: "utf8" });
  if (mount.status !== 0) return { reason: `a tmpfs cannot be mounted here (${(mount.stderr ?? mount.error?.message ?? "").trim()})` };
  mounted.push(folder);
  return { folder };
}

/** Unmounts all; whoever has files there open must have ended. */
export function removeSmallDisks(): void {
  for (const folder of mounted.splice(0)) execFileSync("umount", [folder]);
}
