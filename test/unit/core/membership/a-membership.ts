/**
 * Builders for tests of membership: limits as a mesh starts with them, lives with names that read well, rumors.
 */
import { actorOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import type { MemberState, Rumor } from "@inkmesh/shared/wire/mesh-message";
import type { MembershipLimits } from "../../../../server/core/membership/membership-limits.ts";

export function membershipLimits(changes: Partial<MembershipLimits> = {}): MembershipLimits {
  return {
    probeIntervalMs: 1_000,
    probeTimeoutMs: 500,
    nackAfterMs: 400,
    indirectProbes: 3,
    favoursMax: 64,
    suspicionMultiplier: 4,
    suspicionMaxFactor: 6,
    localHealthMax: 7,
    lateMsPerPoint: 100,
    stallMs: 500,
    gossipIntervalMs: 200,
    gossipFanOut: 3,
    rumorBytesMax: 1_200,
    transmitMultiplier: 4,
    pushPullIntervalMs: 30_000,
    rememberDeadMs: 600_000,
    membersMax: 512,
    contestedMs: 15_000,
    dialAfterMs: 500,
    dialAfterMsMax: 30_000,
    dialTimeoutMs: 10_000,
    addressesMax: 512,
    ringExchangeMs: 500,
    ...changes,
  };
}

/** The `number`-th life of `relay`. */
export function aLife(relay: string, number = 1): ActorId {
  return actorOf(relay as RelayId, Uint8Array.from([0, 0, 0, 0, 0, 0, 0, number]));
}

export function aRumor(actor: ActorId, state: Exclude<MemberState, "suspect">, incarnation = 0): Rumor {
  return { actor, incarnation, address: addressOf(actor), state };
}

export function aSuspicion(actor: ActorId, accuser: ActorId, incarnation = 0): Rumor {
  return { actor, incarnation, address: addressOf(actor), state: "suspect", accuser };
}

export function addressOf(actor: ActorId): string {
  return `ws://${actor.slice(0, actor.indexOf("."))}/mesh`;
}
