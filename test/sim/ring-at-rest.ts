/**
 * RingAtRest: whether what changed which relays there are is over.
 */
import type { Fleet } from "./fleet.ts";
import type { Operator } from "./operator.ts";

/** Undefined when all know the same ring, of which exactly those are members that run, and nothing is to be moved any more. */
export function whyRingIsOpen(fleet: Fleet, operator: Operator): string | undefined {
  if (!fleet.isMesh) return undefined;
  if (operator.errand !== undefined) return operator.errand;
  const { ring } = fleet;
  const members = ring.newest.members.map(({ relay }) => relay);
  if (members.length !== fleet.relays.length) return `the ring names ${members.join(", ")}`;
  for (const relay of fleet.relays) {
    if (relay.ring?.id !== ring.id) return `${relay.host} knows another ring`;
    if (ring.status(relay.self) !== "member") return `${relay.host} is ${ring.status(relay.self)}`;
    const { roomsToHandOver, roomsToComplete, roomsToDrop } = relay.census()!;
    if (roomsToHandOver + roomsToComplete + roomsToDrop > 0)
      return `${relay.host} has ${roomsToHandOver} rooms to hand over, ${roomsToComplete} to complete and ${roomsToDrop} to drop`;
  }
  return undefined;
}
