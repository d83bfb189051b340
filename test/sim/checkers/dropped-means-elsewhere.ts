/**
 * [P2] [P3] [P10] Dropped means elsewhere: when a relay has its disk drop a copy, every replica of the ring that it believes in has all of it
 * on its disk, and vouches for it, and has the record, with what it says of title and deletion; where histories are kept, its own tells of each
 * edit of which the dropped one told; and it is none of those replicas itself.
 *
 * It is looked at when the relay decides, before anything goes. A disk that was lost a moment ago counts: nobody may have noticed yet.
 */
import type { Lineage, RelayId } from "@inkmesh/shared/base/ids";
import { dotKey } from "@inkmesh/shared/clock/dot";
import type { DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { compareHlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import type { Register, RoomRecord } from "../../../server/core/stored-room.ts";
import type { SimRelay } from "../sim-relay.ts";
import { Finding } from "../world.ts";
import type { AuditLog } from "./audit-log.ts";
import { hasAllOf, unnoticedMs } from "./left-means-elsewhere.ts";
import type { Platters } from "./platters.ts";
import type { Placing } from "./rings.ts";

export class DroppedMeansElsewhere {
  readonly #platters: Platters;
  readonly #nowMs: () => number;

  constructor(platters: Platters, nowMs: () => number) {
    this.#platters = platters;
    this.#nowMs = nowMs;
  }

  /** The relay of that disk drops what is on it. `placings`: what it believes in, one of which must bear it out. */
  decided(
    { self, isLate }: Pick<SimRelay, "self" | "isLate">,
    audit: AuditLog,
    lineages: readonly Lineage[],
    placings: readonly Placing[],
  ): void {
    const sinceMs = isLate ? Number.NEGATIVE_INFINITY : this.#nowMs() - unnoticedMs;
    for (const lineage of lineages) {
      const lacking = placings.map((placing) => this.#lacks(self, audit, lineage, placing.replicasOf(lineage.room), sinceMs));
      if (lacking.every((lacks) => lacks !== undefined))
        throw new Finding(
          "dropped means elsewhere",
          `${self} drops ${lineage.room}/${lineage.generation}: ${lacking[0] ?? "it knows no ring"}`,
        );
    }
  }

  #lacks(self: RelayId, audit: AuditLog, lineage: Lineage, replicas: readonly RelayId[], sinceMs: number): string | undefined {
    if (replicas.length === 0 || replicas.includes(self)) return "it is one of its replicas";
    const [own, record] = [audit.of(lineage), audit.record(lineage.room)];
    for (const relay of replicas) {
      const disks = this.#platters.disksSince(relay, sinceMs);
      if (!disks.some((disk) => hasAllOf(disk, audit, own))) return `it has something that ${relay} has not`;
      const untold = disks.map((disk) => untoldBy(disk, audit, lineage));
      if (untold.every((dot) => dot !== undefined)) return `its history tells of ${untold[0]}, and that of ${relay} does not`;
      if (!disks.some((disk) => says(disk.record(lineage.room), record))) return `its record says what that of ${relay} does not`;
    }
    return undefined;
  }
}

/** A dot of which the history on the disk `here` tells, and that on the disk `there` does not. */
function untoldBy(there: AuditLog, here: AuditLog, lineage: Lineage): string | undefined {
  const told = new Set((there.told?.(lineage) ?? []).flatMap(dotsOf));
  return (here.told?.(lineage) ?? []).flatMap(dotsOf).find((dot) => !told.has(dot));
}

function dotsOf({ actor, from, length }: DotRange): string[] {
  return Array.from({ length }, (_, at) => dotKey({ actor, counter: from + at }));
}

/** Whether `there` says all that `here` does. */
function says(there: RoomRecord | undefined, here: RoomRecord | undefined): boolean {
  if (here === undefined) return true;
  if (there === undefined || there.generation < here.generation) return false;
  if (there.generation > here.generation) return true;
  if (here.deleted !== undefined && there.deleted === undefined) return false;
  return isAsNew(there.title, here.title) && isAsNew(there.kind, here.kind);
}

function isAsNew(there: Register | undefined, here: Register | undefined): boolean {
  return here === undefined || (there !== undefined && compareHlc(there.hlc, here.hlc) >= 0);
}
