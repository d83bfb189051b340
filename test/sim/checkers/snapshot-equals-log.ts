/**
 * [P2] Snapshot equals log (I10): at every compaction, the snapshot and the tail that the store serves are together what
 * all entries ever synced are.
 */
import * as Y from "yjs";
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { SimDisk } from "../sim-disk.ts";
import { Finding } from "../world.ts";
import type { AuditLog } from "./audit-log.ts";
import { shown } from "./content.ts";

/** Resolves when it is so, throws a finding when it is not. */
export async function snapshotEqualsLog(disk: SimDisk, audit: AuditLog, lineage: Lineage): Promise<void> {
  if (audit.isClosed(lineage)) return;
  const audited = audit.of(lineage);
  const before = audited.entries.length;
  const stored = await disk.image.load(lineage.room, lineage.generation);
  if (!stored.ok || audited.entries.length !== before || audit.isClosed(lineage)) return;
  const doc = new Y.Doc();
  const { snapshot, tail, clock } = stored.value;
  for (const part of [...(snapshot ? [snapshot.state] : []), ...tail.map(({ payload }) => payload)]) Y.applyUpdate(doc, part);
  if (!clock.covers(audited.clock))
    throw new Finding("snapshot and tail are the log", `its clock lost ${JSON.stringify(audited.clock.entries())}`);
  if (shown(doc) !== shown(audited.doc)) throw new Finding("snapshot and tail are the log", `${lineage.room} differs after a compaction`);
}
