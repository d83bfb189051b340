/**
 * Session token: "this client has seen so much of this room", as opaque text that any relay of the mesh can check.
 * Sent at reconnect or with a REST read it gives read-your-writes (P6): the relay serves what covers the clock, or
 * says "behind".
 *
 *     base64url( version 1 | varString room | varUint generation | vector clock | 32 bytes HMAC-SHA-256 )
 *
 * Invariants: only holders of the mesh secret can make one; one token has one spelling (any changed character is
 * refused). It grants no access: it says what somebody saw, never what they may see. Knows no clock: a token does not
 * expire, it is merely old.
 */
import { fromBase64UrlEncoded, toBase64UrlEncoded } from "lib0/buffer";
import * as encoding from "lib0/encoding";
import { concatBytes } from "../base/bytes.ts";
import type { Lineage } from "../base/ids.ts";
import { refused, type Result } from "../base/result.ts";
import { writeVectorClock, type VectorClock } from "../clock/vector-clock.ts";
import { decodeBytes, UnreadableBytes, type ByteReader } from "./byte-reader.ts";
import { markBytes, markOf, sameMark } from "./mark.ts";
import { readRoomName } from "./room-name.ts";

export interface SessionToken {
  readonly lineage: Lineage;
  readonly clock: VectorClock;
}

/** The first number of every token. */
export const tokenVersion = 1;

/** Longer text is refused unread; a token of 3 relays is about 200 characters. */
export const tokenCharactersMax = 65_536;

/** The token's text. `secret` is the mesh secret, at least 16 bytes. */
export function sealToken(token: SessionToken, secret: Uint8Array): string {
  const body = encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, tokenVersion);
    encoding.writeVarString(encoder, token.lineage.room);
    encoding.writeVarUint(encoder, token.lineage.generation);
    writeVectorClock(encoder, token.clock);
  });
  return toBase64UrlEncoded(concatBytes([body, markOf("inkmesh session token", [body], secret)]));
}

/** What a token says, if this mesh made it; otherwise BAD_REQUEST, and the bearer is served as one without a token. */
export function openToken(text: string, secret: Uint8Array): Result<SessionToken> {
  const bytes = tokenBytes(text);
  if (bytes === undefined) return refused("BAD_REQUEST", `a session token of ${text.length} characters that no relay wrote`);
  const body = bytes.subarray(0, bytes.length - markBytes);
  if (!sameMark(bytes.subarray(bytes.length - markBytes), markOf("inkmesh session token", [body], secret))) {
    return refused("BAD_REQUEST", "the session token was not made by this mesh");
  }
  return decodeBytes(body, "a session token", readBody);
}

function readBody(reader: ByteReader): SessionToken {
  const version = reader.number();
  if (version !== tokenVersion) throw new UnreadableBytes({ code: "BAD_REQUEST", detail: `version ${version}` });
  const room = readRoomName(reader.text());
  if (!room.ok) throw new UnreadableBytes(room.refusal);
  return { lineage: { room: room.value, generation: reader.number() }, clock: reader.clock() };
}

/** The bytes of base64url text in its one canonical spelling; undefined for any other. */
function tokenBytes(text: string): Uint8Array | undefined {
  if (text.length > tokenCharactersMax || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  try {
    const bytes = fromBase64UrlEncoded(text);
    return bytes.length > markBytes && toBase64UrlEncoded(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}
