/**
 * AutomergeSync: one side of Automerge's sync protocol, for one document and one client on one connection. It knows hashes only.
 *
 *     unasked ──a message──▶ bringing ──all that it lacks is gathered──▶ level ──others wrote──▶ level
 *        ▲                       (what is written meanwhile waits)          │
 *        └────── it says that it lacks something, or lost everything ◀──────┘
 *
 * Automerge's own side keeps which changes it has sent, and asks a filter about each of its changes. A relay that serves many need not: each of its
 * messages comes with everything that the client lacks of the heads which it names. So whoever reads one has the relay's heads, what it has
 * beyond them is what the relay lacks, and the filter that says so is empty.
 *
 * What a client that comes has is said by its heads, as far as they are known here, and by what it last had in common with this relay. Of one whose
 * heads are all unknown (it wrote while away, and has not met this life of the relay) the filter says more: from there on it is sent what it lacks.
 * That the filter was wrong the client says by asking for a reset.
 *
 * Invariants: a message names only heads that its reader has, once it has read that message; the same heads are told to the same heads once, so
 * that two sides which do not agree for good fall silent; per connection, and forgotten with it.
 * Source: rust/automerge/src/sync.rs of automerge/automerge; Kleppmann, Howard, "Byzantine eventual consistency", arXiv 2012.00472.
 */
import { emptyFilter, encodeSyncMessage, mayHave, type Hashes, type SyncMessage } from "@inkmesh/shared/wire/automerge-sync";

/** Which changes are here. */
export interface KnownChanges {
  /** The same array as long as they are. */
  readonly heads: readonly string[];
  /** The bytes of the heads. */
  stateVector(): Uint8Array;
  has(hash: string): boolean;
  /** Changes of which somebody has told with a filter that they have them. */
  frontier(mayHave: (hash: string) => boolean): readonly string[];
}

export type SyncAnswer =
  | { readonly type: "nothing" }
  | { readonly type: "message"; readonly bytes: Uint8Array }
  /** There is nothing of the document here. */
  | { readonly type: "unavailable" }
  /** Everything that does not lead to `basis` is to be gathered, and handed to `brought`. */
  | { readonly type: "bring"; readonly basis: readonly string[] };

const nothing: SyncAnswer = { type: "nothing" };

export class AutomergeSync {
  readonly #known: () => KnownChanges;
  readonly #heldBytesMax: number;
  #state: "unasked" | "bringing" | "level" = "unasked";
  #last: SyncMessage | undefined;
  #isRequest = false;
  /** Its filter has said something wrong. */
  #isCareful = false;
  /** What was told last, and to which heads. */
  #told: { readonly heads: readonly string[]; readonly to: readonly string[] } | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  /** `heldBytesMax`: of what is written while something is gathered. */
  constructor(known: () => KnownChanges, { heldBytesMax }: { readonly heldBytesMax: number }) {
    this.#known = known;
    this.#heldBytesMax = heldBytesMax;
  }

  /** The client has everything that is here, or what it lacks is on its way. */
  get isLevel(): boolean {
    return this.#state === "level";
  }

  /** The client takes whole documents. */
  get takesDocuments(): boolean {
    return this.#last?.takesDocuments === true;
  }

  /** The client has said something. Its changes, where they were let in, are known by now, or come to `heard` as its own. */
  received(message: SyncMessage, { isRequest }: { readonly isRequest: boolean }): void {
    this.#last = message;
    this.#isRequest = isRequest;
    if (this.#state !== "level" || !this.#lacks(message)) return;
    this.#isCareful ||= asksForReset(message);
    this.#state = "unasked";
  }

  /** What is to be said to the client now. */
  answer(): SyncAnswer {
    if (this.#last === undefined || this.#state === "bringing") return nothing;
    const { heads } = this.#known();
    const isFirst = this.#state === "unasked";
    this.#state = "level";
    if (heads.length === 0 && this.#isRequest) return this.#saidUnavailable();
    if (!isFirst) return this.#repeat();
    const basis = this.#basis(this.#last);
    const had = new Set(basis);
    if (heads.every((head) => had.has(head))) return { type: "message", bytes: this.#message([]) };
    this.#state = "bringing";
    return { type: "bring", basis };
  }

  /** Everything that was to be gathered, one behind the other. */
  brought(changes: readonly Uint8Array[]): Uint8Array {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#state = "level";
    return this.#message([...changes, ...held]);
  }

  /** Others wrote. "overflow": while something was gathered, and more than may wait. */
  heard(changes: readonly Uint8Array[]): SyncAnswer | "overflow" {
    if (this.#state === "unasked") return this.answer();
    if (this.#state === "level") return changes.length === 0 ? this.#repeat() : { type: "message", bytes: this.#message(changes) };
    this.#held.push(...changes);
    for (const { length } of changes) this.#heldBytes += length;
    return this.#heldBytes > this.#heldBytesMax ? "overflow" : nothing;
  }

  /**
   * What the client has sent and is not here is to be sent again. Who has nothing has lost everything: that is how Automerge is told to forget
   * what it sent.
   */
  askAgain(): Uint8Array {
    this.#told = undefined;
    return encoded([], this.#known().stateVector(), []);
  }

  /** Once for each time that it asks. */
  #saidUnavailable(): SyncAnswer {
    this.#isRequest = false;
    this.#noteTold();
    return { type: "unavailable" };
  }

  /** The same heads are told to the same heads once. */
  #repeat(): SyncAnswer {
    return this.#wasTold() ? nothing : { type: "message", bytes: this.#message([]) };
  }

  #message(changes: readonly Uint8Array[]): Uint8Array {
    this.#noteTold();
    const heads = this.#known().stateVector();
    return encoded(heads, heads, changes);
  }

  #noteTold(): void {
    this.#told = { heads: this.#known().heads, to: this.#last?.heads ?? [] };
  }

  #wasTold(): boolean {
    return this.#told !== undefined && areSame(this.#told.heads, this.#known().heads) && areSame(this.#told.to, this.#last?.heads ?? []);
  }

  /** It has read what was sent, and says that it has not everything. */
  #lacks(message: SyncMessage): boolean {
    const known = this.#known();
    const isBlank = message.heads.length === 0 && known.heads.length > 0;
    return isBlank || message.isReset || asksForReset(message) || message.need.some((hash) => known.has(hash));
  }

  /** Changes that are here and that the client has, with all that leads to them. */
  #basis({ heads, have }: SyncMessage): readonly string[] {
    const known = this.#known();
    const shared = [...new Set([...heads, ...have.flatMap(({ lastSync }) => lastSync)])].filter((hash) => known.has(hash));
    const [first] = have;
    if (this.#isCareful || shared.length > 0 || first === undefined || heads.length === 0) return shared;
    return known.frontier((hash) => mayHave(first.filter, hash));
  }
}

/** Automerge's answer to somebody who takes it to have something that it has not: it has nothing in common with anybody. */
function asksForReset({ heads, have, changes }: SyncMessage): boolean {
  return heads.length > 0 && changes.length === 0 && have.length === 1 && have[0]!.lastSync.length === 0 && have[0]!.filter.entries === 0;
}

function areSame(left: readonly string[], right: readonly string[]): boolean {
  return left === right || (left.length === right.length && left.every((head, index) => head === right[index]));
}

function encoded(heads: Hashes, lastSync: Hashes, changes: readonly Uint8Array[]): Uint8Array {
  return encodeSyncMessage({ heads, need: [], have: [{ lastSync, filter: emptyFilter }], changes });
}
