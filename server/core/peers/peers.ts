/**
 * Peers: what rooms may know of the other relays, and how they speak to them. The door between a room and the mesh: a room
 * sees lives and messages, never sockets, addresses or rumors.
 *
 * Invariants: what is told to a peer in one turn leaves together, in order, and with the RingId under which it was told; a
 * message that is told where there is no link is lost, as one that is told over a link that ends (C4).
 */
import type { ActorId, RelayId, RingId } from "@inkmesh/shared/base/ids";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { MemberChange } from "../membership/members.ts";
import type { RingRecords } from "../membership/ring-records.ts";

/** What a room may know of the other relays, and how it speaks to them. */
export interface Peers {
  readonly self: ActorId;
  /** The newest ring known, and its RingId. */
  readonly ring: RingRecords;
  readonly ringId: RingId;
  /** The lives that a proven link leads to. */
  readonly linked: readonly ActorId[];
  /** The linked life of a relay; undefined while there is none, or while two lives claim the name. */
  lifeOf(relay: RelayId): ActorId | undefined;
  /** Said with everything else for that peer in this turn; lost when there is no link (C4). */
  tell(to: ActorId, message: MeshRoomMessage): void;
  /** Whether the link to `to` has a word of that kind. */
  understands(to: ActorId, type: MeshRoomMessage["type"]): boolean;
  /** Whether `to` does not read as fast as it is told things: what can wait is told later. */
  isCongested(to: ActorId): boolean;
  /** When something came from `actor` last, in monotonic ms; 0 where there is no link. */
  heardMs(actor: ActorId): number;
  /** This relay's own place on the ring goes on: all its rooms are complete here, or proven elsewhere. Nothing where it is that far. */
  advance(status: "member" | "left"): void;
}

/** What rooms are told, in the order in which it happens. */
export interface PeerListener {
  peerUp(actor: ActorId): void;
  /** The link is gone, or another one takes its place: nothing that was asked or said on it counts any more. */
  peerDown(actor: ActorId): void;
  /** Suspect, dead, alive again: routing and presence only. */
  memberChanged(change: MemberChange): void;
  ringChanged(): void;
  /** `ring` is the ring that its sender knew when it said so. */
  received(from: ActorId, ring: RingId, message: MeshRoomMessage): void;
}
