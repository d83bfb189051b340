/**
 * BodyDeadline: how long a request may take to arrive, by what it is: Node knows one limit for all, without an answer that programs can read.
 */
import type { Request, RequestHandler } from "express";
import { refused } from "@inkmesh/shared/base/result";
import { sendRefusal } from "./http-refusal.ts";

export function bodyWithin(msOf: (request: Request) => number): RequestHandler {
  return (request, response, next) => {
    const ms = msOf(request);
    const timer = setTimeout(() => {
      if (request.complete || response.headersSent) return;
      response.set("Connection", "close");
      sendRefusal(response, refused("HANDSHAKE_TIMEOUT", `the request did not arrive within ${ms / 1_000} s`).refusal);
    }, ms);
    response.once("close", () => clearTimeout(timer));
    next();
  };
}
