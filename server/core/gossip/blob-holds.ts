/**
 * BlobHolds: for which documents this disk takes no more images, or for none at all, and until when nothing is fetched for it: what was fetched would
 * come for nothing, and be fetched again.
 *
 * Invariants: the first hold is `exchangeAgainMs`, each one that follows twice as long, up to four sweeps; something that was kept ends them; at most
 * `documentsMax`, the oldest are forgotten.
 */
import { lineageKey, type Lineage } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { RelayContext } from "../relay-context.ts";

/** About 200 bytes each. */
const documentsMax = 1_024;

interface Hold {
  readonly refusal: Refusal;
  readonly ms: number;
  readonly untilMs: number;
}

export class BlobHolds {
  readonly #context: RelayContext;
  readonly #documents = new Map<string, Hold>();
  #all: Hold | undefined;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  /** Why nothing is to be fetched for it now. */
  of(lineage: Lineage): Refusal | undefined {
    return [this.#all, this.#documents.get(lineageKey(lineage))].find((hold) => this.#isOn(hold))?.refusal;
  }

  get isOfAll(): boolean {
    return this.#isOn(this.#all);
  }

  refused(lineage: Lineage, refusal: Refusal): void {
    const key = lineageKey(lineage);
    if (refusal.code !== "TOO_MANY_BLOBS") {
      this.#all = this.#next(this.#all, refusal);
      return;
    }
    const next = this.#next(this.#documents.get(key), refusal);
    this.#documents.delete(key);
    this.#documents.set(key, next);
    for (const oldest of this.#documents.keys()) if (this.#documents.size > documentsMax) this.#documents.delete(oldest);
  }

  kept(lineage: Lineage): void {
    this.#all = undefined;
    this.#documents.delete(lineageKey(lineage));
  }

  #next(before: Hold | undefined, refusal: Refusal): Hold {
    const { exchangeAgainMs, sweepMs } = this.#context.placement.limits;
    // What was on its way when it began says nothing more.
    if (before !== undefined && this.#isOn(before)) return before;
    const ms = before === undefined ? exchangeAgainMs : Math.min(before.ms * 2, 4 * sweepMs);
    return { refusal, ms, untilMs: this.#context.now.monotonicMs + ms };
  }

  #isOn(hold: Hold | undefined): boolean {
    return hold !== undefined && this.#context.now.monotonicMs < hold.untilMs;
  }
}
