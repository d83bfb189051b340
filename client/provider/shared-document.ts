/**
 * SharedDocument: what a room asks of the document that is open in it, whatever kind that is. Yjs' and Automerge's are in files of their own, and
 * only who opens one of Automerge loads WebAssembly.
 *
 * An *update* is what goes to relays as one edit; a *state vector* says which content somebody has. What they look like is the engine's affair.
 *
 * Invariants: what `apply` brings is nobody's edit here and is never told to `watch`; everything else that changes the document is, in the task
 * that changes it; bytes that cannot be read, or that the document does not take, leave the others in place.
 */
import type { EngineName } from "@inkmesh/shared/engine/crdt-engine";
import type { ClientEffect } from "./core/client-effect.ts";

export type WantedDifference = Extract<ClientEffect, { type: "make-difference" }>;

/** What of the document goes to relays in other ways, or never will. */
export interface Surroundings {
  /** Other tabs send it. */
  readonly elsewhere: readonly Uint8Array[];
  /** Relays refused it for good: no more is to be sent of it, or called missing. */
  readonly refused: readonly Uint8Array[];
  /** False for a document that shows what relays refused for good: its content is another one than any relay's. */
  readonly isComparable: boolean;
}

export interface Incoming {
  readonly update: Uint8Array;
  /** Another tab's updates are no news of others. */
  readonly source: "relay" | "tab" | "device";
}

export interface Applied {
  /** False when one of the updates could not be read, or taken. */
  readonly isWhole: boolean;
  /** How many of those that came from a relay changed anything. */
  readonly news: number;
}

export interface SharedDocument {
  readonly engine: EngineName;
  /** Something in it waits for what never came. */
  readonly hasHoles: boolean;
  /** Nothing more can be asked of it in this life of the page, and nothing changes it. */
  readonly hasFailed: boolean;
  stateVector(): Uint8Array;
  /** All of it, as `apply` takes it; of one that has failed what it was made of. Never throws. Not an edit. */
  state(): Uint8Array;
  /** What was in it when it was given and `stored` does not say, as edits. */
  givenBeyond(stored: readonly Uint8Array[]): readonly Uint8Array[];
  /** At once: those who look at the document see it change one time. */
  apply(updates: readonly Incoming[]): Applied;
  /** Whether everything of `update` is in the document and not waiting for something else. Bytes that cannot be read are not. */
  isShown(update: Uint8Array): boolean;
  /** As `make-difference` asks for it: in pieces, each after what it hangs on. */
  wantedDifference(wanted: WantedDifference, surroundings: Surroundings): readonly Uint8Array[];
  /** Which of `edits`, in their order, no relay can let in that has `refused` for good: they hang on it, as far as the engine can tell. */
  hangingOn(refused: readonly Uint8Array[], edits: readonly Uint8Array[]): readonly boolean[];
  /** What a replica with `stateVector` lacks; undefined: nothing. */
  differenceBeyond(stateVector: Uint8Array): Uint8Array | undefined;
  /** `updates` as one, as `apply` takes it. */
  merged(updates: readonly Uint8Array[]): Uint8Array;
  /** Calls `edited` with every edit made here; answers how to stop. */
  watch(edited: (update: Uint8Array) => void): () => void;
  /** The device's copy is in it. */
  loaded(): void;
}

/** By this an application's document that is not Yjs' says how it is shared; the same in each copy of this package. */
export const share: unique symbol = Symbol.for("inkmesh: how a document is shared") as never;

export interface ShareableDocument {
  /** Throws while it is open in a room. */
  [share](): SharedDocument;
}
