/**
 * What an operator or a load balancer asks: is the process up, can it serve, what does it count, whom does it see.
 */
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import type { Instant } from "@inkmesh/shared/base/instant";
import express, { type Router } from "express";
import type { MeshView } from "../core/peers/mesh-view.ts";
import type { Census } from "../core/relay.ts";
import type { ExperimentState } from "./experiments-api.ts";
import { meshBody, type KnownStamps } from "./mesh-answer.ts";
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
  /** Undefined until it serves. */
  readonly stamps: () => KnownStamps | undefined;
  readonly now: () => Instant;
  /** Undefined: nobody may do experiments here. */
  readonly experiments: (() => ExperimentState) | undefined;
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
    const standing = { state: "alive", phase: status.phase, complete: status.complete, ...options.census() };
    const moment = { now: options.now(), stamps: options.stamps() };
    response.json({
      self: relay,
      experiments: options.experiments?.(),
      ...options.copies(),
      ...meshBody(options.mesh(), { relay, actor, startedAt, ...standing }, moment),
    });
  });
  return router;
}
