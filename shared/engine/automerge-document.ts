/**
 * Documents by Automerge itself, which is WebAssembly: for workers only, and the one door to it.
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
import { concatBytes } from "../base/bytes.ts";
import { isWholeDocument, readChanges, type AutomergeChange } from "./automerge-change.ts";
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

/** What was admitted once may nest as deep as what walks through it bears on a small stack. */
const nestingBorne = 1_000;

/** Whoever writes nothing needs no actor of its own. */
const nobody = "00";

export type Document = Automerge.Doc<Record<string, unknown>>;

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

/** The changes of a part: an update, or a whole document as `stateOf` answers it. None where it cannot be read. */
export function changesOf(part: Uint8Array): readonly AutomergeChange[] | undefined {
  const update = isWholeDocument(part) ? changesOfWhole(part) : part;
  if (update === undefined) return undefined;
  const read = readChanges(update, noLimits);
  return read.ok ? read.value : undefined;
}

/** The document that `parts` make together, without what nests deeper than `nestingMax`. Whoever asked for it frees it. */
export function buildDocument(parts: readonly Uint8Array[], nestingMax = nestingBorne): BuiltDocument {
  const read = parts.map(changesOf);
  const trial = new Trial(nestingMax);
  trial.take(read.flatMap((changes) => changes ?? []));
  const { document, index } = trial;
  assert(A.getHeads(document).toSorted().join() === index.heads.join(), "a built document has the heads of its index");
  const unapplied = read.flatMap((changes, part) => (changes === undefined || changes.some(({ hash }) => !index.has(hash)) ? [part] : []));
  return { document, index, unapplied };
}

/** The whole document in one piece, collected into Automerge's columns. */
export function stateOf(document: Document): Uint8Array {
  return A.save(document);
}

/** One update of all changes that somebody with `heads` lacks; heads that are not here name nothing. */
export function changesSince({ document, index }: BuiltDocument, heads: readonly string[]): Uint8Array {
  return concatBytes(A.getChangesSince(document, [...heads.filter((head) => index.has(head))]));
}

/** What the document says, as JSON can say it: a counter is its number, a date a text, bytes are numbers. */
export function jsonOf(document: Document): string {
  return JSON.stringify(plain(A.toJS(document), 0));
}

/** Gives back what the document takes outside of what JavaScript collects. */
export function freeDocument(document: Document): void {
  A.free(document);
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

function changesOfWhole(part: Uint8Array): Uint8Array | undefined {
  try {
    const document = A.load<Record<string, unknown>>(part, { actor: nobody });
    const changes = concatBytes(A.getAllChanges(document));
    A.free(document);
    return changes;
  } catch {
    // Automerge throws, or panics, for what is no document.
    return undefined;
  }
}

/** A document that changes are tried on. */
class Trial {
  document: Document = A.init({ actor: nobody });
  readonly index = new AutomergeContentIndex();
  readonly #nestingMax: number;

  constructor(nestingMax: number) {
    this.#nestingMax = nestingMax;
  }

  take(changes: readonly AutomergeChange[]): void {
    const { placed } = this.index.place(changes);
    if (placed.length === 0) return;
    const tried = applied(this.document, placed, this.#nestingMax);
    if (tried === undefined) {
      if (placed.length > 1) for (const half of halves(placed)) this.take(half);
      return;
    }
    A.free(this.document);
    this.document = tried;
    this.index.join({ engine: "automerge", changes: placed });
  }
}

/** `document` and `changes`, as another document; undefined: they do not apply, or nest too deep. */
function applied(document: Document, changes: readonly AutomergeChange[], nestingMax: number): Document | undefined {
  try {
    const [tried] = A.applyChanges(
      A.clone(document, { actor: nobody }),
      changes.map(({ bytes }) => bytes),
    );
    if (!nestsDeeper(tried, nestingMax)) return tried;
    A.free(tried);
    return undefined;
  } catch {
    // A change that Automerge cannot read, or panics over; the copy is not to be touched any more, nor given back.
    return undefined;
  }
}

/** Whether lists and maps lie in each other more than `levels` deep; the document itself is none. */
function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return false;
  return levels < 0 || Object.values(value).some((entry) => nestsDeeper(entry, levels - 1));
}

function halves<Value>(values: readonly Value[]): readonly (readonly Value[])[] {
  const middle = values.length >> 1;
  return [values.slice(0, middle), values.slice(middle)];
}
