/**
 * InkmeshOptions: what an application gives to the client and to a document that it opens, and what it is told in turn.
 */
import type { Access } from "@inkmesh/shared/wire/client-message";
import { credentialBytesMax } from "@inkmesh/shared/wire/credential";
import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import type { ClientLimits } from "./core/client-limits.ts";
import type { AutomergeEntrance } from "./given-documents.ts";
import type { MeshStatus } from "./core/room-status.ts";
import type { OfflineStore } from "./offline-store.ts";
import type { RoomDeletion } from "./room-events.ts";
import type { ChannelLike, LocksLike } from "./tabs.ts";
import type { WebSocketConstructor } from "./web-socket-transport.ts";

export interface InkmeshOptions {
  /**
   * A relay's address, e.g. `wss://relay.example` or, in a page that it serves, `/sync`; or several of one mesh. The first is
   * tried first, and while it cannot be had, the others; so are those that a relay tells of.
   */
  readonly url: string | readonly string[];
  /** Where edits are kept until they are saved. Default: IndexedDB where there is one, else memory. */
  readonly store?: OfflineStore;
  /** Needed where the environment has none (Node 20): that of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  /** Shown to the relay at every connection; at most 16 KiB. */
  readonly credential?: string;
  /** Images are sent and fetched by it. Default: that of the environment. */
  readonly fetch?: typeof fetch;
  /** Names this program to the relay. */
  readonly agent?: string;
  /** How other tabs that share the store are found. Default: what the browser has. */
  readonly tabs?: { readonly locks: LocksLike | undefined; readonly channel: ChannelLike | undefined };
  /**
   * Brings in `@inkmesh/client/automerge`, with `loadAutomerge` done, when edits are left on this device of a document of Automerge that is not open. Without it
   * they wait until it is.
   */
  readonly automerge?: () => Promise<AutomergeEntrance>;
  /** Waits and ceilings that differ from the usual. */
  readonly limits?: Partial<ClientLimits>;
}

export interface OpenOptions<Doc = Y.Doc> {
  /** A `Y.Doc`, or an `AutomergeHandle` for a room that is called `automerge:…`. Default: a `Y.Doc` of its own. */
  readonly doc?: Doc;
  readonly awareness?: Awareness;
  readonly access?: Access;
}

/** Throws where no relay would read it: it would be refused at every connection, for ever. */
export function givenCredential({ credential = "" }: Pick<InkmeshOptions, "credential">): string {
  const bytes = new TextEncoder().encode(credential).length;
  if (bytes > credentialBytesMax) throw new Error(`The credential has ${bytes} bytes, and may have ${credentialBytesMax}.`);
  return credential;
}

/** A room that this device holds something of. */
export interface DeviceRoom {
  readonly room: string;
  readonly generation: number | undefined;
  /** Edits that are not saved yet, and since when the oldest waits (wall time of this device). */
  readonly waiting: number;
  /** Images that are not known to be saved; absent: none. */
  readonly waitingBlobs?: number;
  readonly waitingSinceMs?: number;
  readonly changedMs: number;
  /** A relay has told this client that it was deleted: what waits of it will never be sent. */
  readonly deletion?: RoomDeletion;
}

export interface MeshEvents {
  status: MeshStatus;
  /** The device's store was found empty: what is open is written again, what it held of other documents is gone. */
  "device-emptied": undefined;
}
