/**
 * MeshView: the mesh as one relay sees it, for people and for the list that its clients get.
 */
import type { ActorId, MeshId } from "@inkmesh/shared/base/ids";
import type { KnownAddress } from "../membership/dial-plan.ts";
import type { Member } from "../membership/member.ts";
import type { RingRecords } from "../membership/ring-records.ts";
import type { MeshSoftware } from "./mesh-options.ts";

/** A life of a relay, and what the link to it tells. */
export interface MemberView extends Member {
  readonly isLinked: boolean;
  /** Those of clients there, as it said last; undefined where it is not linked. */
  readonly sessions: number | undefined;
  /** What both speak over the link; undefined where there is none. */
  readonly version: number | undefined;
  /** What it runs; undefined where it is not linked, has not said it yet, or is too old to say it. */
  readonly release: string | undefined;
  /** Milliseconds to it and back, as its latest probe took; undefined while none has come back on this link. */
  readonly roundTripMs: number | undefined;
  /** Bytes that certainly wait for it to read, about. */
  readonly backlogBytes: number;
  /** When it was heard last, in monotonic ms; 0 where it is not linked. */
  readonly heardMs: number;
}

export interface MeshView {
  readonly self: ActorId;
  readonly mesh: MeshId | undefined;
  readonly address: string;
  readonly ring: RingRecords;
  readonly software: MeshSoftware;
  readonly members: readonly MemberView[];
  /** Where relays of the ring were heard of, dead ones too. */
  readonly addresses: readonly KnownAddress[];
  /** How much this relay distrusts its own ears; 0 is well. */
  readonly localHealth: number;
  /** Bytes for other relays that wait because those do not read as fast. */
  readonly heldBytes: number;
}
