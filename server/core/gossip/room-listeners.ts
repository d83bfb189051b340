/**
 * RoomListeners: who of a relay's rooms hears what of its links: the rooms themselves, and their histories and images, which are on the disk and
 * need no room.
 */
import type { ActorId, RingId } from "@inkmesh/shared/base/ids";
import { isAboutBlob } from "@inkmesh/shared/wire/mesh-blob-message";
import { isAboutHistory } from "@inkmesh/shared/wire/mesh-history-message";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { MemberChange } from "../membership/members.ts";
import type { PeerListener } from "../peers/peers.ts";
import type { ReplicatedRooms } from "./replicated-rooms.ts";
import type { RoomBlobs } from "./room-blobs.ts";
import type { RoomHistories } from "./room-histories.ts";

export class RoomListeners implements PeerListener {
  readonly #rooms: ReplicatedRooms;
  readonly #histories: RoomHistories;
  readonly #blobs: RoomBlobs;

  constructor(rooms: ReplicatedRooms, { histories, blobs }: { readonly histories: RoomHistories; readonly blobs: RoomBlobs }) {
    this.#rooms = rooms;
    this.#histories = histories;
    this.#blobs = blobs;
  }

  peerUp(actor: ActorId): void {
    this.#rooms.peerUp(actor);
    this.#histories.peerUp();
    this.#blobs.peerUp(actor);
  }

  peerDown(actor: ActorId): void {
    this.#rooms.peerDown(actor);
    this.#histories.peerDown(actor);
    this.#blobs.peerDown(actor);
  }

  memberChanged(change: MemberChange): void {
    this.#rooms.memberChanged(change);
  }

  ringChanged(): void {
    this.#rooms.ringChanged();
    this.#histories.ringChanged();
    this.#blobs.ringChanged();
  }

  received(from: ActorId, ring: RingId, message: MeshRoomMessage): void {
    if (isAboutHistory(message)) this.#histories.received(from, ring, message);
    else if (isAboutBlob(message)) this.#blobs.received(from, ring, message);
    else this.#rooms.received(from, ring, message);
  }
}
