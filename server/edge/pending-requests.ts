/**
 * PendingRequests: HTTP requests that wait for the core's answer.
 *
 * A request becomes the input `request-received`; its answer comes back as a `respond` effect. One that is not answered
 * in time is answered RELAY_BUSY, and the core is told that nobody waits for it any more.
 *
 * Invariants: every request is answered once; a late answer is dropped; no more than `waitingMax` wait.
 */
import type { RequestId } from "@inkmesh/shared/base/ids";
import { refused } from "@inkmesh/shared/base/result";
import type { RoomAnswer } from "../core/effect.ts";
import type { RelayInput, RoomRequest } from "../core/input.ts";

interface PendingRequestsOptions {
  readonly enqueue: (input: RelayInput) => void;
  readonly waitMs: number;
  readonly waitingMax: number;
}

interface Pending {
  readonly resolve: (answer: RoomAnswer) => void;
  readonly timer: NodeJS.Timeout;
}

export class PendingRequests {
  readonly #options: PendingRequestsOptions;
  readonly #pending = new Map<RequestId, Pending>();
  #lastRequest = 0;

  constructor(options: PendingRequestsOptions) {
    this.#options = options;
  }

  /** The core's answer. `abandoned` fires when the asker has gone. */
  ask(ask: RoomRequest, abandoned?: AbortSignal): Promise<RoomAnswer> {
    const { enqueue, waitMs, waitingMax } = this.#options;
    if (this.#pending.size >= waitingMax) return Promise.resolve(busy(`${waitingMax} requests wait already`));
    const request = ++this.#lastRequest as RequestId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#cancel(request, busy(`no answer within ${waitMs} ms`)), waitMs);
      this.#pending.set(request, { resolve, timer });
      abandoned?.addEventListener("abort", () => this.#cancel(request, busy("nobody waits for the answer")), { once: true });
      enqueue({ type: "request-received", request, ask });
    });
  }

  answer(request: RequestId, answer: RoomAnswer): void {
    const pending = this.#pending.get(request);
    if (pending === undefined) return;
    this.#pending.delete(request);
    clearTimeout(pending.timer);
    pending.resolve(answer);
  }

  #cancel(request: RequestId, answer: RoomAnswer): void {
    if (!this.#pending.has(request)) return;
    this.answer(request, answer);
    this.#options.enqueue({ type: "request-cancelled", request });
  }
}

function busy(detail: string): RoomAnswer {
  return { type: "refused", refusal: refused("RELAY_BUSY", detail).refusal };
}
