/**
 * EdgeObserver: who counts and logs what happens at the edge. The composition root gives one; the edge knows no metrics
 * and no log.
 */
import type { ErrorCode } from "@inkmesh/shared/base/errors";

export interface EdgeObserver {
  /** A message of a client. */
  received(bytes: number): void;
  /** One socket write. */
  sent(frames: number, bytes: number): void;
  /** A message of another relay, and one to it. */
  receivedFromPeer(bytes: number): void;
  sentToPeer(bytes: number): void;
  /** Somebody was turned away before the core heard of them. */
  refusedAtTheDoor(code: ErrorCode): void;
  /** An HTTP request was answered. */
  requested(status: number): void;
  /** A request failed by a mistake of ours. */
  failed(error: unknown, method: string): void;
}
