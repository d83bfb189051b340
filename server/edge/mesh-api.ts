/**
 * What an operator does to the mesh over HTTP:
 *
 *     DELETE /api/mesh/relays/:relay      gives a relay up that does not come back: its place on the ring is free, and its documents are
 *                                         copied to others
 *     POST /api/mesh/drain                has the relay that is asked hand over all that it has, and leave the ring
 *     POST /api/mesh/verify/…             has it look at its disk, and compare with others (`verify-api.ts`)
 *
 * All with `Inkmesh-Mark`: the mark of `mesh-order-mark.ts` in hex. The first two are answered with 202 as soon as it is decided here;
 * `/api/mesh` shows what comes of it.
 *
 * Invariants: nobody without the mesh secret changes anything; a relay that is there is not forgotten, since it would go on as if it
 * belonged, nor is the one that is asked; a relay does not leave where nobody could take its documents.
 */
import { hexOf } from "@inkmesh/shared/base/bytes";
import { isRelayId, relayOf, type RelayId } from "@inkmesh/shared/base/ids";
import { refused, type Refusal } from "@inkmesh/shared/base/result";
import { sameMark } from "@inkmesh/shared/wire/mark";
import { meshOrderMark, type MeshOrder } from "@inkmesh/shared/wire/mesh-order-mark";
import { encodeUtf8 } from "lib0/string";
import express, { type Request, type RequestHandler, type Router } from "express";
import type { MeshView } from "../core/peers/mesh-view.ts";
import { sendRefusal } from "./http-refusal.ts";
import { verifyApi, type VerifyApiOptions } from "./verify-api.ts";

interface MeshApiOptions {
  readonly secret: Uint8Array;
  /** This relay among the others; undefined until it serves. */
  readonly mesh: () => MeshView | undefined;
  readonly forget: (relay: RelayId) => void;
  readonly drain: () => void;
  readonly verify: VerifyApiOptions;
}

export function meshApi({ secret, mesh, forget, drain, verify }: MeshApiOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.delete("/api/mesh/relays/:relay", (request, response) => {
    const { relay } = request.params;
    const view = mesh();
    if (view === undefined || !isRelayId(relay)) return sendRefusal(response, refused("NOT_FOUND").refusal);
    const order = { order: "forget", actor: view.self, ring: view.ring.id, relay } as const;
    const refusal = isProven(request, order, secret) ? whyNotForget(view, relay) : refused("MESH_SECRET").refusal;
    if (refusal !== undefined) return sendRefusal(response, refusal);
    forget(relay);
    return void response.status(202).json({ forgotten: relay });
  });
  router.post("/api/mesh/drain", (request, response) => {
    const view = mesh();
    if (view === undefined) return sendRefusal(response, refused("NOT_FOUND").refusal);
    const order = { order: "drain", actor: view.self, ring: view.ring.id, relay: relayOf(view.self) } as const;
    const refusal = isProven(request, order, secret) ? whyNotDrain(view) : refused("MESH_SECRET").refusal;
    if (refusal !== undefined) return sendRefusal(response, refusal);
    drain();
    return void response.status(202).json({ drains: order.relay });
  });
  const provenToVerify: RequestHandler = (request, response, next) => {
    const view = mesh();
    if (view === undefined) return sendRefusal(response, refused("NOT_FOUND").refusal);
    const order = { order: "verify", actor: view.self, ring: view.ring.id, relay: relayOf(view.self) } as const;
    if (isProven(request, order, secret)) next();
    else sendRefusal(response, refused("MESH_SECRET").refusal);
  };
  router.use("/api/mesh/verify", provenToVerify, verifyApi(verify));
  return router;
}

function isProven(request: Request, order: MeshOrder, secret: Uint8Array): boolean {
  return sameMark(encodeUtf8(request.get("Inkmesh-Mark") ?? ""), encodeUtf8(hexOf(meshOrderMark(order, secret))));
}

/** It may be asked again, as long as it leaves and when it has left. */
function whyNotDrain({ self, ring, members }: MeshView): Refusal | undefined {
  const relay = relayOf(self);
  const status = ring.status(relay);
  if (status === "leaving" || status === "left") return undefined;
  if (status === undefined || status === "forgotten") return { code: "NOT_FOUND", detail: `no relay ${relay} on the ring` };
  const others = ring.newest.members.filter((member) => member.relay !== relay);
  if (others.length === 0) return { code: "RELAY_NEEDED", detail: relay };
  // Without this one, fewer would be left than "saved" needs, and it could not leave either.
  const isThere = (other: RelayId): boolean =>
    members.some((member) => member.relay === other && member.isLinked && member.state === "alive");
  const away = others.find((other) => !isThere(other.relay));
  return away === undefined ? undefined : { code: "RELAY_AWAY", detail: away.relay };
}

function whyNotForget(view: MeshView, relay: RelayId): Refusal | undefined {
  if (view.ring.status(relay) === undefined) return { code: "NOT_FOUND", detail: `no relay ${relay} on the ring` };
  const isThere = view.members.some((member) => member.relay === relay && (member.actor === view.self || member.state === "alive"));
  return isThere ? { code: "RELAY_THERE", detail: relay } : undefined;
}
