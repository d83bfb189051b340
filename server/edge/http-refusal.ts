/**
 * A refusal as an HTTP answer: the status of its code, and a body that a program and a person can read.
 *
 *     { "error": { "code", "sentence", "detail", "retryable", "retryAfterMs" } }
 */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { errorKind, type ErrorCode } from "@inkmesh/shared/base/errors";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { Response } from "express";

export interface RefusalBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly sentence: string;
    readonly detail: string;
    readonly retryable: boolean;
    readonly retryAfterMs: number | undefined;
  };
}

export function refusalBody({ code, detail }: Refusal): RefusalBody {
  const { sentence, retryable, retryAfterMs } = errorKind(code);
  return { error: { code, sentence, detail, retryable, retryAfterMs } };
}

/** Answers a request with a refusal. */
export function sendRefusal(response: Response, refusal: Refusal): void {
  const { httpStatus, retryAfterMs } = errorKind(refusal.code);
  if (retryAfterMs !== undefined) response.set("Retry-After", String(Math.ceil(retryAfterMs / 1_000)));
  response.status(httpStatus).set("Cache-Control", "no-store").json(refusalBody(refusal));
}

/** Answers an upgrade with a refusal, before a 101, and closes. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const { httpStatus } = errorKind(refusal.code);
  const body = JSON.stringify(refusalBody(refusal));
  const head = [
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus] ?? ""}`,
    "Connection: close",
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
