/**
 * Reading a Yjs update (V1), without Yjs and without a document: who wrote which clocks, what each struct refers to,
 * where its bytes lie, and what is deleted. This is what the relay pays for a keystroke.
 *
 *     update  = varUint blocks, blocks × block, varUint authors, authors × deletes
 *     block   = varUint structs, varUint client, varUint clock, structs × struct       clocks run on; struct: see yjs-struct.ts
 *     deletes = varUint client, varUint ranges, ranges × (varUint clock, varUint length)
 *
 * Invariants: total for any bytes; all bytes are consumed (V2 bytes read as an empty V1 update with a rest); a claimed
 * count never drives a loop or an allocation beyond the bytes there are; a client has one block; every struct but a
 * Skip has a length ≥ 1; a reference to its own author points back. Delete ranges come out sorted and disjoint per
 * author.
 */
import { ok, refused, type Result } from "../base/result.ts";
import { ByteCursor, Unreadable } from "./byte-cursor.ts";
import type { ContentLimits } from "./crdt-engine.ts";
import { RangeSet } from "./range-set.ts";
import { readStruct, structKinds, type StructId, type UpdateStruct } from "./yjs-struct.ts";

export interface UpdateBlock {
  readonly client: number;
  readonly structs: readonly UpdateStruct[];
}

/** Clocks [from, to) of one author. */
export interface ContentRange {
  readonly author: number;
  readonly from: number;
  readonly to: number;
}

export interface YjsUpdate {
  readonly bytes: Uint8Array;
  readonly blocks: readonly UpdateBlock[];
  /** Grouped by author, sorted and disjoint within one. */
  readonly deletes: readonly ContentRange[];
  /** Whether the bytes hold nothing but these blocks and ranges, so that they may be passed on as they are. */
  readonly tidy: boolean;
}

/** Reads a whole update; refuses what a client could not read, or what exceeds `limits` on its face. */
export function readUpdate(bytes: Uint8Array, limits: ContentLimits): Result<YjsUpdate> {
  try {
    return ok(new UpdateReader(bytes, limits).read());
  } catch (error) {
    // The reader throws Unreadable from any depth of the bytes; this is the one place where it becomes an answer.
    if (error instanceof Unreadable) return refused(error.refusal.code, error.refusal.detail);
    throw error;
  }
}

class UpdateReader {
  readonly #cursor: ByteCursor;
  readonly #limits: ContentLimits;
  #parts = 0;
  #tidy = true;

  constructor(bytes: Uint8Array, limits: ContentLimits) {
    this.#cursor = new ByteCursor(bytes);
    this.#limits = limits;
  }

  read(): YjsUpdate {
    const blocks = this.#readBlocks();
    const deletes = this.#readDeletes();
    if (this.#cursor.left > 0) throw new Unreadable("BAD_UPDATE", `${this.#cursor.left} bytes follow the update`);
    return { bytes: this.#cursor.bytes, blocks, deletes, tidy: this.#tidy };
  }

  #readBlocks(): UpdateBlock[] {
    const blocks: UpdateBlock[] = [];
    const clients = new Set<number>();
    for (let left = this.#cursor.count(3); left > 0; left--) {
      const block = this.#readBlock();
      if (clients.has(block.client)) throw new Unreadable("BAD_UPDATE", "an author has two blocks");
      clients.add(block.client);
      if (block.structs.length > 0) blocks.push(block);
      else this.#tidy = false;
    }
    return blocks;
  }

  #readBlock(): UpdateBlock {
    const cursor = this.#cursor;
    const count = this.#countParts(2);
    const client = cursor.varUint();
    let clock = this.#checkClock(cursor.varUint());
    const structs: UpdateStruct[] = [];
    for (let index = 0; index < count; index++) {
      const struct = this.#readStruct(client, clock);
      clock = this.#checkClock(clock + struct.length);
      structs.push(struct);
    }
    return { client, structs };
  }

  #readStruct(client: number, clock: number): UpdateStruct {
    const struct = readStruct(this.#cursor, clock, this.#limits.nestingMax);
    if (struct.length < 1 && struct.kind !== structKinds.skip) throw new Unreadable("BAD_UPDATE", "a struct is empty");
    this.#checkReference(struct.origin, client, clock);
    this.#checkReference(struct.rightOrigin, client, clock);
    this.#checkReference(struct.parent, client, clock);
    return struct;
  }

  #readDeletes(): ContentRange[] {
    const deletes: ContentRange[] = [];
    const authors = new Set<number>();
    let disordered = false;
    for (let left = this.#cursor.count(2); left > 0; left--) {
      const author = this.#cursor.varUint();
      const first = deletes.length;
      this.#readRanges(author, deletes);
      disordered ||= authors.has(author) || !ascending(deletes, first);
      authors.add(author);
    }
    if (!disordered) return deletes;
    this.#tidy = false;
    return ordered(deletes);
  }

  #readRanges(author: number, deletes: ContentRange[]): void {
    const cursor = this.#cursor;
    const count = this.#countParts(2);
    if (count === 0) this.#tidy = false;
    for (let index = 0; index < count; index++) {
      const from = this.#checkClock(cursor.varUint());
      const to = this.#checkClock(from + cursor.varUint());
      if (from < to) deletes.push({ author, from, to });
      else this.#tidy = false;
    }
  }

  /** Reads a count of structs or ranges, and keeps the sum below the limit. */
  #countParts(bytesEach: number): number {
    const count = this.#cursor.count(bytesEach);
    this.#parts += count;
    if (this.#parts > this.#limits.partsPerUpdateMax) {
      throw new Unreadable("TOO_MANY_PARTS", `${this.#parts} structs and deletions, limit ${this.#limits.partsPerUpdateMax}`);
    }
    return count;
  }

  #checkClock(clock: number): number {
    if (clock > this.#limits.clockMax) throw new Unreadable("CLOCK_TOO_FAR", `clock ${clock}, limit ${this.#limits.clockMax}`);
    return clock;
  }

  /** Yjs takes a reference to the same author for known without looking, and fails if it is not. */
  #checkReference(id: StructId | undefined, client: number, clock: number): void {
    if (id === undefined) return;
    this.#checkClock(id.clock);
    if (id.client === client && id.clock >= clock) throw new Unreadable("BAD_UPDATE", "a struct refers to its own future");
  }
}

function ascending(ranges: readonly ContentRange[], first: number): boolean {
  for (let index = first + 1; index < ranges.length; index++) {
    const previous = ranges[index - 1];
    const range = ranges[index];
    if (previous !== undefined && range !== undefined && range.from < previous.to) return false;
  }
  return true;
}

function ordered(ranges: readonly ContentRange[]): ContentRange[] {
  const sets = new Map<number, RangeSet>();
  for (const { author, from, to } of ranges) {
    const set = sets.get(author) ?? new RangeSet();
    set.add(from, to);
    sets.set(author, set);
  }
  return [...sets].flatMap(([author, set]) => [...set].map(([from, to]) => ({ author, from, to })));
}
