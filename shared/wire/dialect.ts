/**
 * Dialect: one client wire protocol, as two functions. The path of the socket chooses it, never sniffing.
 *
 * Invariants: `decode` is total for any bytes and consumes all of them or refuses; `encode` yields the WebSocket
 * messages, in order, that say `message` in this dialect (none where the dialect has no word for it).
 */
import type { Result } from "../base/result.ts";
import type { EngineName } from "../engine/crdt-engine.ts";
import type { ChannelNames } from "./channel-names.ts";
import type { ClientMessage, RelayMessage } from "./client-message.ts";

export type DialectName = "native" | "y-websocket" | "hocuspocus" | "automerge-repo";

export interface Dialect {
  readonly name: DialectName;
  /** Of which kind the documents are that it can speak about, since state vectors and updates of another kind would say nonsense; undefined: of any. */
  readonly engine: EngineName | undefined;
  /** Whether clients of this dialect number their updates and are told acks. */
  readonly acknowledges: boolean;
  /** Whether clients of this dialect can say which generation of a room they hold. */
  readonly carriesLineage: boolean;
  /** Whether clients of this dialect open many rooms on one socket; otherwise the path names the one. */
  readonly multiplexes: boolean;
  /** Whether clients of this dialect have a word by which they let go of one room, and believe one by which they are told that they have too many. */
  readonly letsGo: boolean;
  /** Whether clients of this dialect count the updates that they sent, and are told of each when it is saved. */
  readonly countsSaves: boolean;
  /** Whether a client says first who it is, and nothing before it has. */
  readonly joins: boolean;
  /** Whether a client may show what lets it into a document after it has asked for that. */
  readonly showsLater: boolean;
  /** What frames about a document begin with, which is what its client calls it; empty in dialects whose frames do not name documents so. */
  readonly address: string;
  /** `names`: of this connection's channels, for dialects whose frames name documents; it may open and close some. */
  decode(frame: Uint8Array, names?: ChannelNames): Result<readonly ClientMessage[]>;
  encode(message: RelayMessage): readonly Uint8Array[];
  /** This dialect as it speaks in a document that its client calls `address`. */
  addressed(address: string): Dialect;
}
