/**
 * Hocuspocus: the dialect of released @hocuspocus/provider clients (2.15 to 4.8), at `/hocuspocus`.
 *
 *     frame    varString address · varUint type · body          one message per frame, in both directions
 *
 *     0 sync             as y-protocols, see `y-protocol.ts`
 *     1 awareness        as y-protocols
 *     2 auth             0 token  varString token (varString version)      client → relay, the first about a document
 *                        0 token  empty                                    relay → client: show it again; version 2 does not
 *                        1 denied varString reason                         relay → client, ends the document, not the socket
 *                        2 authenticated varString "read-write" | "readonly"
 *     3 query awareness  empty
 *     5 stateless        varString
 *     7 close            client → relay: it lets go of the document
 *     8 sync status      varInt 1: one more of its updates is saved · 0: one was not taken
 *     9 ping, 10 pong    one byte without an address; version 4 only
 *
 * The address is the document's name, or, with `sessionAwareness`, name · NUL · session. A document opens with its token, or with its
 * first question where a client has none to show: version 2 says so by saying nothing. What comes about a document that is not
 * open is about one that was ended, and passed over. A client that has a token may all the same ask first, where it takes a while to get it.
 *
 * A client counts updates that it sent and takes one off at each sync status 1, whichever it was. It begins at 1 with each SyncStep1 of its own,
 * for the SyncStep2 by which it answers the relay's. It closes when it reads nothing for 30 s, and comes back after any close code.
 * Source: packages/provider/src of ueberdosis/hocuspocus (`HocuspocusProvider.ts`, `MessageReceiver.ts`, `types.ts`).
 */
import * as encoding from "lib0/encoding";
import { unreachable } from "../base/assert.ts";
import { noBytes } from "../base/bytes.ts";
import { ok, type Result } from "../base/result.ts";
import { VectorClock } from "../clock/vector-clock.ts";
import { decodeBytes, UnreadableBytes, type ByteReader } from "./byte-reader.ts";
import { ChannelNames } from "./channel-names.ts";
import type { ClientMessage, RelayMessage } from "./client-message.ts";
import { readCredential } from "./credential.ts";
import type { Dialect } from "./dialect.ts";
import { emptyAwarenessUpdate, readYMessageOf, writeAwareness, writeSyncStep1, writeSyncStep2, writeSyncUpdate } from "./y-protocol.ts";

const type = { auth: 2, stateless: 5, close: 7, syncStatus: 8, ping: 9, pong: 10 } as const;
const auth = { token: 0, denied: 1, authenticated: 2 } as const;

/** A document's name of 256 bytes, and a session: it stands before each frame that the client is sent. */
const addressCharactersMax = 512;

export const hocuspocusDialect: Dialect = speaking("");

/** The dialect as it speaks in the document that its client calls `address`; empty: in none. */
function speaking(address: string): Dialect {
  return {
    name: "hocuspocus",
    engine: "yjs",
    acknowledges: false,
    carriesLineage: false,
    multiplexes: true,
    letsGo: true,
    countsSaves: true,
    joins: false,
    showsLater: true,
    address,
    decode,
    encode: (message) => encode(message, address),
    addressed: speaking,
  };
}

/** What a frame says about the document at `address`, before it is clear whether that is open. */
interface Said {
  readonly address: string;
  readonly type: "token" | "close" | "message";
  readonly on: (channel: number) => ClientMessage;
}

function decode(frame: Uint8Array, names: ChannelNames = new ChannelNames()): Result<readonly ClientMessage[]> {
  if (frame.length === 1 && frame[0] === type.ping) return ok([{ type: "ping", nonce: 0 }]);
  if (frame.length === 1 && frame[0] === type.pong) return ok([]);
  const said = decodeBytes(frame, "a Hocuspocus message", read);
  return said.ok ? ok(messagesOf(said.value, names)) : said;
}

function messagesOf({ address, type: kind, on }: Said, names: ChannelNames): readonly ClientMessage[] {
  const open = names.channel(address);
  if (kind === "close" && open !== undefined) names.forget(open);
  if (open !== undefined) return [kind === "token" ? shownFor(open, on) : on(open)];
  if (kind === "close") return [];
  // A question opens a document where there is no token to show, and not one that a token was refused for.
  if (kind === "message" && (on(0).type !== "sync-request" || names.wasEnded(address))) return [];
  const channel = names.open(address);
  return kind === "token" ? [on(channel)] : [opening(address, undefined, channel), on(channel)];
}

/** A client whose token takes a while to get may ask its first question before it shows it. */
function shownFor(channel: number, on: Said["on"]): ClientMessage {
  const message = on(channel);
  return { type: "credential", channel, credential: message.type === "open" ? (message.credential ?? "") : "" };
}

function read(reader: ByteReader): Said {
  const address = reader.text();
  if (address.length > addressCharactersMax)
    throw new UnreadableBytes({ code: "BAD_FRAME", detail: `an address of ${address.length} characters, limit ${addressCharactersMax}` });
  const kind = reader.number();
  switch (kind) {
    case type.auth:
      return readAuth(reader, address);
    case type.close:
      return { address, type: "close", on: (channel) => ({ type: "close", channel }) };
    case type.stateless: {
      const text = reader.text();
      return { address, type: "message", on: (channel) => ({ type: "stateless", channel, text }) };
    }
    default:
      return { address, type: "message", on: readYMessageOf(reader, kind) };
  }
}

function readAuth(reader: ByteReader, address: string): Said {
  const kind = reader.number();
  if (kind !== auth.token) throw new UnreadableBytes({ code: "BAD_FRAME", detail: `auth message type ${kind}` });
  const token = readCredential(reader);
  // The client's version, since 4.
  reader.skipRest();
  return { address, type: "token", on: (channel) => opening(address, token, channel) };
}

function opening(address: string, credential: string | undefined, channel: number): ClientMessage {
  const [room = ""] = address.split("\0", 1);
  const blank = { generation: undefined, token: "", clock: VectorClock.empty, stateVector: noBytes };
  const shown = credential === undefined ? {} : { credential };
  return { type: "open", channel, room, address, ...shown, access: "read-write", ...blank };
}

function encode(message: RelayMessage, address: string): readonly Uint8Array[] {
  if (message.type === "pong") return [Uint8Array.of(type.pong)];
  // Nothing can be said that is not about a document, but a provider takes what is about none that it has for a sign of life.
  if (address === "" && message.type !== "keepalive") return [];
  const about = (write: (encoder: encoding.Encoder) => void): Uint8Array =>
    encoding.encode((encoder) => {
      encoding.writeVarString(encoder, address);
      write(encoder);
    });
  switch (message.type) {
    case "updates":
      return message.updates.map((update) => about((encoder) => writeSyncUpdate(encoder, update)));
    case "sync-step-1":
      return [about((encoder) => writeSyncStep1(encoder, message.stateVector))];
    case "sync-step-2":
      return [about((encoder) => writeSyncStep2(encoder, message.update))];
    case "presence":
      return [about((encoder) => writeAwareness(encoder, message.bytes))];
    case "keepalive":
      return [about((encoder) => writeAwareness(encoder, emptyAwarenessUpdate))];
    case "opened":
      return [about((encoder) => writeAuth(encoder, auth.authenticated, message.access === "read-only" ? "readonly" : "read-write"))];
    case "error":
      return message.channel === undefined ? [] : [about((encoder) => writeAuth(encoder, auth.denied, reasonOf(message)))];
    case "credential-request":
      return [about(writeTokenRequest)];
    case "ack":
      return [about((encoder) => writeSyncStatus(encoder, 1))];
    case "nack":
      return [about((encoder) => writeSyncStatus(encoder, 0))];
    case "stateless":
      return [about((encoder) => writeStateless(encoder, message.text))];
    case "welcome":
    case "joined":
    case "sync":
    case "unavailable":
    case "heads":
    case "behind":
    case "presence-count":
    case "chunk":
    case "synced":
    case "clock":
    case "deleted":
      return [];
    default:
      return unreachable(message);
  }
}

function reasonOf({ code, detail }: RelayMessage & { type: "error" }): string {
  return detail === "" ? code : `${code}: ${detail}`;
}

function writeAuth(encoder: encoding.Encoder, kind: number, words: string): void {
  encoding.writeVarUint(encoder, type.auth);
  encoding.writeVarUint(encoder, kind);
  encoding.writeVarString(encoder, words);
}

function writeTokenRequest(encoder: encoding.Encoder): void {
  encoding.writeVarUint(encoder, type.auth);
  encoding.writeVarUint(encoder, auth.token);
}

function writeSyncStatus(encoder: encoding.Encoder, status: 0 | 1): void {
  encoding.writeVarUint(encoder, type.syncStatus);
  encoding.writeVarInt(encoder, status);
}

function writeStateless(encoder: encoding.Encoder, text: string): void {
  encoding.writeVarUint(encoder, type.stateless);
  encoding.writeVarString(encoder, text);
}
