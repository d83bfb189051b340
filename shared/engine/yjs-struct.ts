/**
 * One struct of a Yjs update (V1): a run of an author's clocks with one content.
 *
 *     struct  = 0x00 varUint length                              GC: collected, always deleted
 *             | 0x0a varUint length                              Skip: nothing is said about this range
 *             | info [origin] [right origin] [parent [sub]] content        Item
 *     info    = 0x80 origin? | 0x40 right origin? | 0x20 sub? | content kind (1 to 9)
 *     origin, right origin = varUint client, varUint clock
 *     parent  = 0x01 varString root name | 0x00 id          only if there is neither origin; sub = varString likewise
 *
 * Content is passed over, not decoded, but wholly checked: what is read here without complaint, every client can read,
 * and write again.
 */
import { Unreadable, type ByteCursor } from "./byte-cursor.ts";
import { skipAny, skipDocOptions, skipJson } from "./yjs-value.ts";

export interface StructId {
  readonly client: number;
  readonly clock: number;
}

/** Content kinds by their number on the wire. */
export const structKinds = {
  gc: 0,
  deleted: 1,
  json: 2,
  binary: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  doc: 9,
  skip: 10,
} as const;

export interface UpdateStruct {
  readonly kind: number;
  readonly clock: number;
  readonly length: number;
  /** Where its bytes lie in the update: [start, end). */
  readonly start: number;
  readonly end: number;
  readonly origin: StructId | undefined;
  readonly rightOrigin: StructId | undefined;
  /** The item that holds its type; absent when it is in a root type or copies its parent from an origin. */
  readonly parent: StructId | undefined;
}

const hasOrigin = 0x80;
const hasRightOrigin = 0x40;
const hasSub = 0x20;
const kindBits = 0x1f;

/** Types are numbered 0 to 6; an element (3) and a hook (5) carry a name. */
const typeKindMax = 6;
const namedTypeKinds = [3, 5];

/** Reads the struct that begins at `clock`. Values may nest `depthMax` deep. Throws `Unreadable`. */
export function readStruct(cursor: ByteCursor, clock: number, depthMax: number): UpdateStruct {
  const start = cursor.position;
  const info = cursor.byte();
  const kind = info & kindBits;
  if (kind === structKinds.gc || kind === structKinds.skip) {
    // Yjs's own two readers disagree about stray bits here; nobody writes them.
    if (info !== kind) throw new Unreadable("BAD_UPDATE", `a struct of unknown kind ${info}`);
    const length = cursor.varUint();
    return { kind, clock, length, start, end: cursor.position, origin: undefined, rightOrigin: undefined, parent: undefined };
  }
  const { origin, rightOrigin, parent } = readItemHead(cursor, info);
  const length = readContent(cursor, kind, depthMax);
  return { kind, clock, length, start, end: cursor.position, origin, rightOrigin, parent };
}

/** Reads what precedes an item's content: its references. Leaves the cursor at the content. */
export function readItemHead(cursor: ByteCursor, info: number): Pick<UpdateStruct, "origin" | "rightOrigin" | "parent"> {
  const origin = (info & hasOrigin) !== 0 ? readId(cursor) : undefined;
  const rightOrigin = (info & hasRightOrigin) !== 0 ? readId(cursor) : undefined;
  if (origin !== undefined || rightOrigin !== undefined) return { origin, rightOrigin, parent: undefined };
  const inRoot = cursor.varUint();
  if (inRoot > 1) throw new Unreadable("BAD_UPDATE", `a parent of unknown kind ${inRoot}`);
  let parent: StructId | undefined;
  if (inRoot === 1) cursor.stringLength();
  else parent = readId(cursor);
  if ((info & hasSub) !== 0) cursor.stringLength();
  return { origin, rightOrigin, parent };
}

function readId(cursor: ByteCursor): StructId {
  return { client: cursor.varUint(), clock: cursor.varUint() };
}

/** Passes over an item's content and answers its length in clocks. */
function readContent(cursor: ByteCursor, kind: number, depthMax: number): number {
  switch (kind) {
    case structKinds.deleted:
      return cursor.varUint();
    case structKinds.json:
      return readElements(cursor, () => skipJson(cursor, { depthMax, undefinedToo: true }));
    case structKinds.binary:
      cursor.skip(cursor.varUint());
      return 1;
    case structKinds.string:
      return cursor.stringLength();
    case structKinds.embed:
      skipJson(cursor, { depthMax, undefinedToo: false });
      return 1;
    case structKinds.format:
      cursor.stringLength();
      skipJson(cursor, { depthMax, undefinedToo: false });
      return 1;
    case structKinds.type:
      readType(cursor);
      return 1;
    case structKinds.any:
      return readElements(cursor, () => skipAny(cursor, depthMax));
    case structKinds.doc:
      cursor.stringLength();
      skipDocOptions(cursor, depthMax);
      return 1;
    default:
      throw new Unreadable("BAD_UPDATE", `a struct of unknown kind ${kind}`);
  }
}

function readElements(cursor: ByteCursor, skipElement: () => void): number {
  const count = cursor.count(1);
  for (let index = 0; index < count; index++) skipElement();
  return count;
}

function readType(cursor: ByteCursor): void {
  const type = cursor.varUint();
  if (type > typeKindMax) throw new Unreadable("BAD_UPDATE", `a type of unknown kind ${type}`);
  if (namedTypeKinds.includes(type)) cursor.stringLength();
}
