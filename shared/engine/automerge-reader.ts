/**
 * AutomergeReader: what the pure core has of Automerge. It knows changes by their heads, and nobody by a number.
 */
import { ok, refused, type Result } from "../base/result.ts";
import { AutomergeContentIndex, readHeads } from "./automerge-content-index.ts";
import { hashBytes } from "./automerge-change.ts";
import type { ContentIndex, ContentReader, Holding } from "./crdt-engine.ts";

export class AutomergeReader implements ContentReader {
  readonly name = "automerge";
  readonly needsTrial = true;

  emptyIndex(): ContentIndex {
    return new AutomergeContentIndex();
  }

  decodeIndex(bytes: Uint8Array): Result<ContentIndex> {
    return AutomergeContentIndex.decode(bytes);
  }

  /** Whoever has the heads has all. Other heads may have these behind them; that is for who builds the document to tell. */
  holding(has: Uint8Array, of: Uint8Array, authorsMax: number): Result<Holding> {
    if (has.length > hashBytes * authorsMax) return refused("BAD_FRAME", `a state vector of ${has.length} bytes`);
    const [left, right] = [readHeads(has), readHeads(of)];
    if (!left.ok) return left;
    if (left.value.length === 0) return ok("nothing");
    const theirs = new Set(left.value);
    return ok(right.ok && right.value.every((head) => theirs.has(head)) ? "all" : "some");
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
