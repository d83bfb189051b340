/**
 * AuditLog: what the relay's platter has ever been given, per lineage, as Yjs itself understands it: one document that
 * every synced entry is applied to, in the order of syncing. All checkers that ask "is it on disk, and would a reader see
 * it?" ask here. It knows nothing of the relay's own index or codecs.
 *
 * It checks by itself what must hold of the entries (I3, I4, I6): a dot names one payload; an actor's counters come in
 * order without gaps; nothing on disk waits for something that is not; stamps rise, over all lives of the relay.
 */
import * as Y from "yjs";
import { lineageKey, type Lineage } from "@inkmesh/shared/base/ids";
import { dotKey } from "@inkmesh/shared/clock/dot";
import { compareHlc, type Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { Transaction } from "../sim-disk.ts";
import { digest } from "../trace.ts";
import { Finding } from "../world.ts";
import { contentOf, holds, type Content } from "./content.ts";

export class AuditedLineage {
  readonly lineage: Lineage;
  readonly doc = new Y.Doc({ gc: true });
  readonly entries: Entry[] = [];
  readonly #dots = new Map<string, string>();
  #clock = VectorClock.empty;
  #lastStamp: Hlc | undefined;

  constructor(lineage: Lineage) {
    this.lineage = lineage;
  }

  /** All dots on the platter. */
  get clock(): VectorClock {
    return this.#clock;
  }

  holds(content: Content): boolean {
    return holds(this.doc, content);
  }

  add(entry: Entry): void {
    const key = dotKey(entry.dot);
    const known = this.#dots.get(key);
    const payload = digest(entry.payload);
    if (known !== undefined && known !== payload) throw new Finding("one payload per dot", `${key} named ${known}, now ${payload}`);
    if (known !== undefined) return;
    if (entry.dot.counter !== this.#clock.counter(entry.dot.actor) + 1)
      throw new Finding("counters in order", `${key} came after counter ${this.#clock.counter(entry.dot.actor)}`);
    if (!this.#clock.covers(entry.deps)) throw new Finding("dependencies first", `${key} is on disk before what it depends on`);
    if (this.#lastStamp !== undefined && compareHlc(entry.hlc, this.#lastStamp) <= 0)
      throw new Finding("stamps rise", `${key} is stamped ${entry.hlc.physicalMs}, after ${this.#lastStamp.physicalMs}`);
    this.#dots.set(key, payload);
    this.#clock = this.#clock.advance(entry.dot);
    this.#lastStamp = entry.hlc;
    this.entries.push(entry);
    Y.applyUpdate(this.doc, entry.payload);
    if (this.doc.store.pendingStructs !== null || this.doc.store.pendingDs !== null)
      throw new Finding("all on disk is applicable", `${key} hangs on something that is not on disk`);
  }
}

export class AuditLog {
  readonly #lineages = new Map<string, AuditedLineage>();
  readonly #generations = new Map<string, number>();
  readonly #closed = new Set<string>();
  entries = 0;

  of(lineage: Lineage): AuditedLineage {
    const key = lineageKey(lineage);
    const known = this.#lineages.get(key) ?? new AuditedLineage({ ...lineage });
    this.#lineages.set(key, known);
    return known;
  }

  /** The generation that the platter's record of the room names. */
  generation(room: string): number {
    return this.#generations.get(room) ?? 0;
  }

  /** Whether the generation was closed on the platter. */
  isClosed(lineage: Lineage): boolean {
    return this.#closed.has(lineageKey(lineage)) || lineage.generation < this.generation(lineage.room);
  }

  synced(transaction: Transaction): void {
    if (transaction.type === "whole-ring") return;
    if (transaction.type === "record") {
      const { room, generation, deleted } = transaction.record;
      if (generation < this.generation(room)) throw new Finding("generations rise", `${room} went back to generation ${generation}`);
      if (deleted === undefined && this.#closed.has(lineageKey(transaction.record)))
        throw new Finding("gone means gone", `generation ${generation} of ${room} was closed and came back`);
      this.#generations.set(room, generation);
      if (deleted !== undefined) this.#closed.add(lineageKey(transaction.record));
      return;
    }
    for (const { lineage, entries } of transaction.batch) {
      if (this.isClosed(lineage)) continue;
      const audited = this.of(lineage);
      for (let earlier = lineage.generation - 1; earlier >= 0; earlier--) {
        const old = this.of({ ...lineage, generation: earlier });
        for (const { payload } of entries) mustBeNew(old, payload);
      }
      for (const entry of entries) audited.add(entry);
      this.entries += entries.length;
    }
  }
}

/** Whoever wrote in the generation that was closed is not back in the new one. */
function mustBeNew({ doc, lineage }: AuditedLineage, payload: Uint8Array): void {
  for (const { client, from } of contentOf(payload).structs)
    if (from < Y.getState(doc.store, client))
      throw new Finding("gone means gone", `content of generation ${lineage.generation} of ${lineage.room} came back in a later one`);
}
