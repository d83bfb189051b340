/**
 * [P2] Snapshot equals log (I10): at every compaction, the snapshot and the tail that the store serves are together what
 * all entries ever synced are. Its clock names all of them, by themselves or by one that builds on them; so does that of the snapshot
 * alone with all that is no more than in it.
 */
import { dotKey } from "@inkmesh/shared/clock/dot";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { SimDisk } from "../sim-disk.ts";
import { Finding } from "../world.ts";
import type { AuditLog } from "./audit-log.ts";
import { applyTo, newDocument, shown } from "./content.ts";

/** What a clock names, and all that this builds on, whichever disk knows that. */
type WithCauses = (clock: VectorClock) => VectorClock;

/** Resolves when it is so, throws a finding when it is not. */
export async function snapshotEqualsLog(disk: SimDisk, audit: AuditLog, lineage: Lineage, withCauses: WithCauses): Promise<void> {
  if (audit.isClosed(lineage)) return;
  const audited = audit.of(lineage);
  const before = audited.entries.length;
  const stored = await disk.image.load(lineage.room, lineage.generation);
  if (!stored.ok || audited.entries.length !== before || audit.isClosed(lineage)) return;
  const doc = newDocument(lineage.room);
  const { snapshot, tail, clock } = stored.value;
  for (const part of [...(snapshot ? [snapshot.state] : []), ...tail.map(({ payload }) => payload)]) applyTo(doc, part);
  if (!withCauses(clock).covers(audited.clock))
    throw new Finding("snapshot and tail are the log", `its clock lost ${JSON.stringify(audited.clock.entries())}`);
  const inTail = new Set(tail.map(({ dot }) => dotKey(dot)));
  const folded = snapshot === undefined ? [] : audited.entries.filter(({ dot }) => !inTail.has(dotKey(dot)));
  const needed = withCauses(snapshot?.clock ?? VectorClock.empty);
  const unneeded = folded.find(({ dot }) => !needed.contains(dot));
  if (unneeded !== undefined)
    throw new Finding(
      "snapshot and tail are the log",
      `${dotKey(unneeded.dot)} is in the snapshot, and who has what its clock names may lack it`,
    );
  if (shown(doc) !== shown(audited.doc)) throw new Finding("snapshot and tail are the log", `${lineage.room} differs after a compaction`);
}
