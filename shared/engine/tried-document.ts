/**
 * TriedDocument: a document of Automerge's on which updates are tried, in place: a copy would cost as much as the document.
 *
 * Invariants: it holds exactly the changes that its index names, until one is in that must not be, or Automerge fails over one; from then on it is `isSpoiled`, and nobody asks
 * it anything. It may hold more than the room: what was tried, and not let in for another reason.
 */
import { concatBytes } from "../base/bytes.ts";
import type { AutomergeChange } from "./automerge-change.ts";
import type { AutomergeContentIndex } from "./automerge-content-index.ts";
import { applyChanges, buildDocument, changesOf, freeDocument, hasHeadsOf, nestsDeeper, type Document } from "./automerge-document.ts";
import type { TrialVerdict } from "./update-trial.ts";

export interface TriedLimits {
  readonly nestingMax: number;
  /** Bytes of memory that one update may take. */
  readonly growthBytesMax: number;
  /** How much memory Automerge has by now. */
  readonly memoryBytes: () => number;
}

export class TriedDocument {
  isSpoiled = false;
  readonly #document: Document;
  readonly #index: AutomergeContentIndex;
  readonly #limits: TriedLimits;
  /** Of its changes, as they came. */
  bytes: number;

  constructor(parts: readonly Uint8Array[], limits: TriedLimits) {
    const { document, index } = buildDocument(parts);
    this.#document = document;
    this.#index = index;
    this.#limits = limits;
    this.bytes = parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** What was tried elsewhere. Whether all of it is here now. */
  hear(update: Uint8Array): boolean {
    const changes = changesOf(update) ?? [];
    const { placed, missing } = this.#index.place(changes);
    if (placed.length > 0 && !this.#apply(placed)) return false;
    return missing.length === 0;
  }

  try(update: Uint8Array): TrialVerdict {
    const changes = changesOf(update);
    if (changes === undefined) return { type: "waits" };
    const { placed, missing, impossible } = this.#index.place(changes);
    const isAll = missing.length === 0 && impossible === undefined;
    if (placed.length === 0) return { type: isAll ? "applies" : "waits" };
    const refusal = this.#refusalOf(placed);
    if (refusal !== undefined) return refusal;
    return isAll ? { type: "applies" } : { type: "part", bytes: concatBytes(placed.map(({ bytes }) => bytes)) };
  }

  free(): void {
    // What Automerge failed over is not to be touched any more.
    if (!this.isSpoiled) freeDocument(this.#document);
  }

  #refusalOf(changes: readonly AutomergeChange[]): TrialVerdict | undefined {
    const { nestingMax, growthBytesMax, memoryBytes } = this.#limits;
    const before = memoryBytes();
    if (!this.#apply(changes)) return refused("UNAPPLICABLE", "Automerge fails over it");
    const isTooDeep = nestsDeeper(this.#document, changes, nestingMax);
    if (isTooDeep) {
      this.isSpoiled = true;
      return refused("TOO_DEEP", `values nest more than ${nestingMax} deep`);
    }
    const growth = memoryBytes() - before;
    if (growth <= growthBytesMax) return undefined;
    this.isSpoiled = true;
    return refused("UNAPPLICABLE", `it takes ${growth} bytes of memory, limit ${growthBytesMax}`);
  }

  #apply(changes: readonly AutomergeChange[]): boolean {
    try {
      applyChanges(this.#document, changes);
    } catch {
      // Whatever Automerge throws, a panic, too.
      this.isSpoiled = true;
      return false;
    }
    this.#index.join({ engine: "automerge", changes });
    this.isSpoiled = !hasHeadsOf(this.#document, this.#index);
    this.bytes += changes.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return !this.isSpoiled;
  }
}

function refused(code: "TOO_DEEP" | "UNAPPLICABLE", detail: string): TrialVerdict {
  return { type: "refused", refusal: { code, detail } };
}
