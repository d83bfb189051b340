/**
 * MeshAnswer: what a relay says of the mesh over HTTP: every life of every relay that it remembers, itself first with what it counts.
 *
 * Times are in milliseconds unless their name says otherwise; bytes are about. Of another relay there is only what this one knows of it.
 */
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import type { Instant } from "@inkmesh/shared/base/instant";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import type { MeshView, MemberView } from "../core/peers/mesh-view.ts";

/** Who the relay is that is asked. */
interface Asked {
  readonly relay: RelayId;
  readonly actor: ActorId;
  readonly startedAt: Date;
}

/** How far stamps are from the wall clock: the latest one that was given or taken note of here, and of others as they came. */
export interface KnownStamps {
  readonly latest: Hlc;
  readonly offsetMs: (relay: RelayId) => number | undefined;
}

/** The body of `/api/mesh`. `counted`: what the relay that is asked says of itself beside its name. */
export function meshBody(
  view: MeshView | undefined,
  self: Asked & Record<string, unknown>,
  { now, stamps }: { readonly now: Instant; readonly stamps: KnownStamps | undefined },
): object {
  const own = { ...self, wallMs: now.wallMs, stampAheadMs: stamps === undefined ? undefined : aheadMs(stamps.latest, now.wallMs) };
  if (view === undefined) return { relays: [own] };
  const seen = view.members.find((member) => member.actor === view.self);
  const others = view.members.filter((member) => member !== seen);
  return {
    mesh: view.mesh ?? null,
    localHealth: view.localHealth,
    ring: { id: view.ring.id, records: view.ring.entries() },
    relays: [
      { ...own, incarnation: seen?.incarnation, state: seen?.state, address: view.address, ...view.software },
      ...others.map((member) => otherBody(member, now.monotonicMs, stamps)),
    ],
    links: others.filter((member) => member.isLinked).map((member) => member.actor),
  };
}

function otherBody(member: MemberView, nowMs: number, stamps: KnownStamps | undefined): object {
  const { actor, state, incarnation, address, isLinked, sessions, release, version, sinceMs, roundTripMs, backlogBytes, heardMs } = member;
  const line = isLinked ? { roundTripMs: rounded(roundTripMs), backlogBytes, silentMs: Math.round(nowMs - heardMs) } : {};
  return {
    ...{ relay: relayOf(actor), actor, state, incarnation, address, linked: isLinked, sessions, release, version },
    sinceSeconds: Math.round((nowMs - sinceMs) / 1_000),
    ...line,
    stampOffsetMs: stamps?.offsetMs(relayOf(actor)),
  };
}

/** A clock that nobody used lately is not behind. */
function aheadMs({ physicalMs }: Hlc, wallMs: number): number {
  return Math.max(0, physicalMs - Math.floor(wallMs));
}

/** Microseconds are noise. */
function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 100) / 100;
}
