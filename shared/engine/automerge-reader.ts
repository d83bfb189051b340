/**
 * AutomergeReader: what the pure core has of Automerge. It knows changes by their heads, and nobody by a number.
 */
import type { Result } from "../base/result.ts";
import { AutomergeContentIndex } from "./automerge-content-index.ts";
import type { ContentIndex, ContentReader } from "./crdt-engine.ts";

export class AutomergeReader implements ContentReader {
  readonly name = "automerge";

  emptyIndex(): ContentIndex {
    return new AutomergeContentIndex();
  }

  decodeIndex(bytes: Uint8Array): Result<ContentIndex> {
    return AutomergeContentIndex.decode(bytes);
  }

  /** Clocks of numbered authors name nothing of it. */
  isNamedBy(): boolean {
    return false;
  }

  authorsIn(): readonly number[] {
    return [];
  }

  /** There is no change that says nothing but that it was asked for. */
  marked(update: Uint8Array): Uint8Array {
    return update;
  }
}
