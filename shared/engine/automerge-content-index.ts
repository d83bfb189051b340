/**
 * AutomergeContentIndex: which changes a room contains, without a document: their hashes, in each actor's order, and the heads, on which nothing
 * hangs yet.
 *
 * A change names what it hangs on by hash, so a room is a set of changes that is closed under that, and its heads say which set. What is new in an
 * update, what is known, and what hangs on something that is not here is a question of membership.
 *
 * Automerge ends itself (a trap, after which its memory is good for nothing) when an actor's changes do not follow each other, and refuses for
 * ever a second change of the same number. Whoever let one in would have made a document that nobody can read, so neither is let in.
 *
 * Whoever writes with Automerge names its own change before among what the new one hangs on, whatever else lies between. One that does not is let in
 * nowhere: an actor has one head at most, so heads, which every message names, are as many as those who wrote last.
 *
 * Invariants: every change's deps are here; an actor's changes are numbered from 1 without a hole, one of each number; equal contents encode and
 * hash alike, whatever the order they came in; an "edit" is let in whole or not at all.
 *
 *     state vector = heads × 32 bytes, ascending
 *     encoded      = varUint operations, varUint actors, actors × (varUint length, bytes, varUint changes, changes × 32 bytes), heads × 32 bytes
 *
 * with actors and heads ascending. A change takes about 120 bytes of memory.
 */
import * as encoding from "lib0/encoding";
import { assert } from "../base/assert.ts";
import { bytesOfHex, concatBytes, hexOf } from "../base/bytes.ts";
import { ok, refused, type Result } from "../base/result.ts";
import { hashBytes, readChanges, type AutomergeChange } from "./automerge-change.ts";
import { lackingMax } from "./admission.ts";
import { frontierOf, type MayHave } from "./automerge-frontier.ts";
import { ByteCursor, Unreadable } from "./byte-cursor.ts";
import { contentHash } from "./content-hash.ts";
import type { Admission, ContentChange, ContentIndex, ContentLimits, Lacking, NamedContent, UpdateKind } from "./crdt-engine.ts";

/** What is let in: changes of which each hangs on what is here, or on those before it. */
export interface AutomergeContentChange extends ContentChange {
  readonly engine: "automerge";
  readonly changes: readonly AutomergeChange[];
}

type Answer = Admission<AutomergeContentChange>;

/**
 * What one change may do beside deleting, which takes no bytes: what people and programs write has an operation for each byte or two, and what
 * repeats itself, as a list of zeros, is a little. A few bytes must not make a document that takes seconds and gigabytes wherever it is built.
 */
const operationsFree = 20_000;
const operationsPerByte = 64;

export class AutomergeContentIndex implements ContentIndex<AutomergeContentChange> {
  readonly #hashes = new Set<string>();
  /** Of each actor the hashes of its changes: the first is number 1. */
  readonly #actors = new Map<string, string[]>();
  readonly #heads = new Set<string>();
  #operations = 0;
  /** Of the heads, until something joins: they are asked for with each message to each client. */
  #sorted: readonly string[] | undefined;
  #stateVector: Uint8Array | undefined;
  #hash: string | undefined;

  get authors(): number {
    return this.#actors.size;
  }

  /** How many changes there are. */
  get size(): number {
    return this.#hashes.size;
  }

  /** Ascending. The same array as long as they are. */
  get heads(): readonly string[] {
    this.#sorted ??= [...this.#heads].sort();
    return this.#sorted;
  }

  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }

  holds(content: NamedContent): boolean {
    return "hash" in content && this.has(content.hash);
  }

  /** How many changes of the actor are here. */
  seqOf(actor: string): number {
    return this.#actors.get(actor)?.length ?? 0;
  }

  /** The actor's last change here. */
  lastOf(actor: string): string | undefined {
    return this.#actors.get(actor)?.at(-1);
  }

  /** Changes that somebody has of whom `mayHave` knows which, with some too many. */
  frontier(mayHave: MayHave): readonly string[] {
    return frontierOf(this.#actors.values(), mayHave);
  }

  examine(update: Uint8Array, kind: UpdateKind, limits: ContentLimits): Answer {
    const read = readChanges(update, limits);
    if (!read.ok) return { type: "refused", refusal: read.refusal };
    const changes = read.value;
    const placement = this.place(changes);
    const newActors = newActorsOf(placement.placed);
    const actors = new Set(placement.placed.map(({ actor }) => actor)).size;
    if (kind === "edit" && actors > limits.authorsPerEditMax)
      return refusal("TOO_MANY_PARTS", `${actors} authors in one edit, limit ${limits.authorsPerEditMax}`);
    if (this.authors + newActors > limits.authorsPerRoomMax)
      return refusal("TOO_MANY_PARTS", `${this.authors + newActors} authors in one room, limit ${limits.authorsPerRoomMax}`);
    const refused = this.#refusedForOperations(placement.placed, limits) ?? this.#refusedForHeads(placement.placed, limits);
    return refused ?? admissionOf(changes, placement, kind, update);
  }

  #refusedForOperations(placed: readonly AutomergeChange[], limits: ContentLimits): Answer | undefined {
    const { operationsPerChangeMax: changeMax = Infinity, operationsPerRoomMax: roomMax = Infinity } = limits;
    if (changeMax === Infinity && roomMax === Infinity) return undefined;
    for (const { operations, deletions, bytes } of placed) {
      const max = Math.min(changeMax, operationsFree + operationsPerByte * bytes.length + deletions);
      if (operations > max) return refusal("UPDATE_TOO_BIG", `${operations} operations in a change of ${bytes.length} bytes, limit ${max}`);
    }
    const sum = placed.reduce((total, { operations }) => total + operations, this.#operations);
    return sum > roomMax ? refusal("ROOM_FULL", `${sum} operations in one room, limit ${roomMax}`) : undefined;
  }

  #refusedForHeads(placed: readonly AutomergeChange[], { headsPerRoomMax: max = Infinity }: ContentLimits): Answer | undefined {
    if (this.#heads.size + placed.length <= max) return undefined;
    const heads = new Set([...this.#heads, ...placed.map(({ hash }) => hash)]);
    for (const { deps } of placed) for (const dep of deps) heads.delete(dep);
    return heads.size > max ? refusal("TOO_MANY_PARTS", `${heads.size} heads in one room, limit ${max}`) : undefined;
  }

  join(change: AutomergeContentChange): void {
    assert(change.engine === "automerge", "what joins an index of Automerge was examined by one");
    for (const each of change.changes) this.#enter(each);
    this.#sorted = this.#stateVector = this.#hash = undefined;
  }

  /** Which of `changes` can be let in, one after the other, and why the others cannot. Changes nothing. */
  place(changes: readonly AutomergeChange[]): Placement {
    return new Placing(this, changes).run();
  }

  stateVector(): Uint8Array {
    this.#stateVector ??= concatBytes(this.heads.map(bytesOfHex));
    return this.#stateVector;
  }

  /** A replica that has the heads has all. One that has others may have these, too; it is told that it has not. */
  coveredBy(stateVector: Uint8Array): Result<boolean> {
    const heads = readHeads(stateVector);
    if (!heads.ok) return heads;
    const theirs = new Set(heads.value);
    return ok([...this.#heads].every((head) => theirs.has(head)));
  }

  hash(): string {
    this.#hash ??= contentHash(this.stateVector());
    return this.#hash;
  }

  /** Automerge names nobody by a number. */
  clockOf(): number {
    return 0;
  }

  encode(): Uint8Array {
    const actors = [...this.#actors].sort(([left], [right]) => (left < right ? -1 : 1));
    return encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, this.#operations);
      encoding.writeVarUint(encoder, actors.length);
      for (const [actor, hashes] of actors) {
        encoding.writeVarUint8Array(encoder, bytesOfHex(actor));
        encoding.writeVarUint(encoder, hashes.length);
        for (const hash of hashes) encoding.writeUint8Array(encoder, bytesOfHex(hash));
      }
      encoding.writeUint8Array(encoder, this.stateVector());
    });
  }

  /** Reverses `encode`. Total; refuses what `encode` would not have written, as far as that can be seen without the changes. */
  static decode(bytes: Uint8Array): Result<AutomergeContentIndex> {
    const index = new AutomergeContentIndex();
    try {
      index.#read(new ByteCursor(bytes));
      return ok(index);
    } catch (error) {
      // Bytes from a worker or a disk: what the cursor could not read becomes an answer here.
      if (error instanceof Unreadable) return refused("BAD_FRAME", `a content index of ${bytes.length} bytes: ${error.message}`);
      throw error;
    }
  }

  #enter({ hash, deps, actor, seq, operations }: AutomergeChange): void {
    assert(!this.has(hash) && deps.every((dep) => this.has(dep)), "what joins an index is new and hangs on what is there");
    assert(seq === this.seqOf(actor) + 1, "an actor's changes follow each other");
    this.#append(actor, hash);
    this.#operations += operations;
    for (const dep of deps) this.#heads.delete(dep);
    this.#heads.add(hash);
  }

  #append(actor: string, hash: string): void {
    this.#hashes.add(hash);
    const hashes = this.#actors.get(actor);
    if (hashes === undefined) this.#actors.set(actor, [hash]);
    else hashes.push(hash);
  }

  #read(cursor: ByteCursor): void {
    this.#operations = cursor.varUint();
    let last: string | undefined;
    for (let left = cursor.count(2 + hashBytes); left > 0; left--) {
      const actor = hexAt(cursor, cursor.count(1));
      if (last !== undefined && actor <= last) throw new Unreadable("BAD_FRAME", "actors are out of order");
      last = actor;
      this.#readChanges(cursor, actor);
    }
    const heads = headsIn(cursor.bytes.subarray(cursor.position));
    if (heads.some((head) => !this.has(head)) || (heads.length === 0) !== (this.#hashes.size === 0))
      throw new Unreadable("BAD_FRAME", "heads are not those of its changes");
    for (const head of heads) this.#heads.add(head);
  }

  #readChanges(cursor: ByteCursor, actor: string): void {
    const changes = cursor.count(hashBytes);
    if (changes === 0) throw new Unreadable("BAD_FRAME", "an actor has no changes");
    for (let left = changes; left > 0; left--) {
      const hash = hexAt(cursor, hashBytes);
      if (this.has(hash)) throw new Unreadable("BAD_FRAME", "a change is there twice");
      this.#append(actor, hash);
    }
  }
}

/** What of an update can be let in. */
export interface Placement {
  /** What is new, each after what it hangs on. */
  readonly placed: readonly AutomergeChange[];
  /** Changes that some of the rest hangs on, and that are not here; not more than `lackingMax`. */
  readonly missing: readonly string[];
  /** Why one of the rest can never be let in. */
  readonly impossible: string | undefined;
}

/** Lets changes in on trial, each once everything that it hangs on is in; what waits for a change of the same update is looked at again then. */
class Placing {
  readonly #index: AutomergeContentIndex;
  readonly #changes: ReadonlyMap<string, AutomergeChange>;
  readonly #placed = new Map<string, AutomergeChange>();
  /** Of each actor the last change that was placed. */
  readonly #lasts = new Map<string, AutomergeChange>();
  readonly #waiters = new Map<string, AutomergeChange[]>();
  #impossible: string | undefined;

  constructor(index: AutomergeContentIndex, changes: readonly AutomergeChange[]) {
    this.#index = index;
    this.#changes = new Map(changes.filter(({ hash }) => !index.has(hash)).map((change) => [change.hash, change]));
  }

  run(): Placement {
    for (const change of this.#changes.values()) {
      const ready = [change];
      for (let next = ready.pop(); next !== undefined; next = ready.pop()) this.#look(next, ready);
    }
    const missing = [...this.#waiters.keys()].filter((hash) => !this.#changes.has(hash)).slice(0, lackingMax);
    return { placed: [...this.#placed.values()], missing, impossible: this.#impossible };
  }

  #look(change: AutomergeChange, ready: AutomergeChange[]): void {
    const unmet = change.deps.find((dep) => !this.#index.has(dep) && !this.#placed.has(dep));
    if (unmet !== undefined) {
      this.#wait(change, unmet);
      return;
    }
    const next = this.#seqOf(change.actor) + 1;
    if (change.seq !== next) {
      this.#impossible ??= `an actor has another change ${change.seq}, or none before it: ${next} is its next`;
      return;
    }
    const before = this.#lasts.get(change.actor)?.hash ?? this.#index.lastOf(change.actor);
    if (before !== undefined && !change.deps.includes(before)) {
      this.#impossible ??= `an actor's change ${change.seq} does not hang on its change before`;
      return;
    }
    this.#placed.set(change.hash, change);
    this.#lasts.set(change.actor, change);
    ready.push(...(this.#waiters.get(change.hash) ?? []));
    this.#waiters.delete(change.hash);
  }

  #wait(change: AutomergeChange, unmet: string): void {
    const waiting = this.#waiters.get(unmet);
    if (waiting === undefined) this.#waiters.set(unmet, [change]);
    else waiting.push(change);
  }

  #seqOf(actor: string): number {
    return this.#lasts.get(actor)?.seq ?? this.#index.seqOf(actor);
  }
}

function admissionOf(changes: readonly AutomergeChange[], placement: Placement, kind: UpdateKind, update: Uint8Array): Answer {
  const { placed, missing, impossible } = placement;
  const isWhole = missing.length === 0 && impossible === undefined;
  const [first] = missing;
  const lacks: Lacking = { missing: missing.map((hash) => ({ hash })), isAll: missing.length < lackingMax };
  if (placed.length === 0 || kind === "edit") {
    if (impossible !== undefined) return refusal("BAD_UPDATE", impossible);
    if (first !== undefined) return { type: "gap", missing: `change ${first}`, lacks };
    if (placed.length === 0) return { type: "known" };
  }
  const isUntouched = placed.length === changes.length && placed.every((change, index) => change === changes[index]);
  const payload = isUntouched ? update : concatBytes(placed.map(({ bytes }) => bytes));
  const change: AutomergeContentChange = { engine: "automerge", changes: placed };
  return { type: "admitted", payload, change, leftOut: !isWhole, ...(first === undefined ? {} : { lacks }) };
}

function newActorsOf(placed: readonly AutomergeChange[]): number {
  return placed.filter(({ seq }) => seq === 1).length;
}

function refusal(code: "TOO_MANY_PARTS" | "BAD_UPDATE" | "UPDATE_TOO_BIG" | "ROOM_FULL", detail: string): Answer {
  return { type: "refused", refusal: { code, detail } };
}

/** The heads that a state vector names. Total. */
export function readHeads(stateVector: Uint8Array): Result<readonly string[]> {
  try {
    return ok(headsIn(stateVector));
  } catch (error) {
    if (error instanceof Unreadable) return refused("BAD_FRAME", error.message);
    throw error;
  }
}

function headsIn(bytes: Uint8Array): readonly string[] {
  if (bytes.length % hashBytes !== 0) throw new Unreadable("BAD_FRAME", `${bytes.length} bytes are no heads`);
  const cursor = new ByteCursor(bytes);
  const heads = Array.from({ length: bytes.length / hashBytes }, () => hexAt(cursor, hashBytes));
  if (heads.some((head, index) => index > 0 && head <= heads[index - 1]!)) throw new Unreadable("BAD_FRAME", "heads are out of order");
  return heads;
}

function hexAt(cursor: ByteCursor, length: number): string {
  const from = cursor.position;
  cursor.skip(length);
  return hexOf(cursor.bytes.subarray(from, cursor.position));
}
