/**
 * ImpliedRecord: what a room's summary still says of a room whose record is lost or was never written. A deleted room
 * does not come back by damage: its summary remembers that the generation is closed.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import type { RoomRecord } from "../core/stored-room.ts";
import type { SummaryBody, SummaryRow } from "./store-row.ts";

export function impliedRecord({ room, generation, deleted, body }: SummaryRow): RoomRecord {
  const created = createdOf(body) ?? { physicalMs: 0, logical: 0, relay: "" as RelayId };
  return {
    room,
    generation,
    created,
    title: undefined,
    kind: undefined,
    deleted: deleted === 1 ? { hlc: created, by: "" } : undefined,
    everDeleted: deleted === 1 || generation > 0,
  };
}

/** Whether a summary knows of a deletion that `record` does not. */
export function outdates(summary: SummaryRow, record: RoomRecord | undefined): boolean {
  if (record === undefined) return summary.deleted === 1 || summary.generation > 0;
  return summary.generation > record.generation || (summary.generation === record.generation && summary.deleted === 1 && !record.deleted);
}

function createdOf(body: string): RoomRecord["created"] | undefined {
  try {
    return (JSON.parse(body) as SummaryBody).created;
  } catch {
    return undefined;
  }
}
