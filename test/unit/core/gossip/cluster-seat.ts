/**
 * ClusterSeat: one place in a cluster: a data folder, the process on it if there is one, and its ends of sockets to others.
 */
import type { ActorId, ConnectionId, LinkId, RelayId, RequestId } from "@inkmesh/shared/base/ids";
import type { RoomAnswer } from "../../../../server/core/effect.ts";
import type { RelayInput } from "../../../../server/core/input.ts";
import type { KeptMesh } from "../../../../server/core/membership/belonging.ts";
import type { Relay } from "../../../../server/core/relay.ts";
import type { Socket } from "../core-world.ts";
import type { MemoryDisk } from "../memory-disk.ts";

export interface End {
  readonly seat: Seat;
  readonly life: Life;
  readonly link: LinkId;
  other: End | undefined;
  lastMs: number;
  /** What came while the pair was hushed. */
  readonly held: Uint8Array[];
}

export interface Life {
  readonly actor: ActorId;
  readonly relay: Relay;
  readonly ends: Map<LinkId, End>;
  readonly sockets: Map<ConnectionId, Socket>;
  readonly answers: Map<RequestId, RoomAnswer>;
  isEnded: boolean;
  isFrozen: boolean;
  inputs: RelayInput[];
  /** When the disk has done all that it was asked. */
  diskMs: number;
}

/** One data folder and the process on it, if it runs. */
export interface Seat {
  readonly self: RelayId;
  readonly address: string;
  disk: MemoryDisk;
  kept: KeptMesh | undefined;
  life: Life | undefined;
  /** Disks that were lost here. */
  readonly lostDisks: MemoryDisk[];
}
