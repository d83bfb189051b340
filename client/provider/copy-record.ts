/**
 * CopyRecord: what one `write` of the file store put into its log, as bytes.
 *
 *     varUint kind 1, varString room                     the first record of a file: whose it is
 *     varUint kind 2, varUint nowMs, varUint count, count × change
 *
 *     change: 1 edits    varUint n, n × entry            entry: varString tab, varUint number, varUint createdMs, varBytes
 *             2 updates  varUint n, n × varBytes
 *             3 clock    varUint generation, clock
 *             7 clock    as 3, and varString session token
 *             4 saved    varUint n, n × (varString tab, varUint number)       the bytes are in an earlier record
 *             5 aside    entry, varString code
 *             6 discarded  varUint n, n × (varString tab, varUint number)
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { readVectorClock, writeVectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import type { OutboxEntry, OutboxKey } from "./core/outbox-entry.ts";
import type { CopyChange } from "./offline-store.ts";

/** As in the log: a saved entry is named, its bytes came earlier. */
export type LoggedChange = Exclude<CopyChange, { type: "saved" }> | { readonly type: "saved"; readonly keys: readonly OutboxKey[] };

export type CopyRecord =
  | { readonly type: "room"; readonly room: string }
  | { readonly type: "changes"; readonly nowMs: number; readonly changes: readonly LoggedChange[] };

export function encodeRoomRecord(room: string): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarString(encoder, room);
  });
}

export function encodeChangesRecord(changes: readonly CopyChange[], nowMs: number): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 2);
    encoding.writeVarUint(encoder, Math.floor(nowMs));
    encoding.writeVarUint(encoder, changes.length);
    for (const change of changes) writeChange(encoder, change);
  });
}

/** Throws for bytes that are none of ours. */
export function decodeRecord(bytes: Uint8Array): CopyRecord {
  const decoder = decoding.createDecoder(bytes);
  const kind = decoding.readVarUint(decoder);
  if (kind === 1) return { type: "room", room: decoding.readVarString(decoder) };
  if (kind !== 2) throw new Error(`record of kind ${kind}`);
  const nowMs = decoding.readVarUint(decoder);
  return { type: "changes", nowMs, changes: readMany(decoder, readChange) };
}

function writeChange(encoder: encoding.Encoder, change: CopyChange): void {
  switch (change.type) {
    case "edits":
      encoding.writeVarUint(encoder, 1);
      return writeMany(encoder, change.entries, writeEntry);
    case "updates":
      encoding.writeVarUint(encoder, 2);
      return writeMany(encoder, change.updates, encoding.writeVarUint8Array);
    case "clock":
      encoding.writeVarUint(encoder, change.token === undefined ? 3 : 7);
      encoding.writeVarUint(encoder, change.generation);
      writeVectorClock(encoder, change.clock);
      if (change.token !== undefined) encoding.writeVarString(encoder, change.token);
      return;
    case "saved":
      encoding.writeVarUint(encoder, 4);
      return writeMany(encoder, change.entries, writeKey);
    case "set-aside":
      encoding.writeVarUint(encoder, 5);
      writeEntry(encoder, change.entry);
      return encoding.writeVarString(encoder, change.code);
    case "discarded":
      encoding.writeVarUint(encoder, 6);
      return writeMany(encoder, change.keys, writeKey);
  }
}

function readChange(decoder: decoding.Decoder): LoggedChange {
  const kind = decoding.readVarUint(decoder);
  switch (kind) {
    case 1:
      return { type: "edits", entries: readMany(decoder, readEntry) };
    case 2:
      return { type: "updates", updates: readMany(decoder, readBytes) };
    case 3:
      return { type: "clock", generation: decoding.readVarUint(decoder), clock: readVectorClock(decoder) };
    case 4:
      return { type: "saved", keys: readMany(decoder, readKey) };
    case 5:
      return { type: "set-aside", entry: readEntry(decoder), code: decoding.readVarString(decoder) as ErrorCode };
    case 6:
      return { type: "discarded", keys: readMany(decoder, readKey) };
    case 7: {
      const clock = { generation: decoding.readVarUint(decoder), clock: readVectorClock(decoder) };
      return { type: "clock", ...clock, token: decoding.readVarString(decoder) };
    }
    default:
      throw new Error(`change of kind ${kind}`);
  }
}

function writeKey(encoder: encoding.Encoder, key: OutboxKey): void {
  encoding.writeVarString(encoder, key.tab);
  encoding.writeVarUint(encoder, key.number);
}

function readKey(decoder: decoding.Decoder): OutboxKey {
  return { tab: decoding.readVarString(decoder), number: decoding.readVarUint(decoder) };
}

function writeEntry(encoder: encoding.Encoder, entry: OutboxEntry): void {
  writeKey(encoder, entry);
  encoding.writeVarUint(encoder, Math.floor(entry.createdMs));
  encoding.writeVarUint8Array(encoder, entry.bytes);
}

function readEntry(decoder: decoding.Decoder): OutboxEntry {
  return { ...readKey(decoder), createdMs: decoding.readVarUint(decoder), bytes: readBytes(decoder) };
}

/** A copy: the decoder's bytes are one big file. */
function readBytes(decoder: decoding.Decoder): Uint8Array {
  return decoding.readVarUint8Array(decoder).slice();
}

function writeMany<Item>(encoder: encoding.Encoder, items: readonly Item[], write: (encoder: encoding.Encoder, item: Item) => void): void {
  encoding.writeVarUint(encoder, items.length);
  for (const item of items) write(encoder, item);
}

function readMany<Item>(decoder: decoding.Decoder, read: (decoder: decoding.Decoder) => Item): readonly Item[] {
  const count = decoding.readVarUint(decoder);
  const items: Item[] = [];
  for (let index = 0; index < count; index++) items.push(read(decoder));
  return items;
}
