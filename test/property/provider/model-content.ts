/**
 * ModelContent: what the model relay knows of documents, by kind: whether an update applies, and what of it is new.
 */
import type { ContentIndex, EngineName } from "@inkmesh/shared/engine/crdt-engine";
import { AutomergeContentIndex } from "@inkmesh/shared/engine/automerge-content-index";
import { YjsContentIndex } from "@inkmesh/shared/engine/content-index";
import * as Y from "yjs";
import { roomyLimits } from "../../unit/engine/an-update.ts";

export interface ModelContent {
  stateVector(): Uint8Array;
  hash(): string;
  /** Takes it in, unless it hangs on something that is not here. */
  take(update: Uint8Array): "new" | "known" | "gap";
}

export function contentOf(engine: EngineName, payloads: readonly Uint8Array[]): ModelContent {
  return engine === "yjs" ? new YjsModelContent(payloads) : new AutomergeModelContent(payloads);
}

/** By a scratch document. */
class YjsModelContent implements ModelContent {
  /** All of it, merged. */
  #state: Uint8Array;

  constructor(payloads: readonly Uint8Array[]) {
    const doc = new Y.Doc();
    doc.transact(() => payloads.forEach((payload) => Y.applyUpdate(doc, payload)));
    this.#state = Y.encodeStateAsUpdate(doc);
  }

  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#doc());
  }

  /** As a relay sees content: from the bytes alone. */
  hash(): string {
    return hashIn(new YjsContentIndex(), this.#state);
  }

  take(update: Uint8Array): "new" | "known" | "gap" {
    const doc = this.#doc();
    Y.applyUpdate(doc, update);
    if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) return "gap";
    const state = Y.encodeStateAsUpdate(doc);
    const isNew = Buffer.compare(this.#state, state) !== 0;
    this.#state = state;
    return isNew ? "new" : "known";
  }

  #doc(): Y.Doc {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, this.#state);
    return doc;
  }
}

/** By the hashes of its changes. */
class AutomergeModelContent implements ModelContent {
  readonly #index = new AutomergeContentIndex();

  constructor(payloads: readonly Uint8Array[]) {
    for (const payload of payloads) if (this.take(payload) === "gap") throw new Error("what is on the disk hangs on nothing else");
  }

  stateVector(): Uint8Array {
    return this.#index.stateVector();
  }

  hash(): string {
    return this.#index.hash();
  }

  take(update: Uint8Array): "new" | "known" | "gap" {
    const admission = this.#index.examine(update, "edit", { ...roomyLimits, authorsPerEditMax: Infinity });
    if (admission.type === "refused") throw new Error(`refused: ${admission.refusal.code} ${admission.refusal.detail}`);
    if (admission.type !== "admitted") return admission.type;
    this.#index.join(admission.change);
    return "new";
  }
}

function hashIn(index: ContentIndex, state: Uint8Array): string {
  const admission = index.examine(state, "state", roomyLimits);
  if (admission.type === "admitted") index.join(admission.change);
  return index.hash();
}
