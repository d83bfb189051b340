/**
 * [P2] [P10] Saved stays: what was called saved is lost only with all the disks that it was then said to be on, unless its
 * document was deleted. And a disk that begins to vouch for a document has all that was saved of it: what was saved while it compared
 * with the others may still be on its way. And a relay that begins to belong has, and vouches for, all of that in every document that
 * the ring places on it.
 */
import { lineageKey, type Lineage, type RelayId } from "@inkmesh/shared/base/ids";
import { Finding } from "../world.ts";
import type { AuditLog } from "./audit-log.ts";
import { holds, type AnyDocument, type Content } from "./content.ts";
import type { Placing } from "./rings.ts";
import type { Platters } from "./platters.ts";

interface Saved {
  readonly lineage: Lineage;
  readonly content: Content;
  readonly disks: Set<AuditLog>;
  readonly atMs: number;
}

/** How long ago something must have been saved for a disk that vouches to have it: longer than a mark is written anew. */
const comparedWithinMs = 12_000;

export class SavedStays {
  readonly #platters: Platters;
  readonly #nowMs: () => number;
  readonly #saved: Saved[] = [];
  /** What was lost with all its disks, as it may be. */
  lostWithDisks = 0;

  constructor(platters: Platters, nowMs: () => number) {
    this.#platters = platters;
    this.#nowMs = nowMs;
    platters.onCompleted = (audit, relay, room) => this.#completed(audit, relay, room);
  }

  saved(lineage: Lineage, content: Content, placings: readonly Placing[]): void {
    const copies = placings.flatMap((placing) => this.#platters.copies(lineage, content, placing));
    // One that has been dropped since is proven on others.
    const isOnAll = copies.every((audit) => audit.isClosed(lineage) || audit.of(lineage).holds(content));
    const disks = new Set(isOnAll ? copies : [...copies, ...this.#platters.holders(lineage, content)]);
    this.#saved.push({ lineage: { ...lineage }, content, disks, atMs: this.#nowMs() });
  }

  #completed(audit: AuditLog, relay: string, room: string): void {
    for (const { lineage, content, disks, atMs } of this.#saved) {
      if (lineage.room !== room || atMs > this.#nowMs() - comparedWithinMs) continue;
      if (audit.isClosed(lineage) || audit.of(lineage).holds(content) || !this.#isOneThere(disks)) continue;
      throw new Finding(
        "complete means all that was saved",
        `${relay} vouches for ${room}, and lacks what was saved ${this.#told(atMs, disks)}`,
      );
    }
  }

  /** Whether all that was saved is on a disk still when this one is lost. */
  survives(lost: AuditLog): boolean {
    return this.#saved.every(({ lineage, content, disks }) => {
      if (!disks.has(lost) || this.#platters.isClosed(lineage)) return true;
      return this.#platters.holders(lineage, content).some((audit) => audit !== lost);
    });
  }

  /** That disk goes, as it may, since all of it is elsewhere: what was saved on it is said to be on those disks from now on. */
  moved(left: AuditLog): void {
    for (const { lineage, content, disks } of this.#saved)
      if (disks.delete(left)) for (const audit of this.#platters.holders(lineage, content)) if (audit !== left) disks.add(audit);
  }

  /** That disk has dropped it: what was saved on it is said to be on those that have it from now on. */
  dropped(audit: AuditLog, { room, generation }: Lineage): void {
    for (const { lineage, content, disks } of this.#saved) {
      if (lineage.room !== room || lineage.generation > generation || !disks.delete(audit)) continue;
      for (const holder of this.#platters.holders(lineage, content)) disks.add(holder);
    }
  }

  /** The relay whose disk it is says that it has all that `placing` places on it. */
  belongs(audit: AuditLog, relay: RelayId, placing: Placing): void {
    for (const { lineage, content, disks, atMs } of this.#saved) {
      if (!placing.replicasOf(lineage.room).includes(relay) || atMs > this.#nowMs() - comparedWithinMs) continue;
      if (audit.isClosed(lineage) || !this.#isOneThere(disks)) continue;
      if (!audit.isComplete(lineage.room) || !audit.of(lineage).holds(content))
        throw new Finding(
          "a member has all that was saved",
          `${relay} belongs, and ${audit.isComplete(lineage.room) ? "lacks" : "does not vouch for"} what was saved ${this.#told(atMs, disks)}`,
        );
    }
  }

  /** At rest: what a reader of any relay sees is `together`. */
  atRest(): void {
    const docs = new Map<string, AnyDocument>();
    for (const { lineage, content, disks } of this.#saved) {
      if (this.#platters.isClosed(lineage)) continue;
      const doc = docs.get(lineageKey(lineage)) ?? this.#platters.together(lineage);
      docs.set(lineageKey(lineage), doc);
      if (holds(doc, content)) continue;
      if (this.#isOneThere(disks))
        throw new Finding("saved stays", `an edit of ${lineage.room} was saved on ${disks.size} disks, some are there, and it is not`);
      this.lostWithDisks += 1;
    }
  }

  #told(atMs: number, disks: ReadonlySet<AuditLog>): string {
    const where = [...disks].map((disk) => `${disk.owner}${this.#platters.isThere(disk) ? "" : " (lost)"}`);
    return `${Math.round(this.#nowMs() - atMs)} ms ago on ${where.join(", ")}`;
  }

  #isOneThere(disks: ReadonlySet<AuditLog>): boolean {
    return [...disks].some((disk) => this.#platters.isThere(disk));
  }
}
