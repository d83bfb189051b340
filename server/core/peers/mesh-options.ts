/**
 * MeshOptions: what a relay is told of the mesh when it starts: where it is reached, whom to ask, what its data folder remembers, and
 * every interval and ceiling.
 */
import type { Random } from "@inkmesh/shared/base/random";
import type { KeptMesh } from "../membership/belonging.ts";
import type { MembershipLimits } from "../membership/membership-limits.ts";
import type { RingPlace } from "../membership/ring-records.ts";
import type { LinkQueueLimits } from "./link-queue.ts";
import type { LinkSilenceLimits } from "./link-silence.ts";
import type { PeerLimits } from "./peer-links.ts";

export interface MeshLimits {
  readonly membership: MembershipLimits;
  readonly links: PeerLimits;
  readonly queue: LinkQueueLimits;
  readonly silence: LinkSilenceLimits;
  /** Bytes for one peer that wait to be read; past it the link is closed and dialled anew. */
  readonly linkWaitingBytesMax: number;
  /** How long the first of a list waits for the others to have a mesh before it founds one. */
  readonly foundAfterMs: number;
  /** How often the others are told how busy this relay is, at most. */
  readonly loadEveryMs: number;
}

/** What a relay runs. While a mesh is upgraded it has older and newer ones. */
export interface MeshSoftware {
  /** The name of the release, for people: 1 to 64 visible ASCII characters. */
  readonly release: string;
  /** The newest version of the language between relays that it speaks (`shared/wire/protocol-version.ts`). */
  readonly version: number;
}

export interface MeshOptions {
  /** Where other relays reach this one; empty when they cannot. */
  readonly address: string;
  /** `--join`, in its order. */
  readonly join: readonly string[];
  /** What the data folder says; undefined: it belongs to no mesh. */
  readonly kept: KeptMesh | undefined;
  readonly place: RingPlace;
  readonly software: MeshSoftware;
  readonly secret: Uint8Array;
  readonly limits: MeshLimits;
  readonly random: Random;
  readonly nowMs: number;
}
