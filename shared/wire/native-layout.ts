/**
 * NativeLayout: the numbers of our own protocol's messages, and how its fields are written. README.md beside this file
 * has the table; a golden test holds the bytes.
 *
 * Clients and relays use separate ranges, so that a frame that took a wrong turn is refused and not misread. A number
 * is never given to another message.
 */
import * as encoding from "lib0/encoding";
import { assert } from "../base/assert.ts";
import type { ErrorCode } from "../base/errors.ts";
import { errorCodeOfWire, errorKind } from "../base/errors.ts";
import type { UpdateKind } from "../engine/crdt-engine.ts";
import { UnreadableBytes, type ByteReader } from "./byte-reader.ts";
import type { Access, Lacking } from "./client-message.ts";

export const clientType = { hello: 1, open: 2, close: 3, syncRequest: 4, updates: 5, presence: 6, presenceQuery: 7, ping: 8 } as const;

export const relayType = {
  welcome: 32,
  error: 33,
  opened: 34,
  updates: 35,
  chunk: 36,
  synced: 37,
  clock: 38,
  ack: 39,
  nack: 40,
  deleted: 41,
  presence: 42,
  pong: 43,
  keepalive: 44,
  behind: 45,
  "presence-count": 46,
} as const;

/** A client picks its channel numbers; below 2^31 they stay small integers everywhere. */
export const channelMax = 2 ** 31 - 1;

/** A list of updates longer than this is written as several messages. */
export const updatesPerMessageMax = 4_096;

const accesses: readonly Access[] = ["read-write", "read-only"];
const lackings: readonly Lacking[] = ["nothing", "awaited", "lost"];
const kinds: readonly UpdateKind[] = ["edit", "state"];

export function writeNumber(encoder: encoding.Encoder, number: number): void {
  assert(Number.isSafeInteger(number) && number >= 0, "a number on the wire is whole and not negative");
  encoding.writeVarUint(encoder, number);
}

/** Milliseconds, rounded up: a duration may come from a rate and have a fraction. */
export function writeMs(encoder: encoding.Encoder, ms: number): void {
  writeNumber(encoder, Math.max(0, Math.ceil(ms)));
}

/** 0 is "none"; any other number is written one higher. */
export function writeOptional(encoder: encoding.Encoder, number: number | undefined): void {
  writeNumber(encoder, number === undefined ? 0 : number + 1);
}

export function readOptional(reader: ByteReader, max: number = Number.MAX_SAFE_INTEGER - 1): number | undefined {
  const number = reader.number(max + 1);
  return number === 0 ? undefined : number - 1;
}

export function writeAccess(encoder: encoding.Encoder, access: Access): void {
  writeNumber(encoder, accesses.indexOf(access));
}

export function readAccess(reader: ByteReader): Access {
  return oneOf(accesses, reader.number());
}

export function writeLacking(encoder: encoding.Encoder, lacks: Lacking): void {
  writeNumber(encoder, lackings.indexOf(lacks));
}

export function readLacking(reader: ByteReader): Lacking {
  return oneOf(lackings, reader.number());
}

export function writeKind(encoder: encoding.Encoder, kind: UpdateKind): void {
  writeNumber(encoder, kinds.indexOf(kind));
}

export function readKind(reader: ByteReader): UpdateKind {
  return oneOf(kinds, reader.number());
}

export function writeCode(encoder: encoding.Encoder, code: ErrorCode): void {
  writeNumber(encoder, errorKind(code).wire);
}

/** A code of a newer relay reads as INTERNAL. */
export function readCode(reader: ByteReader): ErrorCode {
  return errorCodeOfWire(reader.number());
}

export function writeUpdates(encoder: encoding.Encoder, updates: readonly Uint8Array[]): void {
  writeNumber(encoder, updates.length);
  for (const update of updates) encoding.writeVarUint8Array(encoder, update);
}

export function readUpdates(reader: ByteReader): readonly Uint8Array[] {
  const updates: Uint8Array[] = [];
  for (let left = reader.count(1); left > 0; left--) updates.push(reader.bytes());
  if (updates.length === 0) throw new UnreadableBytes({ code: "BAD_FRAME", detail: "a list of no updates" });
  return updates;
}

function oneOf<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new UnreadableBytes({ code: "BAD_FRAME", detail: `choice ${index} of ${values.length}` });
  return value;
}
