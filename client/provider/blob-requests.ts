/**
 * BlobRequests: a document's images at a relay, over HTTP: where its WebSocket is reached, under `/api/rooms/<room>/blobs/<name>`. Every
 * answer is a value; that there is none is one, too.
 */
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import { errorKinds } from "@inkmesh/shared/base/errors";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { BlobKey, OfferOutcome } from "./core/blob-outbox.ts";

/** What a relay has of an image. */
export type AskOutcome =
  | { readonly type: "found"; readonly bytes: Uint8Array }
  /** Nobody whom the relay reaches has it. */
  | { readonly type: "not-found" }
  | { readonly type: "refused"; readonly refusal: Refusal }
  | { readonly type: "unanswered" };

/** 8 MiB over a line of a quarter of a megabit per second. */
const offerMs = 5 * 60_000;
const askMs = 2 * 60_000;

export class BlobRequests {
  readonly #fetch: typeof fetch;
  readonly #credential: string;

  constructor(options: { fetch: typeof fetch; credential: string }) {
    // A browser's own wants to be called as nobody's method.
    this.#fetch = (input, init) => options.fetch.call(undefined, input, init);
    this.#credential = options.credential;
  }

  offer(relay: string, key: BlobKey, bytes: Uint8Array, line: AbortSignal): Promise<OfferOutcome> {
    return within(offerMs, line, (signal) => this.#offer(relay, key, bytes, signal));
  }

  ask(relay: string, key: BlobKey, line: AbortSignal): Promise<AskOutcome> {
    return within(askMs, line, (signal) => this.#ask(relay, key, signal));
  }

  async #offer(relay: string, key: BlobKey, bytes: Uint8Array, signal: AbortSignal): Promise<OfferOutcome> {
    try {
      const response = await this.#fetch(addressOf(relay, key), {
        method: "PUT",
        headers: { ...this.#headers, "Content-Type": "application/octet-stream" },
        body: bytes as Uint8Array<ArrayBuffer>,
        signal,
      });
      const body = await readJson(response);
      if (response.ok) return accepted(body["saved"]);
      const { refusal, isFinal } = refusalOf(body);
      if (refusal?.code === "NOT_CONFIRMED") return { type: "kept" };
      // A relay of an older version has nothing at such an address.
      return refusal === undefined || refusal.code === "NOT_FOUND" ? { type: "unanswered" } : { type: "refused", refusal, isFinal };
    } catch {
      return { type: "unanswered" };
    }
  }

  async #ask(relay: string, key: BlobKey, signal: AbortSignal): Promise<AskOutcome> {
    try {
      const response = await this.#fetch(addressOf(relay, key), { headers: this.#headers, signal });
      if (response.ok) return { type: "found", bytes: new Uint8Array(await response.arrayBuffer()) };
      const { refusal, isFinal } = refusalOf(await readJson(response));
      if (response.status === 404) return { type: "not-found" };
      return refusal === undefined || !isFinal ? { type: "unanswered" } : { type: "refused", refusal };
    } catch {
      return { type: "unanswered" };
    }
  }

  get #headers(): Record<string, string> {
    return this.#credential === "" ? {} : { Authorization: `Bearer ${this.#credential}` };
  }
}

/** What a relay that took an image says of it; a page of something in between says nothing. */
function accepted(saved: unknown): OfferOutcome {
  if (saved === false) return { type: "kept" };
  return { type: typeof saved === "object" && saved !== null ? "saved" : "unanswered" };
}

/** Work whose signal is given when the line's is, or after so long; `AbortSignal.any` is younger than browsers that are in use. */
async function within<Answer>(ms: number, line: AbortSignal, work: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const own = new AbortController();
  const abort = (): void => own.abort();
  if (line.aborted) abort();
  line.addEventListener("abort", abort);
  const timer = setTimeout(abort, ms);
  try {
    return await work(own.signal);
  } finally {
    clearTimeout(timer);
    line.removeEventListener("abort", abort);
  }
}

/** `relay`: a WebSocket address. */
function addressOf(relay: string, { room, name }: BlobKey): string {
  return `${new URL(relay.replace(/^ws/, "http")).origin}/api/rooms/${encodeURIComponent(room)}/blobs/${name}`;
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  return record(await response.json().catch(() => undefined));
}

function refusalOf(body: Record<string, unknown>): { readonly refusal: Refusal | undefined; readonly isFinal: boolean } {
  const { code, detail, retryable } = record(body["error"]);
  if (typeof code !== "string" || !Object.hasOwn(errorKinds, code)) return { refusal: undefined, isFinal: false };
  return { refusal: { code: code as ErrorCode, detail: typeof detail === "string" ? detail : "" }, isFinal: retryable === false };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
