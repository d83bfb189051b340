/**
 * YWebsocket: the dialect of released y-websocket clients (1.5.4 to 3.1.0), at `/y/<room>`.
 *
 * One room per socket (channel 0), one message per WebSocket frame in both directions: clients up to 3.1.0 read only
 * the first message of a frame. It has no words for acks, clocks, errors or lineage: an error is its close code.
 * A client closes when it *reads* nothing for 30 s and does not count WebSocket pings, hence `keepalive`.
 */
import * as encoding from "lib0/encoding";
import { unreachable } from "../base/assert.ts";
import { decodeBytes } from "./byte-reader.ts";
import type { RelayMessage } from "./client-message.ts";
import type { Dialect } from "./dialect.ts";
import { emptyAwarenessUpdate, readYMessage, writeAwareness, writeSyncStep1, writeSyncStep2, writeSyncUpdate } from "./y-protocol.ts";

export const yWebsocketDialect: Dialect = {
  name: "y-websocket",
  engine: "yjs",
  acknowledges: false,
  carriesLineage: false,
  multiplexes: false,
  letsGo: true,
  countsSaves: false,
  joins: false,
  showsLater: false,
  address: "",
  decode: (frame) => decodeBytes(frame, "a y-websocket message", (reader) => [readYMessage(reader, 0)]),
  encode: encodeYWebsocket,
  addressed: () => yWebsocketDialect,
};

function encodeYWebsocket(message: RelayMessage): readonly Uint8Array[] {
  switch (message.type) {
    case "updates":
      return message.updates.map((update) => encoding.encode((encoder) => writeSyncUpdate(encoder, update)));
    case "sync-step-1":
      return [encoding.encode((encoder) => writeSyncStep1(encoder, message.stateVector))];
    case "sync-step-2":
      return [encoding.encode((encoder) => writeSyncStep2(encoder, message.update))];
    case "presence":
      return [encoding.encode((encoder) => writeAwareness(encoder, message.bytes))];
    case "keepalive":
      return [encoding.encode((encoder) => writeAwareness(encoder, emptyAwarenessUpdate))];
    case "welcome":
    case "joined":
    case "sync":
    case "unavailable":
    case "heads":
    case "behind":
    case "presence-count":
    case "opened":
    case "chunk":
    case "synced":
    case "clock":
    case "ack":
    case "nack":
    case "error":
    case "deleted":
    case "pong":
    case "stateless":
    case "credential-request":
      return [];
    default:
      return unreachable(message);
  }
}
