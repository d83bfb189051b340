/**
 * Admission: which part of an update a room takes, decided from what it knows and without a document.
 *
 * A CRDT keeps what it cannot place yet as "pending", invisibly and for as long as it takes, so an acknowledged edit
 * whose predecessor was lost would never be seen again. Therefore a room takes only what can be placed at once: the
 * previous clock of the author, both origins, the parent and the delete targets must be known, or become known by
 * another part of the same update that can be placed.
 *
 * The structs of the update are placed as Yjs would place them, author by author. A struct that waits for another
 * struct of the same update parks its author's block there and is looked at again when that one is placed, so each
 * struct is looked at once and once more per reference. What waits in a circle is never placed.
 *
 * Invariants: nothing here changes what is known; what is kept of an author begins at the author's known clock and has
 * no hole; an "edit" is kept whole or not at all.
 */
import type { Refusal } from "../base/result.ts";
import type { ContentChange, ContentLimits, UpdateKind } from "./crdt-engine.ts";
import { structKinds, type StructId, type UpdateStruct } from "./yjs-struct.ts";
import type { ContentRange, UpdateBlock, YjsUpdate } from "./yjs-update.ts";
import { writeUpdate, type KeptBlock } from "./yjs-update-writer.ts";

/** What admission must know about a room. */
export interface KnownContent {
  /** The first clock of this author that is not known. */
  clockOf(author: number): number;
  /** What of the range is not deleted yet, in order. */
  undeleted(range: ContentRange): readonly ContentRange[];
  readonly authors: number;
}

/** What an update adds: per author the clocks [from, to), and deleted ranges. */
export interface YjsContentChange extends ContentChange {
  readonly engine: "yjs";
  readonly structs: readonly ContentRange[];
  readonly deletes: readonly ContentRange[];
}

/** So many authors are named whose missing content something hangs on. */
export const lackingMax = 64;

/** Like `Admission`, but with what is missing, per author the first id and in the order of the update, at most `lackingMax`. */
export type Verdict =
  | { readonly type: "known" }
  | { readonly type: "admitted"; readonly payload: Uint8Array; readonly change: YjsContentChange; readonly missing: readonly StructId[] }
  | { readonly type: "gap"; readonly missing: readonly [StructId, ...StructId[]] }
  | { readonly type: "refused"; readonly refusal: Refusal };

/** Decides about a decoded update. */
export function admit(known: KnownContent, update: YjsUpdate, kind: UpdateKind, limits: ContentLimits): Verdict {
  if (kind === "edit" && update.blocks.length > limits.authorsPerEditMax) {
    return tooMany(`${update.blocks.length} authors in one edit, limit ${limits.authorsPerEditMax}`);
  }
  const placement = new Placement(known, update);
  placement.run();
  if (placement.deepest > limits.nestingMax) {
    return { type: "refused", refusal: { code: "TOO_DEEP", detail: `types nest ${placement.deepest} deep, limit ${limits.nestingMax}` } };
  }
  const deletes = placeDeletes(known, update, placement);
  const [first, ...others] = firstOfEach([...placement.missing, ...deletes.missing]);
  if (first !== undefined && kind === "edit") return { type: "gap", missing: [first, ...others] };
  const blocks = placement.kept();
  const isEmpty = blocks.length === 0 && deletes.kept.length === 0;
  if (isEmpty) return first === undefined ? { type: "known" } : { type: "gap", missing: [first, ...others] };

  const authors = known.authors + blocks.filter((block) => block.from === 0).length;
  if (authors > limits.authorsPerRoomMax) return tooMany(`${authors} authors in one room, limit ${limits.authorsPerRoomMax}`);
  const untouched = update.tidy && placement.untouched && !deletes.trimmed;
  const payload = untouched ? update.bytes : writeUpdate(update.bytes, blocks, deletes.kept);
  return { type: "admitted", payload, change: changeOf(blocks, deletes.kept), missing: first === undefined ? [] : [first, ...others] };
}

/** Of each author the first id, for at most `lackingMax` of them. */
function firstOfEach(missing: readonly StructId[]): readonly StructId[] {
  const clocks = new Map<number, number>();
  for (const { client, clock } of missing) {
    const earlier = clocks.get(client);
    if (earlier === undefined ? clocks.size < lackingMax : clock < earlier) clocks.set(client, clock);
  }
  return [...clocks].map(([client, clock]) => ({ client, clock }));
}

function tooMany(detail: string): Verdict {
  return { type: "refused", refusal: { code: "TOO_MANY_PARTS", detail } };
}

/** How far one author's block is placed. */
interface BlockProgress {
  readonly block: UpdateBlock;
  /** The author's clock in the room before this update. */
  readonly from: number;
  /** The author's clock with what is placed so far. */
  reach: number;
  /** The index of the next struct to look at. */
  next: number;
  readonly kept: UpdateStruct[];
  /** What the next struct waits for, while it waits. */
  waitingFor: StructId | undefined;
  /** Whether that is a struct of the same update. */
  parked: boolean;
}

class Placement {
  /** The deepest nesting of types inside the update. */
  deepest = 0;
  readonly #known: KnownContent;
  readonly #progress: readonly BlockProgress[];
  readonly #byClient: ReadonlyMap<number, BlockProgress>;
  readonly #waiters = new Map<UpdateStruct, BlockProgress[]>();
  readonly #depths = new Map<UpdateStruct, number>();

  constructor(known: KnownContent, update: YjsUpdate) {
    this.#known = known;
    this.#progress = update.blocks.map((block) => {
      const from = known.clockOf(block.client);
      return { block, from, reach: from, next: 0, kept: [], waitingFor: undefined, parked: false };
    });
    this.#byClient = new Map(this.#progress.map((progress) => [progress.block.client, progress]));
  }

  run(): void {
    for (const progress of this.#progress) {
      const ready = [progress];
      for (let next = ready.pop(); next !== undefined; next = ready.pop()) this.#advance(next, ready);
    }
  }

  /** The author's clock once the update is in. */
  reachOf(client: number): number {
    return this.#byClient.get(client)?.reach ?? this.#known.clockOf(client);
  }

  /** What must come from elsewhere before blocks can be finished; of a circle, any of its ids. */
  get missing(): readonly StructId[] {
    const stuck = this.#progress.filter((progress) => progress.waitingFor !== undefined);
    const outside = stuck.filter((progress) => !progress.parked);
    return (outside.length > 0 ? outside : stuck.slice(0, 1)).flatMap(({ waitingFor }) => waitingFor ?? []);
  }

  /** Whether every struct of the update is kept whole. */
  get untouched(): boolean {
    return this.#progress.every(({ block, kept, from }) => kept.length === block.structs.length && kept[0]?.clock === from);
  }

  kept(): readonly KeptBlock[] {
    return this.#progress
      .filter((progress) => progress.kept.length > 0)
      .map(({ block, from, reach, kept }) => ({ client: block.client, from, to: reach, structs: kept }));
  }

  #advance(progress: BlockProgress, ready: BlockProgress[]): void {
    const { structs, client } = progress.block;
    progress.waitingFor = undefined;
    for (let struct = structs[progress.next]; struct !== undefined; struct = structs[progress.next]) {
      const end = struct.clock + struct.length;
      if (end > progress.reach && struct.kind !== structKinds.skip) {
        const hole = struct.clock > progress.reach ? { client, clock: progress.reach } : undefined;
        const unmet = hole ?? this.#unmetReference(struct);
        if (unmet !== undefined) {
          this.#park(progress, unmet);
          return;
        }
        this.#keep(progress, struct, end, ready);
      }
      progress.next++;
    }
  }

  #keep(progress: BlockProgress, struct: UpdateStruct, end: number, ready: BlockProgress[]): void {
    this.#measure(struct);
    progress.kept.push(struct);
    progress.reach = end;
    const waiters = this.#waiters.get(struct);
    if (waiters === undefined) return;
    this.#waiters.delete(struct);
    ready.push(...waiters);
  }

  #park(progress: BlockProgress, unmet: StructId): void {
    progress.waitingFor = unmet;
    const struct = unmet.client === progress.block.client ? undefined : this.#structAt(unmet);
    progress.parked = struct !== undefined;
    if (struct === undefined) return;
    const waiters = this.#waiters.get(struct);
    if (waiters === undefined) this.#waiters.set(struct, [progress]);
    else waiters.push(progress);
  }

  #unmetReference({ origin, rightOrigin, parent }: UpdateStruct): StructId | undefined {
    if (origin !== undefined && !this.#isPlaced(origin)) return origin;
    if (rightOrigin !== undefined && !this.#isPlaced(rightOrigin)) return rightOrigin;
    if (parent !== undefined && !this.#isPlaced(parent)) return parent;
    return undefined;
  }

  #isPlaced(id: StructId): boolean {
    return id.clock < this.reachOf(id.client);
  }

  /** Types nest by naming a parent; what has an origin lies in the same type as the origin. */
  #measure(struct: UpdateStruct): void {
    const { parent, origin, rightOrigin } = struct;
    const beside = origin ?? rightOrigin;
    const depth = parent !== undefined ? this.#depthAt(parent) + 1 : beside !== undefined ? this.#depthAt(beside) : 0;
    if (depth === 0) return;
    this.#depths.set(struct, depth);
    if (struct.kind === structKinds.type) this.deepest = Math.max(this.deepest, depth);
  }

  #depthAt(id: StructId): number {
    if (this.#depths.size === 0) return 0;
    const struct = this.#structAt(id);
    return struct === undefined ? 0 : (this.#depths.get(struct) ?? 0);
  }

  /** The struct of this update that holds the id; binary search. */
  #structAt({ client, clock }: StructId): UpdateStruct | undefined {
    const structs = this.#byClient.get(client)?.block.structs;
    if (structs === undefined) return undefined;
    let low = 0;
    let high = structs.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const struct = structs[middle];
      if (struct === undefined) return undefined;
      if (clock < struct.clock) high = middle - 1;
      else if (clock >= struct.clock + struct.length) low = middle + 1;
      else return struct.kind === structKinds.skip ? undefined : struct;
    }
    return undefined;
  }
}

/** The delete ranges that name known or placed content and are new. */
function placeDeletes(
  known: KnownContent,
  update: YjsUpdate,
  placement: Placement,
): { readonly kept: readonly ContentRange[]; readonly trimmed: boolean; readonly missing: readonly StructId[] } {
  const kept: ContentRange[] = [];
  let trimmed = false;
  const missing: StructId[] = [];
  for (const range of update.deletes) {
    const reach = placement.reachOf(range.author);
    const to = Math.min(range.to, reach);
    if (to < range.to) missing.push({ client: range.author, clock: Math.max(range.from, reach) });
    const before = kept.length;
    if (range.from < to) kept.push(...known.undeleted(to < range.to ? { ...range, to } : range));
    const first = kept[before];
    trimmed ||= kept.length !== before + 1 || first?.from !== range.from || first.to !== range.to;
  }
  return { kept, trimmed, missing };
}

function changeOf(blocks: readonly KeptBlock[], deletes: readonly ContentRange[]): YjsContentChange {
  const structs = blocks.map(({ client, from, to }) => ({ author: client, from, to }));
  return { engine: "yjs", structs, deletes: [...deletes, ...blocks.flatMap(bornDeleted)] };
}

/** Collected structs and deleted content are deleted from the start, whether or not the update says so again. */
function bornDeleted({ client, from, structs }: KeptBlock): ContentRange[] {
  return structs
    .filter(({ kind }) => kind === structKinds.gc || kind === structKinds.deleted)
    .map(({ clock, length }) => ({ author: client, from: Math.max(clock, from), to: clock + length }));
}
