/**
 * SessionMessage: what a client says in one document, and how it begins there.
 */
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import type { Access, ClientMessage } from "@inkmesh/shared/wire/client-message";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import { readRoomName } from "@inkmesh/shared/wire/room-name";

export type SessionMessage = Exclude<ClientMessage, { type: "hello" | "join" | "open" | "credential" | "close" | "ping" | "heads-wanted" }>;

/** How a session begins: as our own clients `open` a room, or as a Yjs client's path names it. */
export interface Opening {
  readonly channel: number;
  readonly access: Access;
  readonly generation: number | undefined;
  readonly clock: VectorClock | undefined;
  /** Of an earlier session, at any relay of the mesh; empty: none. */
  readonly token: string;
  readonly stateVector: Uint8Array;
  /** What the client calls the document in its frames, in dialects whose frames name it. */
  readonly address?: string;
  /** What the client shows for this document, where it does not show one for all. */
  readonly credential?: string;
  /** How often it was begun in vain, because the document could not be read. */
  readonly tries?: number;
}

/** The document that a client asks for, as it may be asked for in its dialect. */
export function nameIn(text: string, { engine }: Dialect): Result<RoomName> {
  const name = readRoomName(text);
  if (!name.ok || engine === undefined || engine === engineOf(name.value)) return name;
  return refused("OTHER_ENGINE", `this client speaks of ${engine}'s documents`);
}

/** Bytes of a message that count against what may wait. */
export function bytesOf(message: SessionMessage): number {
  if (message.type === "updates") return message.updates.reduce((sum, update) => sum + update.length, 0);
  if (message.type === "presence") return message.bytes.length;
  if (message.type === "sync") return message.message.changes.length;
  if (message.type === "stateless") return message.text.length;
  return message.type === "sync-request" ? message.stateVector.length : 0;
}
