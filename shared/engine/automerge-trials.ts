/**
 * AutomergeTrials: the documents of one worker on which updates are tried, by room, those that were tried last.
 *
 * Invariants: a document over which Automerge failed is never asked again; the bytes of all changes are at most `documentsBytesMax`, but for one
 * document, which may be larger alone. Nothing is thrown for what updates contain.
 */
import { TriedDocument, type TriedLimits } from "./tried-document.ts";
import type { TrialAnswer, TrialVerdict, UpdateTrial } from "./update-trial.ts";

export interface TrialLimits extends TriedLimits {
  /** Of changes, as they came: Automerge takes up to a hundred times as many. */
  readonly documentsBytesMax: number;
}

export class AutomergeTrials {
  readonly #limits: TrialLimits;
  /** Those asked last are last. */
  readonly #documents = new Map<string, TriedDocument>();

  constructor(limits: TrialLimits) {
    this.#limits = limits;
  }

  /** `begun` is called when the updates are about to be tried: from then on it is they that something happens over. */
  try(room: string, trial: UpdateTrial, begun: () => void = () => undefined): TrialAnswer {
    const document = this.#documentOf(room, trial);
    if (document === undefined) return { type: "unknown" };
    begun();
    const verdicts: TrialVerdict[] = [];
    for (const update of trial.updates) {
      verdicts.push(document.try(update));
      if (document.isSpoiled) break;
    }
    if (document.isSpoiled) this.#forget(room);
    else this.#makeRoom();
    return { type: "tried", verdicts, isSpent: document.isSpoiled };
  }

  /** As told whole, or known and told what is new; last in line from now on. */
  #documentOf(room: string, { parts, news }: UpdateTrial): TriedDocument | undefined {
    const known = this.#documents.get(room);
    if (parts !== undefined) known?.free();
    const document = parts === undefined ? known : new TriedDocument(parts, this.#limits);
    this.#documents.delete(room);
    if (document === undefined) return undefined;
    if (!news.every((update) => document.hear(update))) {
      document.free();
      return undefined;
    }
    this.#documents.set(room, document);
    return document;
  }

  #forget(room: string): void {
    this.#documents.get(room)?.free();
    this.#documents.delete(room);
  }

  #makeRoom(): void {
    let bytes = [...this.#documents.values()].reduce((sum, document) => sum + document.bytes, 0);
    for (const [room, document] of this.#documents) {
      if (bytes <= this.#limits.documentsBytesMax || this.#documents.size === 1) return;
      bytes -= document.bytes;
      this.#forget(room);
    }
  }
}
