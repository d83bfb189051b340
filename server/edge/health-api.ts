/**
 * What an operator or a load balancer asks: is the process up, can it serve, what does it count, whom does it see.
 */
import type { RelayId, ActorId } from "@inkmesh/shared/base/ids";
import express, { type Router } from "express";
import type { MeshView } from "../core/peers/mesh-view.ts";
import type { Census } from "../core/relay.ts";
import type { RelayState } from "./relay-state.ts";

interface HealthApiOptions {
  readonly status: RelayState;
  /** The metrics in Prometheus' text format. */
  readonly exposition: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly relay: RelayId;
  readonly actor: ActorId;
  readonly census: () => Census | undefined;
  /** This relay among the others; undefined until it serves. */
  readonly mesh: () => MeshView | undefined;
  /** Copies that a document has at present, and how many of them "saved" needs. */
  readonly copies: () => { readonly replicas: number; readonly needed: number };
  readonly nowMs: () => number;
  readonly startedAt: Date;
}

export function healthApi(options: HealthApiOptions): Router {
  const { status, relay, actor, startedAt } = options;
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use((_request, response, next) => {
    response.set("Cache-Control", "no-store");
    next();
  });
  router.get("/health", (_request, response) => {
    response.json({ ok: true, relay, actor, startedAt: startedAt.toISOString() });
  });
  router.get("/ready", (_request, response) => {
    const reasons = status.reasons();
    const { phase, complete, damage } = status;
    response.status(reasons.length === 0 ? 200 : 503).json({ ready: reasons.length === 0, reasons, phase, complete, damage });
  });
  router.get("/metrics", async (_request, response) => {
    const { contentType, text } = await options.exposition();
    response.set("Content-Type", contentType).send(text);
  });
  router.get("/api/mesh", (_request, response) => {
    const self = { relay, actor, state: "alive", phase: status.phase, complete: status.complete, ...options.census() };
    response.json({ self: relay, ...options.copies(), ...meshBody(options.mesh(), self, options.nowMs()) });
  });
  return router;
}

/** The mesh as this relay sees it: every life of every relay that it remembers, itself first with what it counts. */
function meshBody(view: MeshView | undefined, self: { readonly relay: RelayId }, nowMs: number): object {
  if (view === undefined) return { relays: [self] };
  const own = view.members.find((member) => member.actor === view.self);
  const others = view.members.filter((member) => member !== own);
  return {
    mesh: view.mesh ?? null,
    localHealth: view.localHealth,
    ring: { id: view.ring.id, records: view.ring.entries() },
    relays: [
      { ...self, incarnation: own?.incarnation, state: own?.state, address: view.address, ...view.software },
      ...others.map(({ relay, actor, state, incarnation, address, isLinked, sessions, release, version, sinceMs }) => ({
        ...{ relay, actor, state, incarnation, address, linked: isLinked, sessions, release, version },
        sinceSeconds: Math.round((nowMs - sinceMs) / 1_000),
      })),
    ],
    links: others.filter((member) => member.isLinked).map((member) => member.actor),
  };
}
