/**
 * EntryCodec: one entry as bytes, for the log. Between relays: `entry-run-codec.ts`.
 *
 *     version 1 | varString actor | varUint counter | vector clock: deps without the own actor
 *               | varUint physicalMs | varUint logical | varString hlc relay ("" = the actor's) | varString author | varBytes payload
 *
 * The own actor's place in `deps` is `counter - 1` by the invariant of an entry and is not written; nor is the stamp's
 * relay where it is the actor's own, which it is but for entries taken over from elsewhere.
 *
 * Invariant: `decode(encode(entry))` equals the entry; decoding is total for any bytes.
 */
import * as encoding from "lib0/encoding";
import { assert } from "../base/assert.ts";
import { relayOf, type ActorId, type RelayId } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import { VectorClock, writeVectorClock } from "../clock/vector-clock.ts";
import type { Entry } from "../engine/entry.ts";
import { decodeBytes, UnreadableBytes, type ByteReader } from "./byte-reader.ts";

/** The first byte of every encoded entry. */
export const entryVersion = 1;

/** Physical milliseconds have 48 bits and the logical counter 16 (Kulkarni et al. pack both into 64). */
export const physicalMsMax = 2 ** 48 - 1;
export const logicalMax = 0xffff;

export function encodeEntry(entry: Entry): Uint8Array {
  return encoding.encode((encoder) => writeEntry(encoder, entry));
}

export function decodeEntry(bytes: Uint8Array): Result<Entry> {
  return decodeBytes(bytes, "an entry", readEntry);
}

export function writeEntry(encoder: encoding.Encoder, entry: Entry): void {
  const { actor, counter } = entry.dot;
  assert(entry.deps.counter(actor) === counter - 1, "an entry depends on its actor's previous one");
  encoding.writeVarUint(encoder, entryVersion);
  encoding.writeVarString(encoder, actor);
  encoding.writeVarUint(encoder, counter);
  writeVectorClock(encoder, VectorClock.of(entry.deps.entries().filter(([other]) => other !== actor)));
  encoding.writeVarUint(encoder, entry.hlc.physicalMs);
  encoding.writeVarUint(encoder, entry.hlc.logical);
  encoding.writeVarString(encoder, entry.hlc.relay === relayOf(actor) ? "" : entry.hlc.relay);
  encoding.writeVarString(encoder, entry.author);
  encoding.writeVarUint8Array(encoder, entry.payload);
}

/** Reads what `writeEntry` wrote; throws for anything else: for decoders that catch once (`decodeBytes`). */
export function readEntry(reader: ByteReader): Entry {
  const version = reader.number();
  if (version !== entryVersion) throw new UnreadableBytes({ code: "BAD_FRAME", detail: `entry version ${version}` });
  const actor = reader.text() as ActorId;
  const counter = reader.number();
  const others = reader.clock();
  if (actor === "" || counter < 1 || others.counter(actor) > 0)
    throw new UnreadableBytes({ code: "BAD_FRAME", detail: "an impossible dot" });
  const physicalMs = reader.number(physicalMsMax);
  const logical = reader.number(logicalMax);
  const relay = (reader.text() || relayOf(actor)) as RelayId;
  return {
    dot: { actor, counter },
    deps: others.join(VectorClock.of([[actor, counter - 1]])),
    hlc: { physicalMs, logical, relay },
    author: reader.text(),
    payload: reader.bytes(),
  };
}
