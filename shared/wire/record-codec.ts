/**
 * RecordCodec: what is known of a room beside its content, as bytes between relays.
 *
 *     record: text room | uint generation | register title | register kind | tombstone | uint everDeleted | stamp created
 *     register: 0, or 1 | text value | stamp         tombstone: 0, or 1 | stamp | text by
 *     stamp: uint physical ms | uint logical | text relay
 *
 * Invariants: equal records have equal bytes, so that a digest can name them; decoding is total.
 */
import * as encoding from "lib0/encoding";
import { isRelayId } from "../base/ids.ts";
import type { Hlc } from "../clock/hybrid-logical-clock.ts";
import { hash64, type Position } from "../ring/hash.ts";
import type { ByteReader } from "./byte-reader.ts";
import { readBoolean, readRoom, unreadableMesh } from "./mesh-layout.ts";
import type { WireRecord } from "./mesh-room-message.ts";
import { writeNumber } from "./native-layout.ts";

/** Physical milliseconds have 48 bits and the logical counter 16. */
const physicalMsMax = 2 ** 48 - 1;
const logicalMax = 0xffff;

/** Stands for a record: the same for the same record everywhere. */
export function recordDigest(record: WireRecord | undefined): Position {
  return hash64(encoding.encode((encoder) => (record === undefined ? undefined : writeRecord(encoder, record))));
}

export function writeRecord(encoder: encoding.Encoder, record: WireRecord): void {
  encoding.writeVarString(encoder, record.room);
  writeNumber(encoder, record.generation);
  writeRegister(encoder, record.title);
  writeRegister(encoder, record.kind);
  writeNumber(encoder, record.deleted === undefined ? 0 : 1);
  if (record.deleted !== undefined) {
    writeStamp(encoder, record.deleted.hlc);
    encoding.writeVarString(encoder, record.deleted.by);
  }
  writeNumber(encoder, record.everDeleted ? 1 : 0);
  writeStamp(encoder, record.created);
}

/** Reads what `writeRecord` wrote; throws for anything else: use under `decodeBytes`. */
export function readRecord(reader: ByteReader): WireRecord {
  return {
    room: readRoom(reader),
    generation: reader.number(),
    title: readRegister(reader),
    kind: readRegister(reader),
    deleted: readBoolean(reader) ? { hlc: readStamp(reader), by: reader.text() } : undefined,
    everDeleted: readBoolean(reader),
    created: readStamp(reader),
  };
}

function writeRegister(encoder: encoding.Encoder, register: WireRecord["title"]): void {
  writeNumber(encoder, register === undefined ? 0 : 1);
  if (register === undefined) return;
  encoding.writeVarString(encoder, register.value);
  writeStamp(encoder, register.hlc);
}

function readRegister(reader: ByteReader): WireRecord["title"] {
  return readBoolean(reader) ? { value: reader.text(), hlc: readStamp(reader) } : undefined;
}

function writeStamp(encoder: encoding.Encoder, hlc: Hlc): void {
  writeNumber(encoder, hlc.physicalMs);
  writeNumber(encoder, hlc.logical);
  encoding.writeVarString(encoder, hlc.relay);
}

function readStamp(reader: ByteReader): Hlc {
  const physicalMs = reader.number(physicalMsMax);
  const logical = reader.number(logicalMax);
  const relay = reader.text();
  if (!isRelayId(relay)) throw unreadableMesh("no name of a relay");
  return { physicalMs, logical, relay };
}
