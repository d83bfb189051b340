/**
 * YjsEngine: the Yjs kind of document. Its cheap half is `YjsContentIndex`; the heavy half builds documents and runs on
 * workers.
 *
 * Invariants: nothing here throws for what parts contain; a shadow's state holds exactly the parts that apply, and its
 * index names what that state holds.
 */
import { encodeUtf8 } from "lib0/string";
import * as Y from "yjs";
import { assert } from "../base/assert.ts";
import { ok, refused, type Result } from "../base/result.ts";
import { replay } from "./causal-replay.ts";
import { YjsContentIndex } from "./content-index.ts";
import { shownTree } from "./shown-tree.ts";
import type {
  ContentFormat,
  ContentIndex,
  ContentLimits,
  CrdtEngine,
  EngineCall,
  HistoryPart,
  HistoryParts,
  Holding,
  Shadow,
} from "./crdt-engine.ts";
import { markedUpdate, type RequestMark } from "./request-mark.ts";
import { decodeStateVector } from "./state-vector.ts";
import { readContentTree } from "./yjs-content.ts";
import { readUpdate, type UpdateBlock } from "./yjs-update.ts";
import { CarefulDocument, documentOf } from "./yjs-document.ts";
import { writtenUpdate } from "./yjs-writing.ts";
import { collectedHistory, historyDocument, mergeHistory, saysTheSame } from "./yjs-history.ts";

/** Bytes of one author in a state vector at most: two numbers of up to 53 bits. */
const authorBytesMax = 16;

/** Snapshots' state vectors, which are compared with those of all who join, as long as the snapshots are here. */
const ofSnapshots = new WeakMap<Uint8Array, Result<ReadonlyMap<number, number>>>();

function decodedOnce(stateVector: Uint8Array): Result<ReadonlyMap<number, number>> {
  const decoded = ofSnapshots.get(stateVector) ?? decodeStateVector(stateVector);
  ofSnapshots.set(stateVector, decoded);
  return decoded;
}

export class YjsEngine implements CrdtEngine {
  readonly name = "yjs";
  readonly needsTrial = false;

  emptyIndex(): ContentIndex {
    return new YjsContentIndex();
  }

  decodeIndex(bytes: Uint8Array): Result<ContentIndex> {
    return YjsContentIndex.decode(bytes);
  }

  indexOf(parts: readonly Uint8Array[]): { readonly index: ContentIndex; readonly unapplied: readonly number[] } {
    const index = new YjsContentIndex();
    const unapplied = replay(parts, index);
    return { index, unapplied };
  }

  holding(has: Uint8Array, of: Uint8Array, authorsMax: number): Result<Holding> {
    if (has.length === 0) return ok("nothing");
    if (has.length > authorBytesMax * (authorsMax + 1)) return refused("BAD_FRAME", `a state vector of ${has.length} bytes`);
    const [left, right] = [decodeStateVector(has), decodedOnce(of)];
    if (!left.ok) return left;
    if (left.value.size === 0) return ok("nothing");
    // One that cannot be read is covered by nobody.
    const isAll = right.ok && [...right.value].every(([author, clock]) => (left.value.get(author) ?? 0) >= clock);
    return ok(isAll ? "all" : "some");
  }

  isNamedBy(update: Uint8Array, clocks: ReadonlyMap<number, number>, limits: ContentLimits): boolean {
    const read = readUpdate(update, limits);
    if (!read.ok) return false;
    const endOf = ({ structs }: UpdateBlock): number => structs.reduce((end, { clock, length }) => Math.max(end, clock + length), 0);
    return read.value.blocks.every((block) => endOf(block) <= (clocks.get(block.client) ?? 0));
  }

  authorsIn(update: Uint8Array, limits: ContentLimits): readonly number[] {
    const read = readUpdate(update, limits);
    return read.ok ? read.value.blocks.map(({ client }) => client) : [];
  }

  marked(update: Uint8Array, mark: RequestMark): Uint8Array {
    return markedUpdate(update, mark);
  }

  shadow(parts: readonly Uint8Array[], options: { readonly nestingMax: number }): Shadow {
    const careful = new CarefulDocument(options);
    const placed = new YjsContentIndex();
    const unapplied = replay(parts, placed, (payload, change) => careful.take(payload, change));
    const state = Y.encodeStateAsUpdate(careful.document);
    const index = new YjsContentIndex();
    const left = replay([state], index);
    const stateVector = index.stateVector();
    const covered = placed.coveredBy(stateVector);
    assert(left.length === 0 && covered.ok && covered.value, "a shadow's state names all that its parts named");
    careful.document.destroy();
    return { state, stateVector, deleteSetUpdate: index.deleteSetUpdate(), index: index.encode(), unapplied };
  }

  mergeHistory(payloads: readonly Uint8Array[]): HistoryPart {
    return mergeHistory(payloads);
  }

  saysTheSame(part: HistoryPart, payloads: readonly Uint8Array[]): boolean {
    return saysTheSame(part, payloads);
  }

  collectHistory({ base, parts }: HistoryParts): Uint8Array {
    return collectedHistory(base, parts);
  }

  contentOf({ base, parts }: HistoryParts, format: ContentFormat): Uint8Array {
    return encoded(historyDocument(base, parts), format);
  }

  perform(call: EngineCall): Result<Uint8Array> {
    try {
      if (call.type === "diff") return diff(call.parts, call.stateVector);
      return call.type === "write" ? writtenUpdate(call) : ok(content(call.parts, call.format));
    } catch (error) {
      // The last resort of a worker: some document that Yjs builds but cannot encode must not end it.
      return refused("INTERNAL", `${call.type} of ${call.parts.length} parts: ${error instanceof Error ? error.message : "unknown"}`);
    }
  }
}

function diff(parts: readonly Uint8Array[], stateVector: Uint8Array): Result<Uint8Array> {
  const decoded = decodeStateVector(stateVector);
  if (!decoded.ok) return decoded;
  return ok(Y.encodeStateAsUpdate(documentOf(parts), stateVector));
}

function content(parts: readonly Uint8Array[], format: ContentFormat): Uint8Array {
  return encoded(documentOf(parts), format);
}

function encoded(document: Y.Doc, format: ContentFormat): Uint8Array {
  return format === "update" ? Y.encodeStateAsUpdate(document) : encodeUtf8(shownTree(readContentTree(document), format));
}
