/**
 * PeerOutbox: what this turn, and what is left of earlier ones, has for each linked peer: one queue per life.
 *
 * Invariants: a peer has a queue while there is a link to it, and a new one with each link, so that nothing that was meant for
 * one link goes over the next.
 */
import type { ActorId, RingId } from "@inkmesh/shared/base/ids";
import type { MeshFrame } from "@inkmesh/shared/wire/mesh-message";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { LinkQueue, type LinkBurst, type LinkQueueLimits } from "./link-queue.ts";

export class PeerOutbox {
  readonly #limits: LinkQueueLimits;
  readonly #queues = new Map<ActorId, LinkQueue>();

  constructor(limits: LinkQueueLimits) {
    this.#limits = limits;
  }

  /** Bytes that wait because somebody does not read as fast. */
  get heldBytes(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.heldBytes, 0);
  }

  /** Bytes that certainly wait for `peer` to read, about. */
  backlogBytes(peer: ActorId): number {
    return this.#queues.get(peer)?.backlogBytes ?? 0;
  }

  has(peer: ActorId): boolean {
    return this.#queues.has(peer);
  }

  /** `version`: what both sides of the link speak. */
  linkUp(peer: ActorId, version: number): void {
    this.#queues.set(peer, new LinkQueue(this.#limits, version));
  }

  linkDown(peer: ActorId): void {
    this.#queues.delete(peer);
  }

  control(to: ActorId, frame: MeshFrame): void {
    for (const message of frame.messages) this.#queues.get(to)?.addControl(frame.ring, message);
  }

  bulk(to: ActorId, ring: RingId, message: MeshRoomMessage): void {
    this.#queues.get(to)?.addBulk(ring, message);
  }

  understands(to: ActorId, type: MeshRoomMessage["type"]): boolean {
    return this.#queues.get(to)?.understands(type) === true;
  }

  isFull(to: ActorId): boolean {
    return this.#queues.get(to)?.isFull === true;
  }

  sign(to: ActorId, ring: RingId): void {
    this.#queues.get(to)?.sign(ring);
  }

  /** The system has taken what it was asked about. */
  taken(peer: ActorId): void {
    this.#queues.get(peer)?.taken();
  }

  /** The turn ends: what goes to whom. */
  bursts(): readonly (readonly [ActorId, LinkBurst])[] {
    return [...this.#queues].flatMap(([peer, queue]): readonly (readonly [ActorId, LinkBurst])[] => {
      const burst = queue.burst();
      return burst === undefined ? [] : [[peer, burst]];
    });
  }

  /** Those for whom more waits than may. */
  slow(bytesMax: number): readonly ActorId[] {
    return [...this.#queues].filter(([, queue]) => queue.waitingBytes > bytesMax).map(([peer]) => peer);
  }
}
