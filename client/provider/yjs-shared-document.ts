/**
 * YjsSharedDocument: a `Y.Doc` as a room has it. What is applied to it has `origin` as its transaction's origin.
 */
import * as Y from "yjs";
import { differenceBeyond, isCovered, isEmptyState, isShown, mergedUpdates } from "./document-difference.ts";
import { guarded } from "./guarded.ts";
import type { Applied, Incoming, SharedDocument, Surroundings, WantedDifference } from "./shared-document.ts";
import { sizeOfWhat } from "./update-news.ts";
import { wantedDifference } from "./wanted-difference.ts";

export class YjsSharedDocument implements SharedDocument {
  readonly engine = "yjs";
  readonly hasFailed = false;
  readonly #doc: Y.Doc;
  readonly #origin: object;
  readonly #given: Uint8Array;

  constructor(doc: Y.Doc, origin: object) {
    this.#doc = doc;
    this.#origin = origin;
    this.#given = Y.encodeStateAsUpdate(doc);
  }

  get hasHoles(): boolean {
    const { pendingStructs, pendingDs } = this.#doc.store;
    return pendingStructs !== null || pendingDs !== null;
  }

  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#doc);
  }

  state(): Uint8Array {
    return Y.encodeStateAsUpdate(this.#doc);
  }

  givenBeyond(stored: readonly Uint8Array[]): readonly Uint8Array[] {
    return isEmptyState(this.#given) || isCovered(this.#given, stored) ? [] : [this.#given];
  }

  apply(updates: readonly Incoming[]): Applied {
    let isWhole = true;
    let news = 0;
    const applyAll = (transaction: Y.Transaction): void => {
      for (const { update, source } of updates) {
        const size = source === "relay" ? sizeOfWhat(update, transaction) : () => 0;
        const before = size();
        isWhole = this.#applyOne(update) && isWhole;
        if (size() > before) news += 1;
      }
    };
    guarded(() => Y.transact(this.#doc, applyAll, this.#origin, false));
    return { isWhole, news };
  }

  isShown(update: Uint8Array): boolean {
    return isShown(this.#doc, update);
  }

  wantedDifference(wanted: WantedDifference, { elsewhere, refused, isComparable }: Surroundings): readonly Uint8Array[] {
    const difference = wantedDifference(this.#doc, wanted, { elsewhere: [...elsewhere, ...refused], isComparable });
    return difference === undefined ? [] : [difference];
  }

  /** Only what the same author wrote before hangs together by its numbers, and a difference leaves out what was refused. */
  hangingOn(_refused: readonly Uint8Array[], edits: readonly Uint8Array[]): readonly boolean[] {
    return edits.map(() => false);
  }

  differenceBeyond(stateVector: Uint8Array): Uint8Array | undefined {
    return differenceBeyond(this.#doc, stateVector, []);
  }

  merged(updates: readonly Uint8Array[]): Uint8Array {
    return mergedUpdates(updates);
  }

  watch(edited: (update: Uint8Array) => void): () => void {
    const onUpdate = (update: Uint8Array, origin: unknown): void => {
      if (origin !== this.#origin) edited(update);
    };
    this.#doc.on("update", onUpdate);
    return () => this.#doc.off("update", onUpdate);
  }

  loaded(): void {}

  #applyOne(update: Uint8Array): boolean {
    try {
      Y.applyUpdate(this.#doc, update, this.#origin);
      return true;
    } catch {
      // Bytes that Yjs cannot read came from a disk or a relay: they must not end the page.
      return false;
    }
  }
}
