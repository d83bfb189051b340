/**
 * [P2] [P3] Left means elsewhere: when a relay says that it has left, its folder may be thrown away. At that moment every replica of the
 * ring that it knows has all that is on its disk, and vouches for it, tombstones included.
 *
 * A disk that was lost a moment ago counts: nobody may have noticed yet.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import { Finding } from "../world.ts";
import type { AuditedLineage, AuditLog } from "./audit-log.ts";
import { covers, isEmpty } from "./content.ts";
import type { Platters } from "./platters.ts";
import type { Placing } from "./rings.ts";

/** How long ago a disk may have been lost, in ms: a silent link is given up within it. */
export const unnoticedMs = 20_000;

export class LeftMeansElsewhere {
  readonly #platters: Platters;
  readonly #nowMs: () => number;

  constructor(platters: Platters, nowMs: () => number) {
    this.#platters = platters;
    this.#nowMs = nowMs;
  }

  /** The relay of that disk says that it has left. `isLate`: what it says is old, as of one that stood still. */
  left(leaver: RelayId, audit: AuditLog, placing: Placing, isLate: boolean): void {
    const sinceMs = isLate ? Number.NEGATIVE_INFINITY : this.#nowMs() - unnoticedMs;
    for (const lineage of audit.lineages) {
      const { room, generation } = lineage.lineage;
      if (generation < audit.generation(room)) continue;
      for (const relay of placing.replicasOf(room)) {
        if (this.#platters.disksSince(relay, sinceMs).some((disk) => hasAllOf(disk, audit, lineage))) continue;
        throw new Finding("left means elsewhere", `${leaver} has left, and has something of ${room}/${generation} that ${relay} has not`);
      }
    }
  }
}

export function hasAllOf(disk: AuditLog, audit: AuditLog, { lineage, doc }: AuditedLineage): boolean {
  if (disk.isClosed(lineage)) return true;
  if (audit.isClosed(lineage)) return false;
  return isEmpty(doc) || (disk.isComplete(lineage.room) && covers(disk.of(lineage).doc, doc));
}
