/**
 * Writing the part of a Yjs update (V1) that a room takes, out of the bytes it came in.
 *
 * Structs are copied by their byte ranges. Only the first struct of a block can be known in part; it is cut as Yjs's
 * own writer cuts it: the rest begins behind the known part (origin = the id before it), keeps its right origin, and
 * needs no parent. A text is cut by UTF-16 units, and half of a surrogate pair becomes U+FFFD, as in Yjs.
 */
import * as encoding from "lib0/encoding";
import { assert } from "../base/assert.ts";
import { ByteCursor } from "./byte-cursor.ts";
import { readItemHead, structKinds, type UpdateStruct } from "./yjs-struct.ts";
import type { ContentRange } from "./yjs-update.ts";
import { skipAny } from "./yjs-value.ts";

/** What is kept of a block: clocks [from, to), without a hole; only the first struct may begin before `from`. */
export interface KeptBlock {
  readonly client: number;
  readonly from: number;
  readonly to: number;
  readonly structs: readonly UpdateStruct[];
}

/** Encodes the kept parts of `bytes` as an update of their own. */
export function writeUpdate(bytes: Uint8Array, blocks: readonly KeptBlock[], deletes: readonly ContentRange[]): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, blocks.length);
    for (const block of blocks) writeBlock(encoder, bytes, block);
    writeDeletes(encoder, deletes);
  });
}

/** `deletes` must be grouped by author. */
function writeDeletes(encoder: encoding.Encoder, deletes: readonly ContentRange[]): void {
  const groups: ContentRange[][] = [];
  for (const range of deletes) {
    const group = groups.at(-1);
    if (group?.[0]?.author === range.author) group.push(range);
    else groups.push([range]);
  }
  encoding.writeVarUint(encoder, groups.length);
  for (const group of groups) {
    encoding.writeVarUint(encoder, group[0]?.author ?? 0);
    encoding.writeVarUint(encoder, group.length);
    for (const { from, to } of group) {
      encoding.writeVarUint(encoder, from);
      encoding.writeVarUint(encoder, to - from);
    }
  }
}

function writeBlock(encoder: encoding.Encoder, bytes: Uint8Array, { client, from, structs }: KeptBlock): void {
  encoding.writeVarUint(encoder, structs.length);
  encoding.writeVarUint(encoder, client);
  encoding.writeVarUint(encoder, from);
  let rest = structs;
  const first = structs[0];
  if (first !== undefined && first.clock < from) {
    writeRest(encoder, bytes, first, { client, known: from - first.clock });
    rest = structs.slice(1);
  }
  writeWhole(encoder, bytes, rest);
}

/** Structs that lie side by side are copied in one piece. */
function writeWhole(encoder: encoding.Encoder, bytes: Uint8Array, structs: readonly UpdateStruct[]): void {
  let start = 0;
  let end = 0;
  for (const struct of structs) {
    if (struct.start !== end) {
      encoding.writeUint8Array(encoder, bytes.subarray(start, end));
      start = struct.start;
    }
    end = struct.end;
  }
  encoding.writeUint8Array(encoder, bytes.subarray(start, end));
}

function writeRest(encoder: encoding.Encoder, bytes: Uint8Array, struct: UpdateStruct, cut: { client: number; known: number }): void {
  const { client, known } = cut;
  const cursor = new ByteCursor(bytes);
  cursor.position = struct.start;
  const info = cursor.byte();
  if (struct.kind === structKinds.gc) {
    encoding.writeUint8(encoder, info);
    encoding.writeVarUint(encoder, struct.length - known);
    return;
  }
  readItemHead(cursor, info);
  encoding.writeUint8(encoder, info | 0x80);
  encoding.writeVarUint(encoder, client);
  encoding.writeVarUint(encoder, struct.clock + known - 1);
  if (struct.rightOrigin !== undefined) {
    encoding.writeVarUint(encoder, struct.rightOrigin.client);
    encoding.writeVarUint(encoder, struct.rightOrigin.clock);
  }
  writeContentRest(encoder, cursor, struct, known);
}

function writeContentRest(encoder: encoding.Encoder, cursor: ByteCursor, struct: UpdateStruct, known: number): void {
  if (struct.kind === structKinds.string) {
    encoding.writeVarString(encoder, cursor.string().slice(known));
    return;
  }
  const length = cursor.varUint();
  encoding.writeVarUint(encoder, length - known);
  if (struct.kind === structKinds.deleted) return;
  assert(struct.kind === structKinds.any || struct.kind === structKinds.json, "only content of several elements can be known in part");
  for (let left = known; left > 0; left--) {
    if (struct.kind === structKinds.any) skipAny(cursor, Infinity);
    else cursor.stringLength();
  }
  encoding.writeUint8Array(encoder, cursor.bytes.subarray(cursor.position, struct.end));
}
