/**
 * Visitor: who is at the other end, as the request says it by which they came.
 */
import type { IncomingMessage } from "node:http";

export interface Visitor {
  readonly address: string;
  readonly origin: string | undefined;
  /** `Authorization: Bearer`, or `?token=` where no header can be set; empty: neither. */
  readonly token: string;
}

export function visitorOf(request: IncomingMessage): Visitor {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  const { origin } = request.headers;
  return { address: request.socket.remoteAddress ?? "", origin, token: bearer ?? queryToken(request.url ?? "") };
}

function queryToken(url: string): string {
  const from = url.indexOf("?");
  // Of several only the first begins it: tokens may hold them.
  return from < 0 ? "" : (new URLSearchParams(url.slice(from + 1)).get("token") ?? "");
}
