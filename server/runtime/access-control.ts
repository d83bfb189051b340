/**
 * AccessControl: asks the application who somebody is and what they may do, for every way in: a document opened over a socket in any
 * dialect, and every request about documents over HTTP.
 *
 *     question ──known, and not too old──▶ answer
 *        └──▶ waits for its turn (`access-queue.ts`) ──▶ asked of the application ──▶ allow · refuse
 *                 │ one that is under way already is waited for      │
 *                 └── too long, too many ──▶ ACCESS_UNKNOWN ◀────────┴── late, failed, not understood
 *
 * What is granted for a time is kept for no longer, and what is told of it later tells of the rest. About a session that is open the application
 * is asked itself, whatever is known (`isAgain`), and everybody who asks from then on waits for that.
 *
 * Invariants: what is not clearly allowed is refused; a question waits for at most `accessMs` and is answered within as long again; as many
 * answers as `accessesKeptMax` are kept, each for `accessKeptMs`, and what failed is asked again; no more than `accessAsksMax` are under
 * way, and no more than `accessAsksWaitingMax` wait.
 */
import { createHash } from "node:crypto";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import type { DialectName } from "@inkmesh/shared/wire/dialect";
import { LRUCache } from "lru-cache";
import * as z from "zod";
import type { Grant } from "../core/access.ts";
import { AccessQueue } from "./access-queue.ts";

/** What the application is asked. */
export interface AccessRequest {
  /** How somebody comes. */
  readonly dialect: DialectName | "http";
  /** The document; undefined: the list of documents, or a new one whose name the relay picks. */
  readonly room: string | undefined;
  /** What was shown: the Hocuspocus provider's token, our client's credential, otherwise `Authorization: Bearer` or `?token=`. Empty: nothing. */
  readonly token: string;
  /** The other end's IP address; a proxy's where there is one. */
  readonly address: string;
  /** The page that it comes from, as a browser says it; undefined: no browser. */
  readonly origin: string | undefined;
}

/**
 * `user`: under which what they write is kept and shown; empty: nobody in particular. `expiresInMs`: when to ask again about who is in; left out:
 * when they open the document anew. `reason`: told to who is refused.
 */
export type AccessAnswer =
  | {
      readonly allow: true;
      readonly access: "write" | "read";
      readonly user?: string | undefined;
      readonly expiresInMs?: number | undefined;
    }
  | { readonly allow: false; readonly reason?: string | undefined };

/** The application. `signal` is aborted when the answer would be too late. A promise that is rejected is no answer. */
export type Authorize = (request: AccessRequest, signal: AbortSignal) => Promise<AccessAnswer>;

export interface AccessLimits {
  readonly accessMs: number;
  readonly accessKeptMs: number;
  readonly accessesKeptMax: number;
  readonly accessAsksMax: number;
  readonly accessAsksWaitingMax: number;
}

const plainWords = z
  .string()
  .max(200)
  .regex(/^\P{Cc}*$/u);

const answerSchema = z.discriminatedUnion("allow", [
  z.object({
    allow: z.literal(true),
    access: z.enum(["write", "read"]),
    user: plainWords.optional(),
    expiresInMs: z.int().positive().optional(),
  }),
  z.object({ allow: z.literal(false), reason: plainWords.optional() }),
]);

/** Why there is no answer, in words of our own, which hold nothing of a visitor's or the application's. */
export class NoAnswer extends Error {}

/** An answer, and when it came. */
interface Known {
  readonly result: Result<Grant>;
  readonly atMs: number;
}

interface AccessControlOptions {
  readonly authorize: Authorize;
  readonly limits: AccessLimits;
  /** Told of every question that was not answered, with the reason: never with a token. */
  readonly failed: (why: string) => void;
}

export class AccessControl {
  readonly #options: AccessControlOptions;
  readonly #kept: LRUCache<string, Known>;
  readonly #asked = new Map<string, Promise<Result<Grant>>>();
  readonly #queue: AccessQueue;

  constructor(options: AccessControlOptions) {
    this.#options = options;
    const { accessesKeptMax, accessKeptMs, accessAsksMax, accessAsksWaitingMax, accessMs } = options.limits;
    this.#kept = new LRUCache({ max: accessesKeptMax, ttl: accessKeptMs });
    this.#queue = new AccessQueue({ slots: accessAsksMax, waitingMax: accessAsksWaitingMax, waitMs: accessMs });
  }

  /**
   * Refuses with NOT_ALLOWED what the application refuses, and with ACCESS_UNKNOWN what it does not answer. Never rejects. `socket`: whose turn it
   * is; left out, that of all requests from that address. `isAgain`: what is known already counts for nothing.
   */
  async ask(request: AccessRequest, { socket = "http", isAgain = false } = {}): Promise<Result<Grant>> {
    const key = questionKey(request);
    // Nor for anybody else: what is answered now may be something else.
    if (isAgain) this.#kept.delete(key);
    const known = isAgain ? undefined : (this.#known(key) ?? this.#asked.get(key));
    if (known !== undefined) return known;
    const asked: Promise<Result<Grant>> = this.#inTurn(request, socket).then((result) => {
      // Else another one was asked since, or what was asked until then is to be forgotten.
      if (this.#asked.get(key) !== asked) return result;
      this.#asked.delete(key);
      this.#keep(key, result);
      return result;
    });
    this.#asked.set(key, asked);
    return asked;
  }

  /** What was answered counts for nobody who asks from now on, nor what is being asked. */
  forget(): void {
    this.#kept.clear();
    this.#asked.clear();
  }

  #keep(key: string, result: Result<Grant>): void {
    this.#kept.delete(key);
    if (!result.ok && result.refusal.code !== "NOT_ALLOWED") return;
    const ttl = Math.min(this.#options.limits.accessKeptMs, (result.ok ? result.value.expiresInMs : undefined) ?? Number.POSITIVE_INFINITY);
    this.#kept.set(key, { result, atMs: performance.now() }, { ttl });
  }

  #known(key: string): Result<Grant> | undefined {
    const known = this.#kept.get(key);
    if (known?.result.ok !== true) return known?.result;
    const { expiresInMs, ...grant } = known.result.value;
    if (expiresInMs === undefined) return known.result;
    return ok({ ...grant, expiresInMs: Math.max(1, expiresInMs - Math.ceil(performance.now() - known.atMs)) });
  }

  async #inTurn(request: AccessRequest, socket: string): Promise<Result<Grant>> {
    const free = await this.#queue.slot({ address: request.address, socket });
    if (free === undefined) return this.#unknown("too many questions wait for the application");
    try {
      return await this.#answer(request);
    } finally {
      free();
    }
  }

  async #answer(request: AccessRequest): Promise<Result<Grant>> {
    const { authorize, limits } = this.#options;
    const giveUp = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        giveUp.abort();
        reject(new NoAnswer(`no answer within ${limits.accessMs} ms`));
      }, limits.accessMs);
    });
    try {
      // Begun within, so that an application that throws is as one that rejects.
      return this.#understood(await Promise.race([(async () => authorize(request, giveUp.signal))(), late]));
    } catch (error) {
      return this.#unknown(whyOf(error));
    } finally {
      clearTimeout(timer);
    }
  }

  #understood(said: unknown): Result<Grant> {
    const answer = answerSchema.safeParse(said);
    if (!answer.success) return this.#unknown("the answer is not understood");
    if (!answer.data.allow) return refused("NOT_ALLOWED", answer.data.reason ?? "");
    const { access, user = "", expiresInMs } = answer.data;
    return ok({ user, access: access === "read" ? "read-only" : "read-write", ...(expiresInMs === undefined ? {} : { expiresInMs }) });
  }

  /** Why is the operator's to know, not the visitor's. */
  #unknown(why: string): Result<Grant> {
    this.#options.failed(why);
    return refused("ACCESS_UNKNOWN");
  }
}

/** What an application says when it fails may hold a token or a name: of that only a code is told on. */
function whyOf(error: unknown): string {
  if (error instanceof NoAnswer) return error.message;
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const known = [code, cause?.code].find((each) => typeof each === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(each));
  return `the application failed${known === undefined ? "" : ` (${String(known)})`}`;
}

/** Of whatever makes it another question. As long for the longest token as for none; no token can be read from it. */
export function questionKey({ dialect, room, token, address, origin }: AccessRequest): string {
  return createHash("sha256")
    .update(JSON.stringify([dialect, room, token, address, origin]))
    .digest("base64");
}
