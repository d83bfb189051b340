/**
 * CrdtEngine: what a relay asks of a kind of document. The cheap half (`ContentReader`, `ContentIndex`, `Admission`) runs
 * inside the pure core for every update and never builds a document; the heavy half (`DocumentEngine`, `HistoryEngine`)
 * merges and encodes whole states and runs on a worker.
 *
 * Invariants of admission: a refused update leaves the index as it was; an admitted one is applicable on top of what
 * the index names; what is admitted is exactly what the index did not name before; a known one is empty after trimming.
 */
import type { Refusal, Result } from "../base/result.ts";
import type { RequestMark } from "./request-mark.ts";

/** Ceilings of one update and of one room. */
export interface ContentLimits {
  /** Structs and delete ranges in one update. */
  readonly partsPerUpdateMax: number;
  /** Distinct authors (Yjs clientIDs) in one update of kind "edit". */
  readonly authorsPerEditMax: number;
  /** No struct may end beyond this clock. */
  readonly clockMax: number;
  /** How deep types may nest inside one update. */
  readonly nestingMax: number;
  /** Distinct authors (Yjs clientIDs) one room may have. */
  readonly authorsPerRoomMax: number;
  /** Operations that one change of Automerge's may have; undefined: any number. */
  readonly operationsPerChangeMax?: number;
  /** And all changes of one room. */
  readonly operationsPerRoomMax?: number;
  /** Changes of Automerge's on which nothing hangs. */
  readonly headsPerRoomMax?: number;
}

/**
 * What a frame was, which decides its budget and how strict admission is. An "edit" is one transaction: all of it or
 * nothing. A "state" is a difference of states (SyncStep2): what is applicable of it is let in, what builds on
 * something missing is left out, because one unfounded struct must not keep a whole offline day out.
 */
export type UpdateKind = "edit" | "state";

export type Admission<Change extends ContentChange = ContentChange> =
  /** Everything was here already: no dot. */
  | { readonly type: "known" }
  /** `payload` is the part to log and forward; `change` is to be joined into the index. `leftOut`: a state had more, which hangs on something missing. */
  | {
      readonly type: "admitted";
      readonly payload: Uint8Array;
      readonly change: Change;
      readonly leftOut: boolean;
      readonly lacks?: Lacking;
    }
  /** It hangs on something that is not here. Nothing was let in. */
  | { readonly type: "gap"; readonly missing: string; readonly lacks?: Lacking }
  | { readonly type: "refused"; readonly refusal: Refusal };

/** Something of a document, as its engine names it: a place in what a Yjs author wrote, or a change of Automerge's. */
export type NamedContent = { readonly author: number; readonly clock: number } | { readonly hash: string };

/** What something hangs on and that is not here: of each Yjs author the first clock. */
export interface Lacking {
  readonly missing: readonly NamedContent[];
  /** There is no more than that. */
  readonly isAll: boolean;
}

/** What one update adds to a ContentIndex. What that is only the indexes of its engine know. */
export interface ContentChange {
  readonly engine: EngineName;
}

export type EngineName = "yjs" | "automerge";

/** What a room contains, without a document. Mutable, but only by `join`, of what it or another index of the same engine examined. */
export interface ContentIndex<Change extends ContentChange = ContentChange> {
  /** Decodes `update` whole and says what admission would do with it. Changes nothing. Total for any bytes. */
  examine(update: Uint8Array, kind: UpdateKind, limits: ContentLimits): Admission<Change>;
  join(change: Change): void;
  /** What of the document is here, as the engine says it: Yjs' state vector, Automerge's heads. */
  stateVector(): Uint8Array;
  /** Whether a replica with this state vector has everything that is here (Yjs: every struct; deletions not considered). */
  coveredBy(stateVector: Uint8Array): Result<boolean>;
  holds(content: NamedContent): boolean;
  /** The same content hashes alike, in whatever order it came: 8 bytes as 16 hex digits. */
  hash(): string;
  /** For handing the index from the worker that read the room to the core; `decodeIndex` reverses it. */
  encode(): Uint8Array;
  /** The first clock of an author that is not here; 0: the author has written nothing, as everybody that is named by a number where the engine numbers none. */
  clockOf(author: number): number;
  /** How many distinct authors there are (Yjs: clientIDs; Automerge: actors). */
  readonly authors: number;
}

/** The names of the formats in which a document's content is answered. */
export type ContentFormat = "text" | "markdown" | "html" | "json" | "update";
/** Those of them that a person writes, and that a document can be given in. */
export type WrittenFormat = "text" | "markdown" | "html";
/** What a document is that nobody has begun: rich text, or code, which is nothing but text. */
export type DocumentKind = "text" | "code";
export const contentFormats: readonly ContentFormat[] = ["text", "markdown", "html", "json", "update"];

/**
 * Heavy work, run on a worker. `parts` are updates in causal order (a snapshot, then entries).
 * - `diff`: one update that brings a replica with `stateVector` up to all parts.
 * - `content`: the document in a format; a text answer is UTF-8.
 * - `write`: the update that makes the document what `body` says, as one edit of `author`; an empty one where it says that already.
 */
export type EngineCall =
  | { readonly type: "diff"; readonly parts: readonly Uint8Array[]; readonly stateVector: Uint8Array }
  | { readonly type: "content"; readonly parts: readonly Uint8Array[]; readonly format: ContentFormat }
  | {
      readonly type: "write";
      readonly parts: readonly Uint8Array[];
      readonly format: WrittenFormat;
      readonly body: string;
      readonly kind: DocumentKind;
      readonly author: WritingAuthor;
    };

/**
 * Whose a written edit is: somebody's who writes nothing else at the moment and has come to `clock`, or nobody's but this edit's. The latter
 * is drawn from `key` (32 bytes that only the mesh knows) and from the edit, so that whoever makes the same edit of the same document makes the same
 * bytes, and nobody makes two different ones of one author. Who is given and has come further than `parts` know cannot write on from there: GAP.
 */
export type WritingAuthor =
  | { readonly type: "given"; readonly client: number; readonly clock: number }
  | { readonly type: "drawn"; readonly key: Uint8Array };

/** A shadow document: all parts applied, encoded anew, with what of the parts did not apply. */
export interface Shadow {
  readonly state: Uint8Array;
  readonly stateVector: Uint8Array;
  /** An update without structs that carries the whole delete set: for returning clients that have every struct. */
  readonly deleteSetUpdate: Uint8Array;
  /** `ContentIndex.encode()` of the state. */
  readonly index: Uint8Array;
  /** Indexes into `parts` of those that threw, stayed pending, or nested deeper than a document may. */
  readonly unapplied: readonly number[];
}

/** Admitted payloads of a history, together: merged ("yjs-v2"), or one behind the other where that would not say the same. */
export interface HistoryPart {
  readonly encoding: "yjs-v2" | "payloads";
  readonly bytes: Uint8Array;
}

/** What a version is built of: a state to begin with, and parts in causal order. */
export interface HistoryParts {
  readonly base: Uint8Array | undefined;
  readonly parts: readonly HistoryPart[];
}

/** A history is kept of documents as they were: nothing of it comes from, or passes through, one that collects what is deleted. */
export interface HistoryEngine {
  /** Never throws for what payloads contain. Heavy; for a worker, as the others. */
  mergeHistory(payloads: readonly Uint8Array[]): HistoryPart;
  /** Whether `part` names exactly what `payloads` name. */
  saysTheSame(part: HistoryPart, payloads: readonly Uint8Array[]): boolean;
  /** The state of all parts, collected: a base that says no more of what was deleted. */
  collectHistory(history: HistoryParts): Uint8Array;
  /** The document as it was, in a format. */
  contentOf(history: HistoryParts, format: ContentFormat): Uint8Array;
}

/** "nothing": it has nothing at all; "some": something, or something else. */
export type Holding = "nothing" | "some" | "all";

/** The half of an engine that the pure core has: it reads updates and compares, and builds no documents. */
export interface ContentReader {
  readonly name: EngineName;
  /** Whether what `ContentIndex.examine` admits may still not be applicable, so that it is to be tried first (`UpdateTrial`). */
  readonly needsTrial: boolean;
  emptyIndex(): ContentIndex;
  decodeIndex(bytes: Uint8Array): Result<ContentIndex>;
  /** What a replica with the state vector `has` has of what `of` names, another replica's. Refuses a `has` that cannot be read, or that could name more than `authorsMax` authors. */
  holding(has: Uint8Array, of: Uint8Array, authorsMax: number): Result<Holding>;
  /** Whether `clocks` names all structs that `update` brings, also where it brings none. Total. */
  isNamedBy(update: Uint8Array, clocks: ReadonlyMap<number, number>, limits: ContentLimits): boolean;
  /** Whose structs `update` brings; nobody's where it cannot be read, and where nobody is named by a number. */
  authorsIn(update: Uint8Array, limits: ContentLimits): readonly number[];
  /** `update` with a mark beside it, by which it is known again; what cannot be read stays what it is. */
  marked(update: Uint8Array, mark: RequestMark): Uint8Array;
}

/** The half that builds documents. Heavy; for a worker. */
export interface DocumentEngine {
  readonly name: EngineName;
  /** The index of what `parts` contain together; parts that hang on something missing, or that cannot be read, are left out and named. */
  indexOf(parts: readonly Uint8Array[]): { readonly index: ContentIndex; readonly unapplied: readonly number[] };
  /** Builds the shadow document. Never throws for what the parts contain. */
  shadow(parts: readonly Uint8Array[], options: { readonly nestingMax: number }): Shadow;
  /** Performs an engine call. */
  perform(call: EngineCall): Result<Uint8Array>;
}

/** All that a relay asks of a kind of document. */
export interface CrdtEngine extends ContentReader, DocumentEngine, HistoryEngine {
  readonly name: EngineName;
}
