/**
 * A batch of appends as one ArrayBuffer, so that handing it to the store's thread costs one transfer and no copy.
 *
 *     varUint appends, each: varString room, varUint generation, varUint 1 if it completes the room,
 *       varBytes cover (empty: none), varUint entries, each: an encoded entry, which ends itself
 *
 * The encoded entries are what the store keeps, byte for byte.
 */
import * as encoding from "lib0/encoding";
import { assert } from "@inkmesh/shared/base/assert";
import { noBytes } from "@inkmesh/shared/base/bytes";
import type { Lineage, RoomName } from "@inkmesh/shared/base/ids";
import { decodeVectorClock, encodeVectorClock, type VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import { ByteReader } from "@inkmesh/shared/wire/byte-reader";
import { readEntry, writeEntry } from "@inkmesh/shared/wire/entry-codec";
import type { Append } from "./update-log.ts";

export interface PackedEntry {
  readonly entry: Entry;
  /** The encoded entry; a view into the batch. */
  readonly record: Uint8Array;
}

export interface PackedAppend {
  readonly lineage: Lineage;
  readonly completes: boolean;
  readonly cover: VectorClock | undefined;
  readonly entries: readonly PackedEntry[];
}

export function packAppends(batch: readonly Append[]): Uint8Array<ArrayBuffer> {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, batch.length);
    for (const { lineage, entries, completes, cover } of batch) {
      encoding.writeVarString(encoder, lineage.room);
      encoding.writeVarUint(encoder, lineage.generation);
      encoding.writeVarUint(encoder, completes === true ? 1 : 0);
      encoding.writeVarUint8Array(encoder, cover === undefined ? noBytes : encodeVectorClock(cover));
      encoding.writeVarUint(encoder, entries.length);
      for (const entry of entries) writeEntry(encoder, entry);
    }
  }) as Uint8Array<ArrayBuffer>;
}

/** Reverses `packAppends`; throws for bytes that it did not write. */
export function unpackAppends(packed: Uint8Array): PackedAppend[] {
  const reader = new ByteReader(packed, Number.MAX_SAFE_INTEGER);
  return Array.from({ length: reader.number() }, () => ({
    lineage: { room: reader.text() as RoomName, generation: reader.number() },
    completes: reader.number() === 1,
    cover: readCover(reader.bytes()),
    entries: Array.from({ length: reader.number() }, () => {
      const start = packed.length - reader.remaining;
      const entry = readEntry(reader);
      return { entry, record: packed.subarray(start, packed.length - reader.remaining) };
    }),
  }));
}

function readCover(bytes: Uint8Array): VectorClock | undefined {
  if (bytes.length === 0) return undefined;
  const cover = decodeVectorClock(bytes);
  assert(cover.ok, "a batch was packed by us");
  return cover.value;
}
