/**
 * TraceAuthor: one person of a concurrent trace, at a desk behind a client.
 *
 * A recorded transaction's positions are relative to exactly what its author had seen. So the person types into a
 * document of their own, the desk; what they type is forwarded to the client's document, and from there over a real
 * socket. What the others typed reaches the desk transaction by transaction, each only after it has arrived over the
 * socket in the client's document, and only when the trace says that the author had seen it.
 */
import * as Y from "yjs";
import { typePatches, type ConcurrentTrace, type Patch } from "./traces.ts";

interface Client {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
}

/** Yjs updates by transaction of the trace, as they were typed. */
export type TypedUpdates = (Uint8Array | undefined)[];

const yieldEvery = 20;
const arrivalWithinMs = 60_000;

export class TraceAuthor {
  readonly #agent: number;
  readonly #client: Client;
  readonly #trace: ConcurrentTrace;
  readonly #typed: TypedUpdates;
  readonly #desk = new Y.Doc();
  readonly #seen = new Set<number>();

  constructor(options: { agent: number; client: Client; trace: ConcurrentTrace; typed: TypedUpdates }) {
    this.#agent = options.agent;
    this.#client = options.client;
    this.#trace = options.trace;
    this.#typed = options.typed;
    // At one place of friendsforever two runs of typing meet; Yjs orders them by client, and so did the recording.
    this.#desk.clientID = 1 + options.agent;
  }

  /** Types this author's transactions among the first `end` of the trace. */
  async type(end = this.#trace.txns.length): Promise<void> {
    for (const [nth, index] of this.#own(0, end).entries()) {
      const { parents, patches } = this.#trace.txns[index]!;
      for (const parent of parents) await this.#see(parent);
      this.#typeOne(index, patches);
      if (nth % yieldEvery === 0) await new Promise(setImmediate);
    }
  }

  /**
   * Types this author's transactions from `start` on and before `end` on top of whatever is here, without waiting for what the author
   * had seen: a place that is not there is the text's end.
   */
  async typeRegardless(start: number, end: number): Promise<void> {
    for (const [nth, index] of this.#own(start, end).entries()) {
      if (nth % yieldEvery === 0) {
        await new Promise(setImmediate);
        Y.applyUpdate(this.#desk, Y.encodeStateAsUpdate(this.#client.doc, Y.encodeStateVector(this.#desk)), "seen");
      }
      this.#typeOne(index, withinText(this.#trace.txns[index]!.patches, this.#desk.getText("text").length));
    }
  }

  #own(start: number, end: number): readonly number[] {
    return this.#trace.txns.flatMap(({ agent }, index) => (agent === this.#agent && index >= start && index < end ? [index] : []));
  }

  #typeOne(index: number, patches: readonly Patch[]): void {
    const forward = (update: Uint8Array): void => {
      this.#typed[index] = update;
      Y.applyUpdate(this.#client.doc, update, "author");
    };
    this.#desk.once("update", forward);
    typePatches(this.#desk.getText("text"), patches);
    this.#desk.off("update", forward); // A transaction without effect made no update.
    this.#seen.add(index);
  }

  /** Brings a transaction, and what it builds on, to the desk once it has arrived here. */
  async #see(index: number): Promise<void> {
    const missing: number[] = [];
    const stack = [index];
    while (stack.length > 0) {
      const next = stack.pop()!;
      if (this.#seen.has(next)) continue;
      this.#seen.add(next);
      missing.push(next);
      stack.push(...this.#trace.txns[next]!.parents);
    }
    for (const next of missing.toSorted((left, right) => left - right)) {
      await this.#arrived(next);
      const update = this.#typed[next];
      if (update !== undefined) Y.applyUpdate(this.#desk, update, "seen");
    }
  }

  async #arrived(index: number): Promise<void> {
    const deadline = performance.now() + arrivalWithinMs;
    while (!this.#isHere(index)) {
      if (performance.now() > deadline)
        throw new Error(`transaction ${index} did not reach author ${this.#agent} in ${arrivalWithinMs} ms`);
      await nextUpdate(this.#client.doc);
    }
  }

  #isHere(index: number): boolean {
    const update = this.#typed[index];
    if (update !== undefined) return containsUpdate(this.#client.doc, update);
    return this.#trace.txns[index]!.patches.length === 0;
  }
}

/** The patches as they can be applied to a text of this length. */
function withinText(patches: readonly Patch[], length: number): readonly Patch[] {
  return patches.map(([position, deleted, inserted]) => {
    const start = Math.min(position, length);
    const removed = Math.min(deleted, length - start);
    length += inserted.length - removed;
    return [start, removed, inserted];
  });
}

/** Whether all structs and deletions of an update are in a document. */
export function containsUpdate(doc: Y.Doc, update: Uint8Array): boolean {
  const { structs, ds } = Y.decodeUpdate(update);
  const has = (client: number, clock: number): boolean => Y.getState(doc.store, client) >= clock;
  if (!structs.every((struct) => has(struct.id.client, struct.id.clock + struct.length))) return false;
  for (const [client, ranges] of ds.clients) {
    for (const { clock, len } of ranges) {
      if (!has(client, clock + len)) return false;
      if (!Y.getItem(doc.store, Y.createID(client, clock + len - 1)).deleted) return false;
    }
  }
  return true;
}

/** The next change of a document, or a short while, whichever is first. */
function nextUpdate(doc: Y.Doc): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 50);
    doc.once("update", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
