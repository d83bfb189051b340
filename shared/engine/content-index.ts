/**
 * YjsContentIndex: what a room contains, without a document: per author the contiguous clock and the deleted ranges.
 *
 * That is enough to say of any update what of it is new, what is known, and what refers to something that is not here,
 * and it costs a few numbers per author instead of a document.
 *
 * Invariants: an author's clocks are contiguous from 0; deleted ranges end at or before the author's clock; equal
 * contents encode and hash alike, whatever the order they came in. Deletions that Yjs derives by itself while it
 * integrates (the losing one of two concurrent writes to a map key, an insertion into a deleted type) are not known
 * here until some replica's delete set names them; they are then admitted like any deletion, once.
 *
 *     encoded = varUint authors, authors × (varUint client, varUint clock, varUint ranges, ranges × (varUint gap, varUint length))
 *
 * with clients ascending, and each gap counted from the end of the range before.
 */
import * as encoding from "lib0/encoding";
import { assert } from "../base/assert.ts";
import { noBytes } from "../base/bytes.ts";
import { ok, refused, type Result } from "../base/result.ts";
import { admit, lackingMax, type KnownContent, type Verdict, type YjsContentChange } from "./admission.ts";
import { ByteCursor, Unreadable } from "./byte-cursor.ts";
import { contentHash } from "./content-hash.ts";
import type { Admission, ContentIndex, ContentLimits, Lacking, NamedContent, UpdateKind } from "./crdt-engine.ts";
import { RangeSet } from "./range-set.ts";
import { decodeStateVector, encodeStateVector } from "./state-vector.ts";
import type { StructId } from "./yjs-struct.ts";
import { readUpdate, type ContentRange } from "./yjs-update.ts";
import { writeUpdate } from "./yjs-update-writer.ts";

export class YjsContentIndex implements ContentIndex<YjsContentChange>, KnownContent {
  readonly #clocks = new Map<number, number>();
  readonly #deletes = new Map<number, RangeSet>();
  #stateVector: Uint8Array | undefined;
  #hash: string | undefined;

  get authors(): number {
    return this.#clocks.size;
  }

  examine(update: Uint8Array, kind: UpdateKind, limits: ContentLimits): Admission<YjsContentChange> {
    const verdict = this.weigh(update, kind, limits);
    switch (verdict.type) {
      case "admitted":
        return { type: "admitted", payload: verdict.payload, change: verdict.change, ...leftOut(verdict.missing) };
      case "gap": {
        const [{ client, clock }] = verdict.missing;
        return { type: "gap", missing: `author ${client} from clock ${clock}`, lacks: lackingOf(verdict.missing) };
      }
      default:
        return verdict;
    }
  }

  /** Like `examine`, and names the missing ids in a form to wait for. */
  weigh(update: Uint8Array, kind: UpdateKind, limits: ContentLimits): Verdict {
    const read = readUpdate(update, limits);
    return read.ok ? admit(this, read.value, kind, limits) : { type: "refused", refusal: read.refusal };
  }

  join(change: YjsContentChange): void {
    assert(change.engine === "yjs", "what joins an index of Yjs was examined by one");
    for (const { author, from, to } of change.structs) {
      const clock = this.clockOf(author);
      assert(from <= clock, "what joins an index leaves no hole in an author's clocks");
      if (to > clock) this.#clocks.set(author, to);
    }
    for (const range of change.deletes) this.#delete(range);
    this.#hash = undefined;
    if (change.structs.length > 0) this.#stateVector = undefined;
  }

  clockOf(author: number): number {
    return this.#clocks.get(author) ?? 0;
  }

  holds(content: NamedContent): boolean {
    return "author" in content && this.clockOf(content.author) > content.clock;
  }

  undeleted(range: ContentRange): readonly ContentRange[] {
    const deleted = this.#deletes.get(range.author);
    if (deleted === undefined) return [range];
    return deleted.missing(range.from, range.to).map(([from, to]) => ({ author: range.author, from, to }));
  }

  stateVector(): Uint8Array {
    this.#stateVector ??= encodeStateVector(this.#clocks);
    return this.#stateVector;
  }

  coveredBy(stateVector: Uint8Array): Result<boolean> {
    const decoded = decodeStateVector(stateVector);
    if (!decoded.ok) return decoded;
    for (const [author, clock] of this.#clocks) {
      if ((decoded.value.get(author) ?? 0) < clock) return ok(false);
    }
    return ok(true);
  }

  /** An update without structs that carries every deletion. */
  deleteSetUpdate(): Uint8Array {
    const authors = [...this.#deletes].sort(([left], [right]) => right - left);
    const ranges = authors.flatMap(([author, set]) => [...set].map(([from, to]) => ({ author, from, to })));
    return writeUpdate(noBytes, [], ranges);
  }

  hash(): string {
    this.#hash ??= contentHash(this.encode());
    return this.#hash;
  }

  encode(): Uint8Array {
    const clocks = [...this.#clocks].sort(([left], [right]) => left - right);
    return encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, clocks.length);
      for (const [author, clock] of clocks) {
        encoding.writeVarUint(encoder, author);
        encoding.writeVarUint(encoder, clock);
        writeRanges(encoder, this.#deletes.get(author) ?? new RangeSet());
      }
    });
  }

  /** Reverses `encode`. Total; refuses what `encode` would not have written. */
  static decode(bytes: Uint8Array): Result<YjsContentIndex> {
    const index = new YjsContentIndex();
    try {
      index.#read(new ByteCursor(bytes));
      return ok(index);
    } catch (error) {
      // Bytes from a worker or a disk: what the cursor could not read becomes an answer here.
      if (error instanceof Unreadable) return refused("BAD_FRAME", `a content index of ${bytes.length} bytes: ${error.message}`);
      throw error;
    }
  }

  #read(cursor: ByteCursor): void {
    let last = -1;
    for (let left = cursor.count(3); left > 0; left--) {
      const author = cursor.varUint();
      const clock = cursor.varUint();
      if (author <= last || clock === 0) throw new Unreadable("BAD_FRAME", "authors are out of order");
      last = author;
      this.#clocks.set(author, clock);
      this.#readRanges(cursor, author);
      if ((this.#deletes.get(author)?.end ?? 0) > clock) throw new Unreadable("BAD_FRAME", "a deletion lies beyond its author's clock");
    }
    if (cursor.left > 0) throw new Unreadable("BAD_FRAME", `${cursor.left} bytes follow`);
  }

  #readRanges(cursor: ByteCursor, author: number): void {
    let end = -1;
    for (let left = cursor.count(2); left > 0; left--) {
      const from = Math.max(end, 0) + cursor.varUint();
      const to = from + cursor.varUint();
      if (from <= end || to <= from) throw new Unreadable("BAD_FRAME", "deletions are out of order");
      this.#delete({ author, from, to });
      end = to;
    }
  }

  #delete({ author, from, to }: ContentRange): void {
    let set = this.#deletes.get(author);
    if (set === undefined) {
      set = new RangeSet();
      this.#deletes.set(author, set);
    }
    set.add(from, to);
  }
}

function leftOut(missing: readonly StructId[]): { readonly leftOut: boolean; readonly lacks?: Lacking } {
  return missing.length === 0 ? { leftOut: false } : { leftOut: true, lacks: lackingOf(missing) };
}

function lackingOf(missing: readonly StructId[]): Lacking {
  return { missing: missing.map(({ client, clock }) => ({ author: client, clock })), isAll: missing.length < lackingMax };
}

function writeRanges(encoder: encoding.Encoder, ranges: RangeSet): void {
  encoding.writeVarUint(encoder, ranges.size);
  let end = 0;
  for (const [from, to] of ranges) {
    encoding.writeVarUint(encoder, from - end);
    encoding.writeVarUint(encoder, to - from);
    end = to;
  }
}
