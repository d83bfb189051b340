/**
 * ABlobRelay: what a relay answers over HTTP when it is given images and asked for them, as a `fetch`.
 */
import { createHash } from "node:crypto";

export class ABlobRelay {
  readonly kept = new Map<string, Uint8Array>();
  /** Method, address and credential of each request. */
  readonly requests: string[] = [];
  /** What the next offers are answered with, in place of "saved". */
  offers: (() => Promise<Response>)[] = [];
  isDown = false;
  /** Takes requests, and answers none. */
  isMute = false;

  readonly fetch = (async (input: string, { method = "GET", headers = {}, body, signal }: Init = {}): Promise<Response> => {
    this.requests.push([method, input, headers["Authorization"] ?? ""].join(" ").trim());
    if (this.isDown) throw new TypeError("fetch failed");
    if (this.isMute) await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    signal?.throwIfAborted();
    if (method === "PUT") return this.offers.shift()?.() ?? this.#keep(input, body!);
    const bytes = this.kept.get(new URL(input).pathname);
    return bytes === undefined ? refusal(404, "NOT_FOUND", false) : new Response(bytes as Uint8Array<ArrayBuffer>);
  }) as unknown as typeof fetch;

  #keep(address: string, bytes: Uint8Array): Response {
    const hash = createHash("sha256").update(bytes).digest("hex");
    if (!address.endsWith(`/sha256-${hash}`)) return refusal(400, "BLOB_MISMATCH", false);
    this.kept.set(new URL(address).pathname, bytes);
    return Response.json({ saved: { copies: 1, needed: 1 } });
  }
}

interface Init {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

export function refusal(status: number, code: string, retryable: boolean): Response {
  return Response.json({ error: { code, sentence: "", detail: "", retryable } }, { status });
}
