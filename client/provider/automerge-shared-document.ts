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
import { bytesOfHex, concatBytes } from "@inkmesh/shared/base/bytes";
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

  stateVector(): Uint8Array {
    return concatBytes(this.#document.heads.map(bytesOfHex));
  }

  state(): Uint8Array {
    return this.#document.save();
  }

  givenBeyond(stored: readonly Uint8Array[]): readonly Uint8Array[] {
    if (this.#given.length === 0) return [];
    const device = scratch(stored);
    return editsOf(this.#given.filter((change) => !device.holds(change)));
  }

  apply(updates: readonly Incoming[]): Applied {
    const taken = this.#document.apply(updates.map(({ update }) => update));
    const news = taken.filter(({ wasHeld, isHeld }, at) => updates[at]!.source === "relay" && isHeld && !wasHeld).length;
    return { isWhole: taken.every(({ isHeld }) => isHeld), news };
  }

  isShown(update: Uint8Array): boolean {
    return this.#document.holds(update);
  }

  wantedDifference({ stateVector, unless, containing, unlessContent }: WantedDifference, around: Surroundings): Uint8Array | undefined {
    const isCompared = unlessContent !== undefined;
    if (isCompared && contentHash(this.stateVector()) === unlessContent) return undefined;
    const { known, isAllKnown } = this.#knownOf(stateVector);
    if (unless !== undefined && !isCompared && !isAllKnown) return undefined;
    const sendable = this.#sendable(known, around.refused);
    if (containing !== undefined && !this.#isIn(sendable, containing, known)) return undefined;
    const waiting = hashesOf([...(unless ?? []), ...around.elsewhere]);
    if (unless === undefined) return bytesOf(sendable.length > 0 ? sendable : this.#sendable([], around.refused).slice(-1));
    return sendable.every(({ hash }) => waiting.has(hash)) ? undefined : bytesOf(sendable);
  }

  differenceBeyond(stateVector: Uint8Array): Uint8Array | undefined {
    const changes = this.#document.changesSince(this.#knownOf(stateVector).known);
    return changes.length === 0 ? undefined : concatBytes(changes);
  }

  merged(updates: readonly Uint8Array[]): Uint8Array {
    const together = concatBytes(updates);
    const merged = scratch(updates).save();
    // Whatever does not come out whole stays what it was: a state may be a row of chunks.
    const device = scratch([merged]);
    return updates.every((update) => device.holds(update)) ? merged : together;
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
    const changes = changesIn(concatBytes(this.#document.changesSince(known))) ?? [];
    const unsendable = hashesOf(refused);
    if (unsendable.size === 0) return changes;
    return changes.filter(({ hash, deps }) => {
      if (deps.some((dep) => unsendable.has(dep))) unsendable.add(hash);
      return !unsendable.has(hash);
    });
  }

  /** Whether who is sent `sendable` and has `known` has all of `update` then. */
  #isIn(sendable: readonly NamedChange[], update: Uint8Array, known: readonly string[]): boolean {
    if (!this.isShown(update)) return false;
    const lacking = new Set((changesIn(concatBytes(this.#document.changesSince(known))) ?? []).map(({ hash }) => hash));
    const sent = new Set(sendable.map(({ hash }) => hash));
    return hashesIn(update)!.every((hash) => sent.has(hash) || !lacking.has(hash));
  }
}

/** A document of this device's bytes alone, to look at. */
function scratch(updates: readonly Uint8Array[]): AutomergeDocument<unknown> {
  const document = new AutomergeDocument<unknown>(undefined, { edited: () => {}, changed: () => {}, refused: () => {} });
  document.apply(updates);
  return document;
}

/** Of those that can be read. */
function hashesOf(updates: readonly Uint8Array[]): Set<string> {
  return new Set(updates.flatMap((update) => hashesIn(update) ?? []));
}

function bytesOf(changes: readonly NamedChange[]): Uint8Array {
  return concatBytes(changes.map(({ bytes }) => bytes));
}
