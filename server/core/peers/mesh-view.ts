/**
 * MeshView: the mesh as one relay sees it, for people and for the list that its clients get.
 */
import type { ActorId, MeshId } from "@inkmesh/shared/base/ids";
import type { KnownAddress } from "../membership/dial-plan.ts";
import type { Member } from "../membership/member.ts";
import type { RingRecords } from "../membership/ring-records.ts";

export interface MeshView {
  readonly self: ActorId;
  readonly mesh: MeshId | undefined;
  readonly address: string;
  readonly ring: RingRecords;
  /** `sessions`: those of clients there, as it said last; undefined where it is not linked. */
  readonly members: readonly (Member & { readonly isLinked: boolean; readonly sessions: number | undefined })[];
  /** Where relays of the ring were heard of, dead ones too. */
  readonly addresses: readonly KnownAddress[];
  /** How much this relay distrusts its own ears; 0 is well. */
  readonly localHealth: number;
  /** Bytes for other relays that wait because those do not read as fast. */
  readonly heldBytes: number;
}
