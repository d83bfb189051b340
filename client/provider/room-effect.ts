/**
 * RoomEffect: what the core wants done in one room that is open here.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import { unreachable } from "@inkmesh/shared/base/assert";
import type { ClientEffect } from "./core/client-effect.ts";
import type { ClientInput } from "./core/client-input.ts";
import type { InkmeshRoom } from "./inkmesh-room.ts";

/** All but remote updates, which a turn gathers. */
export type InRoomEffect = Exclude<Extract<ClientEffect, { room: RoomName }>, { type: "apply-remote" }>;

/** `answer` is given what the core asked for, now or later. */
export function performInRoom(room: InkmeshRoom<unknown>, effect: InRoomEffect, answer: (input: ClientInput) => void): void {
  switch (effect.type) {
    case "read-state":
      return answer({ type: "state-read", room: effect.room, stateVector: room.stateVector() });
    case "make-difference":
      return room.difference(effect, (updates) => answer({ ...effect, type: "difference-made", updates }));
    case "clock-reached":
      return room.clockReached(effect);
    case "synced":
      return room.synced(effect.isReturn);
    case "saved":
      return room.saved(effect.entries);
    case "set-aside":
      return room.setAside(effect.entry, effect.refusal);
    case "returned":
      return room.returned(effect);
    case "presence-wanted":
      return room.presence.announce();
    case "apply-presence":
      return room.presence.apply(effect.bytes);
    case "presence-counted":
      return room.presence.counted(effect.present);
    case "presence-lost":
      return room.presence.forgetOthers();
    case "deleted":
    case "refused":
      return room.ended(effect);
    default:
      return unreachable(effect);
  }
}
