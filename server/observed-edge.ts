/**
 * ObservedEdge: what sockets and HTTP tell of themselves, as figures and lines of the log.
 */
import type { EdgeObserver } from "./edge/edge-observer.ts";
import type { Logger } from "./runtime/logger.ts";
import type { Metrics } from "./runtime/metrics.ts";

export function observedBy(metrics: Metrics, logger: Logger): EdgeObserver {
  return {
    received: (bytes) => metrics.received(bytes),
    sent: (frames, bytes) => metrics.sent(frames, bytes),
    receivedFromPeer: (bytes) => metrics.mesh.received(bytes),
    sentToPeer: (bytes) => metrics.mesh.sent(bytes),
    refusedAtTheDoor: (code) => metrics.refusedAtTheDoor(code),
    requested: (status) => metrics.requested(status),
    failed: (error, method) => logger.error({ err: error, method }, "a request failed"),
  };
}
