/**
 * AutomergeSharedDocument: a document of Automerge as a room has it.
 *
 * An update is change chunks, a state what `save` writes, a state vector heads (`AutomergeContentIndex`). Heads say everything: who has them has
 * what they hang on, and there are no deletions beside. But heads that are not here say nothing, not even whether what is here is there, too. So
 * at the beginning of a session nothing is compared with them: by its end all that the relay had is here, and its heads with it.
 *
 * A change hangs on all that its author had. So what hangs on something that was refused for good can never be let in, and is not sent.
 *
 * Invariants: nothing that relays refused is in a difference, nor what hangs on it; what is in a difference comes after what it hangs on.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { bytesOfHex, concatBytes, noBytes } from "@inkmesh/shared/base/bytes";
import { readHeads } from "@inkmesh/shared/engine/automerge-content-index";
import { contentHash } from "@inkmesh/shared/engine/content-hash";
import { changesIn, editsOf, hashesIn, type NamedChange } from "./automerge-chunks.ts";
import { AutomergeDocument } from "./automerge-document.ts";
import type { Applied, Incoming, SharedDocument, Surroundings, WantedDifference } from "./shared-document.ts";

interface AutomergeSharedDocumentOptions {
  readonly document: AutomergeDocument<unknown>;
  readonly watch: SharedDocument["watch"];
  readonly loaded: () => void;
}

export class AutomergeSharedDocument implements SharedDocument {
  readonly engine = "automerge";
  readonly watch: SharedDocument["watch"];
  readonly loaded: () => void;
  readonly #document: AutomergeDocument<unknown>;
  readonly #given: readonly Uint8Array[];

  constructor(options: AutomergeSharedDocumentOptions) {
    this.#document = options.document;
    // When it is opened, not when it was made: what was changed before is nobody's edit yet.
    this.#given = this.#document.changesSince([]);
    this.watch = options.watch;
    this.loaded = options.loaded;
  }

  get hasFailed(): boolean {
    return this.#document.hasFailed;
  }

  get hasHoles(): boolean {
    return this.hasFailed || this.#document.isWaiting;
  }

  /** Of one that has failed: of nothing. */
  stateVector(): Uint8Array {
    return this.hasFailed ? noBytes : concatBytes(this.#document.heads.map(bytesOfHex));
  }

  state(): Uint8Array {
    return this.#document.content;
  }

  givenBeyond(stored: readonly Uint8Array[]): readonly Uint8Array[] {
    const named = hashesOf(stored);
    // In what was compacted it has no name, and only a document tells.
    if (this.#given.every((change) => hashesIn(change)!.every((hash) => named.has(hash)))) return [];
    return withScratch(stored, (device) => editsOf(this.#given.filter((change) => !device.holds(change))));
  }

  apply(updates: readonly Incoming[]): Applied {
    const taken = this.#document.apply(updates.map(({ update }) => update));
    const news = taken.filter(({ wasHeld, isHeld }, at) => updates[at]!.source === "relay" && isHeld && !wasHeld).length;
    return { isWhole: taken.every(({ isHeld }) => isHeld), news };
  }

  isShown(update: Uint8Array): boolean {
    return this.#document.holds(update);
  }

  wantedDifference({ stateVector, unless, containing, unlessContent }: WantedDifference, around: Surroundings): readonly Uint8Array[] {
    if (this.hasFailed) return [];
    if (unlessContent !== undefined && contentHash(this.stateVector()) === unlessContent) return [];
    const { known, isAllKnown } = this.#knownOf(stateVector);
    // By the end of a session's beginning too: what came may be held back, or wait, and is no reason to send anything.
    if (unless !== undefined && !isAllKnown) return [];
    const sendable = this.#sendable(known, around.refused);
    if (containing !== undefined && !this.#isIn(sendable, containing, known)) return [];
    const waiting = hashesOf([...(unless ?? []), ...around.elsewhere]);
    if (unless === undefined) return piecesOf(sendable.length > 0 ? sendable : this.#sendable([], around.refused).slice(-1));
    return sendable.every(({ hash }) => waiting.has(hash)) ? [] : piecesOf(sendable);
  }

  hangingOn(refused: readonly Uint8Array[], edits: readonly Uint8Array[]): readonly boolean[] {
    const unsendable = hashesOf(refused);
    return edits.map((edit) => {
      const changes = changesIn(edit) ?? [];
      const hangs = changes.some(({ deps }) => deps.some((dep) => unsendable.has(dep)));
      if (hangs) for (const { hash } of changes) unsendable.add(hash);
      return hangs;
    });
  }

  differenceBeyond(stateVector: Uint8Array): Uint8Array | undefined {
    if (this.hasFailed) return undefined;
    const changes = this.#document.changesSince(this.#knownOf(stateVector).known);
    return changes.length === 0 ? undefined : concatBytes(changes);
  }

  merged(updates: readonly Uint8Array[]): Uint8Array {
    const merged = withScratch(updates, ({ content }) => content);
    // Whatever does not come out whole stays what it was: a state may be a row of chunks.
    const isWhole = withScratch([merged], (device) => updates.every((update) => device.holds(update)));
    return isWhole ? merged : concatBytes(updates);
  }

  /** The heads that `stateVector` names and this document has. One that cannot be read names none. */
  #knownOf(stateVector: Uint8Array): { readonly known: readonly string[]; readonly isAllKnown: boolean } {
    const read = readHeads(stateVector);
    const named = read.ok ? read.value : [];
    const known = named.filter((head) => this.#document.has([head]));
    return { known, isAllKnown: known.length === named.length };
  }

  /** What somebody with `known` lacks and may be sent. */
  #sendable(known: readonly string[], refused: readonly Uint8Array[]): readonly NamedChange[] {
    const changes = this.#lacking(known);
    const unsendable = hashesOf(refused);
    if (unsendable.size === 0) return changes;
    return changes.filter(({ hash, deps }) => {
      if (deps.some((dep) => unsendable.has(dep))) unsendable.add(hash);
      return !unsendable.has(hash);
    });
  }

  #lacking(known: readonly string[]): readonly NamedChange[] {
    return this.#document.changesSince(known).flatMap((chunk) => {
      const changes = changesIn(chunk);
      assert(changes !== undefined, "what Automerge calls a change can be read");
      return changes;
    });
  }

  /** Whether who is sent `sendable` and has `known` has all of `update` then. */
  #isIn(sendable: readonly NamedChange[], update: Uint8Array, known: readonly string[]): boolean {
    if (!this.isShown(update)) return false;
    const lacking = new Set(this.#lacking(known).map(({ hash }) => hash));
    const sent = new Set(sendable.map(({ hash }) => hash));
    return hashesIn(update)!.every((hash) => sent.has(hash) || !lacking.has(hash));
  }
}

/** With a document of this device's bytes alone, to look at. */
function withScratch<Answer>(updates: readonly Uint8Array[], look: (document: AutomergeDocument<unknown>) => Answer): Answer {
  const document = new AutomergeDocument<unknown>(undefined, { edited: () => {}, changed: () => {}, refused: () => {} });
  try {
    document.apply(updates);
    return look(document);
  } finally {
    document.free();
  }
}

/** Of those that can be read. */
function hashesOf(updates: readonly Uint8Array[]): Set<string> {
  return new Set(updates.flatMap((update) => hashesIn(update) ?? []));
}

/** A relay takes no more at once than a frame holds. */
function piecesOf(changes: readonly NamedChange[]): readonly Uint8Array[] {
  return editsOf(changes.map(({ bytes }) => bytes));
}
