/**
 * ClusterSeat: one place in a cluster: a data folder, the process on it if there is one, and its ends of sockets to others.
 */
import type { ActorId, ConnectionId, LinkId, RelayId, RequestId } from "@inkmesh/shared/base/ids";
import { LinkMemory } from "@inkmesh/shared/wire/link-memory";
import { meshVersion } from "@inkmesh/shared/wire/protocol-version";
import { limitsWith } from "../../../../server/config.ts";
import type { RoomAnswer } from "../../../../server/core/effect.ts";
import type { RelayInput } from "../../../../server/core/input.ts";
import type { KeptMesh } from "../../../../server/core/membership/belonging.ts";
import type { Limits } from "../../../../server/core/limits.ts";
import type { Relay } from "../../../../server/core/relay.ts";
import type { AutomergeTrials } from "@inkmesh/shared/engine/automerge-trials";
import { someTrials } from "../../../engines.ts";
import type { Socket } from "../core-world.ts";
import { MemoryDisk } from "../memory-disk.ts";

export interface End {
  readonly seat: Seat;
  readonly life: Life;
  readonly link: LinkId;
  other: End | undefined;
  /** When all that was sent has left. */
  freeMs: number;
  lastMs: number;
  /** What came while the pair was hushed. */
  readonly held: Uint8Array[];
  /** Of what came. */
  readonly memory: LinkMemory;
}

/** The end of a new socket. */
export function anEnd(of: Pick<End, "seat" | "life" | "link" | "other">): End {
  return { ...of, freeMs: 0, lastMs: 0, held: [], memory: new LinkMemory() };
}

export interface Life {
  readonly actor: ActorId;
  readonly relay: Relay;
  readonly ends: Map<LinkId, End>;
  readonly sockets: Map<ConnectionId, Socket>;
  readonly answers: Map<RequestId, RoomAnswer>;
  readonly trials: AutomergeTrials;
  isEnded: boolean;
  isFrozen: boolean;
  inputs: RelayInput[];
  /** When the disk has done all that it was asked. */
  diskMs: number;
}

export function aLife(of: Pick<Life, "actor" | "relay" | "diskMs">): Life {
  return {
    ...of,
    ends: new Map(),
    sockets: new Map(),
    answers: new Map(),
    trials: someTrials(),
    isEnded: false,
    isFrozen: false,
    inputs: [],
  };
}

/** One data folder and the process on it, if it runs. */
export interface Seat {
  readonly self: RelayId;
  readonly address: string;
  /** The newest version of the language between relays that whatever starts here speaks. */
  version: number;
  /** For how long whatever starts here keeps histories; undefined: as long as all others. */
  keptHistoryMs: number | undefined;
  disk: MemoryDisk;
  kept: KeptMesh | undefined;
  life: Life | undefined;
  /** Disks that were lost here. */
  readonly lostDisks: MemoryDisk[];
}

export type LimitChanges = Parameters<typeof limitsWith>[0];

/** Those of whatever starts here, where `all` start with these. */
export function limitsOf({ keptHistoryMs }: Seat, all: LimitChanges): Limits {
  return limitsWith(keptHistoryMs === undefined ? all : { ...all, replication: { ...all?.replication, keptHistoryMs } });
}

/** A data folder with nothing in it. */
export function aSeat(self: RelayId): Seat {
  return {
    ...{ self, address: addressOf(self), version: meshVersion, keptHistoryMs: undefined },
    ...{ disk: new MemoryDisk(), kept: undefined, life: undefined, lostDisks: [] },
  };
}

/** Whether it is linked with anybody. */
export function isLinked({ life }: Seat): boolean {
  return life!.relay.meshView()!.members.some((member) => member.isLinked);
}

/** Where others reach it. */
export function addressOf(relay: string): string {
  return `ws://${relay}/mesh`;
}

/** Names what lies between two seats. */
export function pairOf(one: Seat, other: Seat): string {
  return [one.address, other.address].sort().join(" ");
}
