/**
 * Member: one *life* of a relay as others know it. Membership is about lives, not names: a restarted relay is another
 * member, whose predecessor dies or has left on its own account, and two processes from a cloned folder are two members.
 *
 *             silent to a probe, direct and indirect           the wait is over (suspicion.ts)
 *     alive ─────────────────────────────────────▶ suspect ────────────────────────────────────▶ dead
 *       ▲              it refutes: incarnation + 1    │                                            │
 *       └─────────────────────────────────────────────┴────────────────────────────────────────────┘
 *     left: it said goodbye itself; final for this life
 *
 * News is ordered by (incarnation, alive < suspect < dead); `left` is above all. Taking the later one is a join, so
 * that news may come in any order and often (SWIM, section 4.2). Only the life itself raises its incarnation.
 */
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import { memberStates, type MemberState, type Rumor } from "@inkmesh/shared/wire/mesh-message";

export interface Member {
  readonly relay: RelayId;
  readonly actor: ActorId;
  readonly state: MemberState;
  readonly incarnation: number;
  readonly address: string;
  /** Since when it is believed to be in this state, in monotonic ms of this relay. */
  readonly sinceMs: number;
}

/** Whether `rumor` is later news than what is known. */
export function isNews(rumor: Rumor, known: Member): boolean {
  if (known.state === "left") return false;
  if (rumor.state === "left" || rumor.incarnation !== known.incarnation)
    return rumor.state === "left" || rumor.incarnation > known.incarnation;
  return memberStates.indexOf(rumor.state) > memberStates.indexOf(known.state);
}

/** Whether `rumor` speaks against a life that has refuted since. */
export function isOldAccusation(rumor: Rumor, known: Member): boolean {
  return (rumor.state === "suspect" || rumor.state === "dead") && rumor.incarnation < known.incarnation && isPresent(known);
}

/** Whether the member may be there: it is probed, counted, and hears rumors. */
export function isPresent(member: Member): boolean {
  return member.state === "alive" || member.state === "suspect";
}
