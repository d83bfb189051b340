/**
 * Building Yjs documents out of parts: the heavy half of the engine, for workers.
 *
 * `Y.applyUpdate` is not atomic: an update that throws may have changed the document already, and one that cannot be
 * placed stays inside as "pending". So a careful document takes one part at a time, looks at it afterwards, and when the
 * part was bad starts again without it, from a checkpoint that moves along with each failure.
 *
 * Invariants: a careful document holds exactly the parts it took; nothing in it is pending or nests deeper than allowed.
 * A document's clientID and guid are fixed: Yjs would draw them at random, and nothing of ours writes as this client.
 */
import * as Y from "yjs";
import type { YjsContentChange } from "./admission.ts";
import { YjsContentIndex } from "./content-index.ts";
import { replay } from "./causal-replay.ts";

/** No update can name it: Yjs draws a new clientID, and says so on the console, when its own comes in. */
const nobody = -1;

/** A document that collects what is deleted. Draws nothing that shows in its bytes. */
export function newDocument(): Y.Doc {
  const document = new Y.Doc({ gc: true, guid: "inkmesh" });
  document.clientID = nobody;
  return document;
}

/** The document of all parts that can be placed, as fast as possible: for answers, not for keeping. */
export function documentOf(parts: readonly Uint8Array[]): Y.Doc {
  const document = newDocument();
  try {
    // One transaction for all parts: Yjs cleans up after each, which costs more than the parts do.
    document.transact(() => {
      for (const part of parts) Y.applyUpdate(document, part);
    });
    if (!hasPending(document)) return document;
  } catch {
    // Some part does not apply; which one, the careful way finds out.
  }
  const careful = new CarefulDocument({ nestingMax: Infinity });
  replay(parts, new YjsContentIndex(), (payload, change) => careful.take(payload, change));
  return careful.document;
}

export class CarefulDocument {
  #document = newDocument();
  #checkpoint: Uint8Array | undefined;
  #since: Uint8Array[] = [];
  readonly #nestingMax: number;

  constructor(options: { readonly nestingMax: number }) {
    this.#nestingMax = options.nestingMax;
  }

  get document(): Y.Doc {
    return this.#document;
  }

  /** Applies a part; false, and the document as it was, when it throws, stays pending or nests too deep. */
  take(payload: Uint8Array, change: YjsContentChange): boolean {
    if (this.#apply(payload) && !hasPending(this.#document) && !this.#nestsTooDeep(change)) {
      this.#since.push(payload);
      return true;
    }
    this.#startAgain();
    return false;
  }

  #apply(payload: Uint8Array): boolean {
    try {
      Y.applyUpdate(this.#document, payload);
      return true;
    } catch {
      // Whatever Yjs throws for a part means the same: this part does not apply.
      return false;
    }
  }

  #startAgain(): void {
    this.#document.destroy();
    this.#document = newDocument();
    if (this.#checkpoint !== undefined) Y.applyUpdate(this.#document, this.#checkpoint);
    for (const payload of this.#since) Y.applyUpdate(this.#document, payload);
    this.#checkpoint = Y.encodeStateAsUpdate(this.#document);
    this.#since = [];
  }

  /** Looks only at what the part added, and climbs no further than allowed. */
  #nestsTooDeep({ structs }: YjsContentChange): boolean {
    for (const { author, from, to } of structs) {
      const items = this.#document.store.clients.get(author) ?? [];
      if (items.length === 0) continue;
      for (let index = Y.findIndexSS(items, from); index < items.length; index++) {
        const item = items[index];
        if (item === undefined || item.id.clock >= to) break;
        if (item instanceof Y.Item && item.content instanceof Y.ContentType && this.#isTooDeep(item)) return true;
      }
    }
    return false;
  }

  #isTooDeep(item: Y.Item): boolean {
    let depth = 0;
    for (let at: Y.Item | null = item; at !== null; depth++) {
      if (depth > this.#nestingMax) return true;
      at = at.parent instanceof Y.AbstractType ? at.parent._item : null;
    }
    return false;
  }
}

function hasPending(document: Y.Doc): boolean {
  return document.store.pendingStructs !== null || document.store.pendingDs !== null;
}
