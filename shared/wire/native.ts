/**
 * Native: our own client protocol, at `/sync`, as the dialect that a relay speaks. One socket carries many rooms;
 * updates are numbered and acknowledged; rooms have a lineage. The client's side is `encodeClientMessages` and
 * `decodeRelayMessages`; every message byte by byte: README.md beside this file.
 */
import type { Dialect } from "./dialect.ts";
import { decodeClientMessages } from "./native-client.ts";
import { encodeRelayMessage } from "./native-relay.ts";

export const nativeDialect: Dialect = {
  name: "native",
  engine: undefined,
  acknowledges: true,
  carriesLineage: true,
  multiplexes: true,
  letsGo: true,
  countsSaves: false,
  joins: false,
  showsLater: false,
  address: "",
  decode: decodeClientMessages,
  encode: encodeRelayMessage,
  addressed: () => nativeDialect,
};
