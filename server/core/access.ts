/**
 * Access: who somebody is, and what they may do in a document, as the application says that has the relay.
 *
 *     a client opens a room ──▶ `ask-access` ──▶ the application ──▶ `access-answered` ──▶ the session begins, or is refused
 *                                   ▲                                                           │
 *                                   └──── what was granted expires, or is called into doubt ◀───┘  (`session-access.ts`)
 *
 * Where no application is asked everybody may do everything, and all are one principal.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Access } from "@inkmesh/shared/wire/client-message";
import type { DialectName } from "@inkmesh/shared/wire/dialect";

/** What is asked of the application about a session that wants to begin, or to go on. */
export interface AccessAsk {
  readonly dialect: DialectName;
  readonly room: RoomName;
  /** What the client showed in its messages; empty: nothing there. */
  readonly credential: string;
  /** About a session that is open: what was answered before counts for nothing. */
  readonly isAgain?: boolean;
}

export interface Grant {
  /** The principal: what it writes is written under this name. */
  readonly user: string;
  readonly access: Access;
  /** For how long, in milliseconds; undefined: until it is called into doubt. */
  readonly expiresInMs?: number | undefined;
}
