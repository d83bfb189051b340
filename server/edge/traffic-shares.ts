/**
 * TrafficShares: how much of something may be under way at the same time, of all and of one address, so that a few slow ones do not take all of it.
 */
import type { Request, RequestHandler } from "express";
import { refused } from "@inkmesh/shared/base/result";
import { sendRefusal } from "./http-refusal.ts";

interface SharesOptions {
  readonly all: number;
  /** Of one address: where all come through a proxy, that is all there is. */
  readonly each: number;
  /** How much one request is. */
  readonly amount: (request: Request) => number;
  /** What those are told that come then. */
  readonly busy: string;
}

/** Lets in what there is room for, for as long as its answer takes. */
export function trafficShares({ all, each, amount, busy }: SharesOptions): RequestHandler {
  const ofAddresses = new Map<string, number>();
  let here = 0;
  return (request, response, next) => {
    const address = request.socket.remoteAddress ?? "";
    const size = amount(request);
    const before = ofAddresses.get(address) ?? 0;
    if (here + size > all || before + size > each) return sendRefusal(response, refused("RELAY_BUSY", busy).refusal);
    here += size;
    ofAddresses.set(address, before + size);
    response.once("close", () => {
      here -= size;
      const left = (ofAddresses.get(address) ?? size) - size;
      if (left > 0) ofAddresses.set(address, left);
      else ofAddresses.delete(address);
    });
    next();
  };
}
