/**
 * [P2] [P10] Saved stays: what was called saved is lost only with all the disks that it was then said to be on, unless its
 * document was deleted. And a disk that begins to vouch for a document has all that was saved of it: what was saved while it compared
 * with the others may still be on its way.
 */
import type * as Y from "yjs";
import { lineageKey, type Lineage } from "@inkmesh/shared/base/ids";
import { Finding } from "../world.ts";
import type { AuditLog } from "./audit-log.ts";
import { holds, type Content } from "./content.ts";
import type { Platters } from "./platters.ts";

interface Saved {
  readonly lineage: Lineage;
  readonly content: Content;
  readonly disks: readonly AuditLog[];
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

  saved(lineage: Lineage, content: Content): void {
    this.#saved.push({ lineage: { ...lineage }, content, disks: this.#platters.copies(lineage, content), atMs: this.#nowMs() });
  }

  #completed(audit: AuditLog, relay: string, room: string): void {
    for (const { lineage, content, disks, atMs } of this.#saved) {
      if (lineage.room !== room || atMs > this.#nowMs() - comparedWithinMs) continue;
      if (audit.isClosed(lineage) || audit.of(lineage).holds(content) || !disks.some((disk) => this.#platters.isThere(disk))) continue;
      throw new Finding(
        "complete means all that was saved",
        `${relay} vouches for ${room}, and lacks what was saved ${disks.length} times`,
      );
    }
  }

  /** At rest: what a reader of any relay sees is `together`. */
  atRest(): void {
    const docs = new Map<string, Y.Doc>();
    for (const { lineage, content, disks } of this.#saved) {
      if (this.#platters.isClosed(lineage)) continue;
      const doc = docs.get(lineageKey(lineage)) ?? this.#platters.together(lineage);
      docs.set(lineageKey(lineage), doc);
      if (holds(doc, content)) continue;
      if (disks.some((disk) => this.#platters.isThere(disk)))
        throw new Finding("saved stays", `an edit of ${lineage.room} was saved on ${disks.length} disks, some are there, and it is not`);
      this.lostWithDisks += 1;
    }
  }
}
