/**
 * YProtocol: how the Yjs world codes document sync and awareness, shared by its dialects (y-protocols `sync.js` and
 * `awareness.js`). What stands around it (an address, one message per frame) is the dialect's business.
 *
 *     0 sync             0 step 1   varBytes state vector     "this is what I have, send me the rest"
 *                        1 step 2   varBytes update           a difference of states, the answer to step 1
 *                        2 update   varBytes update           one transaction
 *     1 awareness        varBytes awareness update
 *     2 auth             relay → client only
 *     3 query awareness  empty
 *
 * Invariant: what a client may say is read in full or refused; types that only a server sends are refused.
 */
import * as encoding from "lib0/encoding";
import { UnreadableBytes, type ByteReader } from "./byte-reader.ts";
import type { ClientMessage } from "./client-message.ts";

const message = { sync: 0, awareness: 1, queryAwareness: 3 } as const;
const sync = { step1: 0, step2: 1, update: 2 } as const;

/** Reads one message of a client, from its type on, as said on `channel`. Throws for anything else: use under `decodeBytes`. */
export function readYMessage(reader: ByteReader, channel: number): ClientMessage {
  return readYMessageOf(reader, reader.number())(channel);
}

/** What follows the type `type`, as it will have been said on some channel. Throws as above. */
export function readYMessageOf(reader: ByteReader, type: number): (channel: number) => ClientMessage {
  if (type === message.sync) return readSync(reader);
  if (type === message.queryAwareness) return (channel) => ({ type: "presence-query", channel });
  if (type !== message.awareness) throw new UnreadableBytes({ code: "BAD_FRAME", detail: `message type ${type}` });
  const bytes = reader.bytes();
  return (channel) => ({ type: "presence", channel, bytes });
}

function readSync(reader: ByteReader): (channel: number) => ClientMessage {
  const type = reader.number();
  const body = reader.bytes();
  if (type === sync.step1) return (channel) => ({ type: "sync-request", channel, stateVector: body });
  if (type === sync.step2) return (channel) => ({ type: "updates", channel, first: undefined, kind: "state", updates: [body] });
  if (type === sync.update) return (channel) => ({ type: "updates", channel, first: undefined, kind: "edit", updates: [body] });
  throw new UnreadableBytes({ code: "BAD_FRAME", detail: `sync message type ${type}` });
}

export function writeSyncStep1(encoder: encoding.Encoder, stateVector: Uint8Array): void {
  writeBody(encoder, message.sync, sync.step1, stateVector);
}

export function writeSyncStep2(encoder: encoding.Encoder, update: Uint8Array): void {
  writeBody(encoder, message.sync, sync.step2, update);
}

export function writeSyncUpdate(encoder: encoding.Encoder, update: Uint8Array): void {
  writeBody(encoder, message.sync, sync.update, update);
}

export function writeAwareness(encoder: encoding.Encoder, awarenessUpdate: Uint8Array): void {
  encoding.writeVarUint(encoder, message.awareness);
  encoding.writeVarUint8Array(encoder, awarenessUpdate);
}

/** An awareness update that names nobody: every version reads it and does nothing. */
export const emptyAwarenessUpdate: Uint8Array = Uint8Array.of(0);

function writeBody(encoder: encoding.Encoder, type: number, subtype: number, body: Uint8Array): void {
  encoding.writeVarUint(encoder, type);
  encoding.writeVarUint(encoder, subtype);
  encoding.writeVarUint8Array(encoder, body);
}
