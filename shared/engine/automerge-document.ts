/**
 * Documents by Automerge itself, which is WebAssembly: for workers only, and the one door to it. They are Automerge's own handles: building what a
 * document says as values of JavaScript takes far longer, and with deep nesting the cube of its depth.
 *
 * What a change does is known only by trying it: one that names an operation which is nowhere has a fine head, and Automerge panics over it, after
 * which that document is in no state that anybody knows. So changes are tried on a copy, all at once where that goes well, by halves where not,
 * until those are found that do not apply; what hangs on them is left out, too.
 *
 * Invariants: a built document holds exactly the changes that its index names, and none that waits; a copy over which Automerge panicked is thrown
 * away. Nothing is thrown for what parts contain.
 */
import type * as Automerge from "automerge";
import { assert } from "../base/assert.ts";
import { concatBytes, noBytes, sameBytes } from "../base/bytes.ts";
import { isWholeDocument, objectsMadeIn, readChanges, type AutomergeChange } from "./automerge-change.ts";
import { AutomergeContentIndex } from "./automerge-content-index.ts";
import type { ContentLimits } from "./crdt-engine.ts";

/** What was admitted once is read again whatever the limits of the day are. */
const noLimits: ContentLimits = {
  partsPerUpdateMax: Infinity,
  authorsPerEditMax: Infinity,
  authorsPerRoomMax: Infinity,
  clockMax: Number.MAX_SAFE_INTEGER,
  nestingMax: Infinity,
};

/** Whoever writes nothing needs no actor of its own. */
const nobody = "00";

export type Document = ReturnType<typeof Automerge.getBackend>;

let A: typeof Automerge;

/** Brings Automerge into memory, some 20 MiB: once, and before anything else here is called. */
export async function loadAutomerge(): Promise<void> {
  A ??= await import("automerge");
}

export interface BuiltDocument {
  readonly document: Document;
  readonly index: AutomergeContentIndex;
  /** Indexes into the parts of those of which not everything applied, ascending. */
  readonly unapplied: readonly number[];
}

export function emptyDocument(): Document {
  return A.getBackend(A.init({ actor: nobody }));
}

/** The changes of a part: an update, or a whole document as `stateOf` answers it. None where it cannot be read. */
export function changesOf(part: Uint8Array): readonly AutomergeChange[] | undefined {
  if (!isWholeDocument(part)) return changesIn(part);
  const loaded = loadedFrom(part, (document) => changesIn(concatBytes(document.getChanges([]))));
  if (loaded === undefined) return undefined;
  freeDocument(loaded.document);
  return loaded.changes;
}

function changesIn(update: Uint8Array): readonly AutomergeChange[] | undefined {
  const read = readChanges(update, noLimits);
  return read.ok ? read.value : undefined;
}

/** The document that `parts` make together, without changes that nest deeper than `nestingMax`. Whoever asked for it frees it. */
export function buildDocument(parts: readonly Uint8Array[], nestingMax = Infinity): BuiltDocument {
  const [first] = parts;
  const begun = first !== undefined && isWholeDocument(first) ? loadedFrom(first, headsOfChanges) : undefined;
  const read = parts.map((part, at) => (at === 0 && begun !== undefined ? begun.changes : changesOf(part)));
  const trial = new Trial(nestingMax, begun);
  trial.take(read.flatMap((changes) => changes ?? []));
  const { document, index } = trial;
  assert(hasHeadsOf(document, index), "a built document has the heads of its index");
  const unapplied = read.flatMap((changes, part) => (changes === undefined || changes.some(({ hash }) => !index.has(hash)) ? [part] : []));
  return { document, index, unapplied };
}

export function hasHeadsOf(document: Document, index: AutomergeContentIndex): boolean {
  return document.getHeads().toSorted().join() === index.heads.join();
}

/** Throws, in whatever way, where Automerge cannot apply them: `document` is good for nothing then. */
export function applyChanges(document: Document, changes: readonly AutomergeChange[]): void {
  document.applyChanges(changes.map(({ bytes }) => bytes));
}

/** So many things that one change makes are looked at: more are beside each other, for the most part. */
const madeMax = 100_000;

/**
 * Whether lists, maps or texts that `changes` made, which are in `document`, lie more than `levels` deep in others; the document itself lies at 0. What
 * no reader can see, since it lies beside another value, is not looked at. Each before what lies in it: the first one too deep ends it.
 */
export function nestsDeeper(document: Document, changes: readonly AutomergeChange[], levels: number): boolean {
  return changes.some((change) => objectsMade(change).some((row) => depthIn(document, `${change.startOp + row}@${change.actor}`) > levels));
}

/** The whole document in one piece, collected into Automerge's columns. */
export function stateOf(document: Document): Uint8Array {
  return document.save();
}

/** One update of all changes that somebody with `heads` lacks; heads that are not here name nothing. */
export function changesSince({ document, index }: BuiltDocument, heads: readonly string[]): Uint8Array {
  return concatBytes(document.getChanges([...heads.filter((head) => index.has(head))]));
}

/** What the document says: a counter is its number, a date a text, bytes are numbers. */
export function valueOf(document: Document): unknown {
  return plain(document.materialize("/"), 0);
}

/** Gives back what the document takes outside of what JavaScript collects. */
export function freeDocument(document: Document): void {
  document.free();
}

/** Values may nest as deep as whoever wrote them liked; what is deeper than this is null. */
const depthMax = 200;

function plain(value: unknown, depth: number): unknown {
  if (depth > depthMax) return null;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return value ?? null;
  if (value instanceof Uint8Array) return [...value];
  // Dates, counters and texts that cannot be written in say themselves what they are in JSON; a map has no functions.
  if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON(), depth + 1);
  if (Array.isArray(value)) return value.map((element) => plain(element, depth + 1));
  const made = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of Object.entries(value)) if (key !== "__proto__") made[key] = plain(entry, depth + 1);
  return made;
}

interface LoadedDocument {
  readonly document: Document;
  readonly changes: readonly AutomergeChange[];
}

/** A whole document, as it was saved; loading it costs far less than applying its changes. */
function loadedFrom(part: Uint8Array, read: (document: Document) => readonly AutomergeChange[] | undefined): LoadedDocument | undefined {
  try {
    const document = emptyDocument();
    document.loadIncremental(part);
    const changes = read(document);
    // Of a damaged document nothing is loaded, and nothing said.
    return changes === undefined || (changes.length === 0 && !isEmptyDocument(part)) ? undefined : { document, changes };
  } catch {
    // Automerge throws, or panics, for what is no document.
    return undefined;
  }
}

/** The changes by what Automerge says of them, without their bytes: writing each out, and reading it again, takes far longer than loading them all. */
function headsOfChanges(document: Document): readonly AutomergeChange[] {
  return document.getChangesMeta([]).map(({ hash, deps, actor, seq, startOp, maxOp }) => {
    const operations = Math.max(0, maxOp + 1 - startOp);
    return { hash, deps, actor, seq, startOp, operations, deletions: 0, bytes: noBytes };
  });
}

function isEmptyDocument(part: Uint8Array): boolean {
  const empty = emptyDocument();
  const isEqual = sameBytes(stateOf(empty), part);
  freeDocument(empty);
  return isEqual;
}

/** A document that changes are tried on. */
class Trial {
  document: Document;
  readonly index = new AutomergeContentIndex();
  readonly #nestingMax: number;

  constructor(nestingMax: number, begun: LoadedDocument | undefined) {
    this.#nestingMax = nestingMax;
    this.document = begun?.document ?? emptyDocument();
    if (begun !== undefined) this.index.join({ engine: "automerge", changes: this.index.place(begun.changes).placed });
  }

  take(changes: readonly AutomergeChange[]): void {
    const { placed } = this.index.place(changes);
    if (placed.length === 0) return;
    const tried = this.#applied(placed);
    if (tried === undefined) {
      if (placed.length > 1) for (const half of halves(placed)) this.take(half);
      return;
    }
    freeDocument(this.document);
    this.document = tried;
    this.index.join({ engine: "automerge", changes: placed });
  }

  /** The document and `changes`, as another document; undefined: they do not apply, or nest too deep. */
  #applied(changes: readonly AutomergeChange[]): Document | undefined {
    try {
      const tried = this.document.clone(nobody);
      applyChanges(tried, changes);
      if (this.#nestingMax === Infinity || !nestsDeeper(tried, changes, this.#nestingMax)) return tried;
      freeDocument(tried);
      return undefined;
    } catch {
      // A change that Automerge cannot read, or panics over; the copy is not to be touched any more, nor given back.
      return undefined;
    }
  }
}

function objectsMade(change: AutomergeChange): readonly number[] {
  try {
    return objectsMadeIn(change, madeMax);
  } catch {
    // Automerge has applied what cannot be read here.
    return [];
  }
}

function depthIn(document: Document, object: string): number {
  try {
    return document.objInfo(object).path?.length ?? 0;
  } catch {
    // An object that is nowhere.
    return 0;
  }
}

function halves<Value>(values: readonly Value[]): readonly (readonly Value[])[] {
  const middle = values.length >> 1;
  return [values.slice(0, middle), values.slice(middle)];
}
