/**
 * SeenBefore: what somebody has seen of a room, by the session token that they bring, over HTTP or over a socket [P6].
 */
import { refused, ok, type Result } from "@inkmesh/shared/base/result";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { openToken } from "@inkmesh/shared/wire/session-token";
import type { Room } from "./room.ts";

/** Milliseconds for which who has seen more than is here waits for this relay to catch up. */
export const behindAfterMs = 2_000;

/** Whether the token `text` proves that this mesh opened this generation of the room. */
export function provesGeneration(room: Room, text: string, generation: number, secret: Uint8Array): boolean {
  const token = openToken(text, secret);
  return token.ok && token.value.lineage.room === room.name && token.value.lineage.generation === generation;
}

/** The clock that the token `text` names, if this mesh made it and it speaks of the open generation of `room`. */
export function seenBefore(room: Room, text: string, secret: Uint8Array): Result<VectorClock> {
  const token = openToken(text, secret);
  if (!token.ok) return token;
  const { lineage, clock } = token.value;
  if (lineage.room !== room.name) return refused("BAD_REQUEST", "the token is another document's");
  if (lineage.generation < room.lineage.generation) return refused("ROOM_DELETED");
  return lineage.generation > room.lineage.generation ? refused("BEHIND", `generation ${lineage.generation}`) : ok(clock);
}
