/**
 * LineProblem: why there is no line, as far as a relay said so, and how long it asked to stay away.
 *
 * A relay and a client of different versions always understand each other's first word (`hello`, `welcome`, `error`). One
 * that cannot read it all the same is older than that rule knows: a relay that refuses or closes over `hello` is the
 * older side, and so is a client that cannot read the answer.
 */
import { errorKind } from "@inkmesh/shared/base/errors";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { RelayMessage } from "@inkmesh/shared/wire/client-message";
import { olderSide, type OlderSide } from "@inkmesh/shared/wire/protocol-version";

/** How a relay closes that cannot read what it was sent. */
const unreadCodes: ReadonlySet<number> = new Set([1002, 1003, 1007]);

export class LineProblem {
  /** After a refusal that is final: a person may change its reason, so it is asked again, rarely. */
  readonly #refusedRetryMs: number;
  #refusal: Refusal | undefined;
  #outdated: OlderSide | undefined;
  #floorMs = 0;

  constructor(options: { refusedRetryMs: number }) {
    this.#refusedRetryMs = options.refusedRetryMs;
  }

  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Which side is too old for the other, while that is the problem. */
  get outdated(): OlderSide | undefined {
    return this.#outdated;
  }

  clear(): void {
    this.#refusal = undefined;
    this.#outdated = undefined;
  }

  /** The relay refuses the whole line; `greeting`: in answer to `hello`. */
  refused({ code, detail, retryAfterMs }: Extract<RelayMessage, { type: "error" }>, greeting: boolean): void {
    if (greeting && code === "BAD_FRAME") return this.#setOutdated("relay", "hello could not be read");
    const kind = errorKind(code);
    this.#refusal = { code, detail };
    this.#outdated = code === "WRONG_VERSION" ? olderSide(detail) : undefined;
    this.#floorMs = kind.retryable ? Math.max(retryAfterMs, kind.retryAfterMs ?? 0) : this.#refusedRetryMs;
  }

  /** What the relay says cannot be read here. */
  unreadable(refusal: Refusal, greeting: boolean): void {
    if (greeting) return this.#setOutdated("client", "what the relay says first cannot be read");
    this.#refusal = refusal;
    this.#outdated = undefined;
  }

  /** The socket closed with `code`. Answers how long to stay away at least, in ms. */
  closed(code: number, greeting: boolean): number {
    if (greeting && unreadCodes.has(code)) this.#setOutdated("relay", `closed with ${code} after hello`);
    const isFinal = code >= 4400 && code < 4500;
    const floorMs = isFinal ? this.#refusedRetryMs : this.#floorMs;
    this.#floorMs = 0;
    return floorMs;
  }

  #setOutdated(side: OlderSide, detail: string): void {
    this.#refusal = { code: "WRONG_VERSION", detail };
    this.#outdated = side;
    this.#floorMs = this.#refusedRetryMs;
  }
}
