/**
 * AutomergeEngine: what workers have of Automerge's kind of document. The core has `AutomergeReader`, which needs no WebAssembly.
 *
 * Invariants: nothing here throws for what parts contain; a shadow's state holds exactly the parts that apply, and its index names what
 * that state holds. A shadow is read back before it is answered, since it takes the place of what it was made of.
 */
import { assert } from "../base/assert.ts";
import { noBytes } from "../base/bytes.ts";
import { ok, refused, type Result } from "../base/result.ts";
import { encodeUtf8 } from "lib0/string";
import { readHeads } from "./automerge-content-index.ts";
import {
  buildDocument,
  changesOf,
  changesSince,
  freeDocument,
  loadAutomerge,
  stateOf,
  valueOf,
  type BuiltDocument,
} from "./automerge-document.ts";
import { mergeHistory, payloadsOf, saysTheSame } from "./automerge-history.ts";
import { AutomergeReader } from "./automerge-reader.ts";
import type { ContentFormat, ContentIndex, CrdtEngine, EngineCall, HistoryPart, HistoryParts, Shadow } from "./crdt-engine.ts";

export class AutomergeEngine extends AutomergeReader implements CrdtEngine {
  private constructor() {
    super();
  }

  /** Takes what Automerge takes: whoever has none of its documents does not ask for it. */
  static async load(): Promise<AutomergeEngine> {
    await loadAutomerge();
    return new AutomergeEngine();
  }

  indexOf(parts: readonly Uint8Array[]): { readonly index: ContentIndex; readonly unapplied: readonly number[] } {
    return whileBuilt(parts, ({ index, unapplied }) => ({ index, unapplied }));
  }

  shadow(parts: readonly Uint8Array[], { nestingMax }: { readonly nestingMax: number }): Shadow {
    const shadowOf = ({ document, index, unapplied }: BuiltDocument): Shadow => {
      const state = stateOf(document);
      const readBack = changesOf(state);
      assert(
        readBack?.length === index.size && readBack.every(({ hash }) => index.has(hash)),
        "a shadow's state holds what its index names",
      );
      return { state, stateVector: index.stateVector(), deleteSetUpdate: noBytes, index: index.encode(), unapplied };
    };
    return whileBuilt(parts, shadowOf, nestingMax);
  }

  mergeHistory(payloads: readonly Uint8Array[]): HistoryPart {
    return mergeHistory(payloads);
  }

  saysTheSame(part: HistoryPart, payloads: readonly Uint8Array[]): boolean {
    return saysTheSame(part, payloads);
  }

  /** Automerge keeps what was deleted: a base says as much as what it was made of. */
  collectHistory(history: HistoryParts): Uint8Array {
    return whileBuilt(payloadsOf(history), ({ document }) => stateOf(document));
  }

  contentOf(history: HistoryParts, format: ContentFormat): Uint8Array {
    const made = whileBuilt(payloadsOf(history), (built) => content(built, format));
    assert(made.ok, "a version is asked for in a format that its engine has");
    return made.value;
  }

  perform(call: EngineCall): Result<Uint8Array> {
    try {
      if (call.type === "diff") return diff(call.parts, call.stateVector);
      if (call.type === "content") return whileBuilt(call.parts, (built) => content(built, call.format));
      return refused("UNSAYABLE", "an Automerge document is not written as text");
    } catch (error) {
      // The last resort of a worker: a document that Automerge builds but cannot encode must not end it.
      return refused("INTERNAL", `${call.type} of ${call.parts.length} parts: ${error instanceof Error ? error.message : "unknown"}`);
    }
  }
}

function diff(parts: readonly Uint8Array[], stateVector: Uint8Array): Result<Uint8Array> {
  const heads = readHeads(stateVector);
  return heads.ok ? whileBuilt(parts, (built) => ok(changesSince(built, heads.value))) : heads;
}

function content({ document }: BuiltDocument, format: (EngineCall & { type: "content" })["format"]): Result<Uint8Array> {
  if (format === "update") return ok(stateOf(document));
  return format === "json" ? ok(encodeUtf8(JSON.stringify(valueOf(document)))) : refused("UNSAYABLE", "an Automerge document is answered as json or update");
}

function whileBuilt<Answer>(parts: readonly Uint8Array[], use: (built: BuiltDocument) => Answer, nestingMax?: number): Answer {
  const built = buildDocument(parts, nestingMax);
  try {
    return use(built);
  } finally {
    freeDocument(built.document);
  }
}
