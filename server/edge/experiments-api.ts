/**
 * What a person may do to this relay to see how the mesh bears it. There only where the relay was started with `--experiments`.
 *
 *     PATCH /api/mesh/experiments {cut?, isPaused?, skewMs?}     cuts it off from exactly these relays; has it say nothing to others;
 *                                                                turns its clock. Answered with how it stands now
 *     POST /api/mesh/experiments/kill                            ends the process at once, as `kill -9` does
 *
 * There is no authentication, so that a page can do it: a relay with this door listens on this machine only, and refuses a request that
 * names another host, as one does that a foreign page sends by a name of its own that it points here (DNS rebinding), and one that came
 * through a proxy: that may be anybody's. A proxy is known by what it adds, or by HTTP/1.0, which nginx speaks unless it is told otherwise;
 * one that adds nothing is not known.
 *
 * Invariant: nothing of it outlives the process.
 */
import { isRelayId, type RelayId } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import express, { type Request, type Router } from "express";
import * as z from "zod";
import { sendRefusal } from "./http-refusal.ts";

/** How the experiments stand. */
export interface ExperimentState {
  /** The relays that this one is cut off from. */
  readonly cut: readonly RelayId[];
  /** Whether it says nothing to any other relay. */
  readonly isPaused: boolean;
  /** Milliseconds by which its clock is ahead of the machine's. */
  readonly skewMs: number;
}

/** What can be done to a relay. */
export interface Experiments {
  readonly state: () => ExperimentState;
  readonly cutOff: (relays: readonly RelayId[]) => void;
  readonly pause: (isPaused: boolean) => void;
  readonly skew: (ms: number) => void;
  readonly kill: () => void;
}

const bodyBytesMax = 16 * 1024;
const relaysMax = 512;
const dayMs = 86_400_000;
const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;
/** Headers that proxies add, in lower case as Node gives them. */
const proxyHeader = /^(forwarded|via|x-real-ip|x-forwarded-.+)$/;

const changeBody = z.strictObject({
  cut: z.array(z.string().refine(isRelayId, "a relay's name")).max(relaysMax).optional(),
  isPaused: z.boolean().optional(),
  skewMs: z.int().min(-dayMs).max(dayMs).optional(),
});

export function experimentsApi(experiments: Experiments): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use("/api/mesh/experiments", (request, response, next) => {
    response.set("Cache-Control", "no-store");
    const why = notOfThisMachine(request);
    if (why === undefined) return next();
    sendRefusal(response, refused("ORIGIN_REFUSED", `experiments are for this machine: ${why}`).refusal);
  });
  router.patch("/api/mesh/experiments", express.json({ limit: bodyBytesMax, strict: true }), (request, response) => {
    const body = changeBody.safeParse(request.body);
    if (!body.success) return sendRefusal(response, refused("BAD_REQUEST", wrongIn(body.error)).refusal);
    const { cut, isPaused, skewMs } = body.data;
    if (cut !== undefined) experiments.cutOff(cut as RelayId[]);
    if (isPaused !== undefined) experiments.pause(isPaused);
    if (skewMs !== undefined) experiments.skew(skewMs);
    return void response.json(experiments.state());
  });
  router.post("/api/mesh/experiments/kill", (_request, response) => {
    response.once("finish", () => experiments.kill());
    response.status(202).json({ killed: true });
  });
  return router;
}

/** Why somebody else may have sent it; undefined where nothing speaks for that. */
function notOfThisMachine({ headers, httpVersion }: Pick<Request, "headers" | "httpVersion">): string | undefined {
  if (!loopbackHost.test(headers.host ?? "")) return "the request names another host";
  const added = Object.keys(headers).find((name) => proxyHeader.test(name));
  if (added !== undefined) return `the request came through a proxy, as its header ${added} says`;
  return httpVersion === "1.0" ? "the request came by HTTP/1.0, as through a proxy" : undefined;
}

/** What is wrong with a request, by field; never its values. */
function wrongIn(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join(".") || "the body"}: ${issue.message}`)
    .join("; ");
}
