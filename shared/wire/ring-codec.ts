/**
 * RingCodec: the records of a ring as bytes, for the mesh and for the disk.
 *
 *     ring:   list of record, relays in strictly rising order
 *     record: text relay | uint status | uint counter ≥ 1 | uint weight ≥ 1 | text zone | uint moves
 *
 * Invariants: equal records have equal bytes, so that their hash can name them (`RingId`); decoding is total, and bounded by
 * `ringRecordsMax`.
 */
import * as encoding from "lib0/encoding";
import { isRelayId, type RingId } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import { hash64, positionHex } from "../ring/hash.ts";
import { isZone, ringRecordsMax, ringStatuses, weightMax, type RingRecord } from "../ring/ring-record.ts";
import { decodeBytes, UnreadableBytes, type ByteReader } from "./byte-reader.ts";

/** `records` in rising order of their relays. */
export function encodeRing(records: readonly RingRecord[]): Uint8Array {
  return encoding.encode((encoder) => writeRing(encoder, records));
}

export function decodeRing(bytes: Uint8Array): Result<readonly RingRecord[]> {
  return decodeBytes(bytes, "a ring", readRing);
}

/** What names this state of a ring. */
export function ringIdOf(records: readonly RingRecord[]): RingId {
  return positionHex(hash64(encodeRing(records))) as RingId;
}

export function writeRing(encoder: encoding.Encoder, records: readonly RingRecord[]): void {
  encoding.writeVarUint(encoder, records.length);
  for (const record of records) {
    encoding.writeVarString(encoder, record.relay);
    encoding.writeVarUint(encoder, ringStatuses.indexOf(record.status));
    encoding.writeVarUint(encoder, record.counter);
    encoding.writeVarUint(encoder, record.weight);
    encoding.writeVarString(encoder, record.zone);
    encoding.writeVarUint(encoder, record.moves);
  }
}

/** Reads what `writeRing` wrote; throws for anything else: use under `decodeBytes`. */
export function readRing(reader: ByteReader): readonly RingRecord[] {
  const count = reader.count(recordBytesMin);
  if (count > ringRecordsMax) throw unreadable(`${count} relays, limit ${ringRecordsMax}`);
  const records: RingRecord[] = [];
  for (let left = count; left > 0; left--) {
    const record = readRecord(reader);
    if (record.relay <= (records.at(-1)?.relay ?? "")) throw unreadable("relays that are not in order");
    records.push(record);
  }
  return records;
}

const recordBytesMin = 7;

/** A relay that joined every second would need a century. */
const countMax = 2 ** 32;

function readRecord(reader: ByteReader): RingRecord {
  const relay = reader.text();
  if (!isRelayId(relay)) throw unreadable("no name of a relay");
  const status = ringStatuses[reader.number(ringStatuses.length - 1)]!;
  const counter = reader.number(countMax);
  const weight = reader.number(weightMax);
  if (counter < 1 || weight < 1) throw unreadable("a counter or weight of 0");
  const zone = reader.text();
  if (!isZone(zone)) throw unreadable("no name of a zone");
  return { relay, status, counter, weight, zone, moves: reader.number(countMax) };
}

function unreadable(detail: string): UnreadableBytes {
  return new UnreadableBytes({ code: "BAD_FRAME", detail });
}
