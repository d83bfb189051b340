/**
 * Dialect: one client wire protocol, as two pure functions. The path of the socket chooses it, never sniffing.
 *
 * Invariants: `decode` is total for any bytes and consumes all of them or refuses; `encode` yields the WebSocket
 * messages, in order, that say `message` in this dialect (none where the dialect has no word for it).
 */
import type { Result } from "../base/result.ts";
import type { ClientMessage, RelayMessage } from "./client-message.ts";

export type DialectName = "native" | "y-websocket" | "hocuspocus" | "automerge-repo";

export interface Dialect {
  readonly name: DialectName;
  /** Whether clients of this dialect number their updates and are told acks. */
  readonly acknowledges: boolean;
  /** Whether clients of this dialect can say which generation of a room they hold. */
  readonly carriesLineage: boolean;
  decode(frame: Uint8Array): Result<readonly ClientMessage[]>;
  encode(message: RelayMessage): readonly Uint8Array[];
}
