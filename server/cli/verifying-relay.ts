/**
 * VerifyingRelay: a relay that is ordered to verify, asked again over its lives until it answers.
 *
 *     order ─▶ an answer
 *       │      a refusal that is over by itself (somebody else verifies, it stops), or nothing ─▶ asked again, for a minute
 *       │      the mark is of a ring or a life that was ─▶ given anew
 *       └──────every other refusal ─▶ the command ends with it
 *
 * Invariant: what is said of the relay is what was last seen: that it cannot be reached only where it cannot.
 */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { setTimeout } from "node:timers/promises";
import type { ActorId } from "@inkmesh/shared/base/ids";
import { refusalIn, type RelayRefusal } from "./asked-relay.ts";
import { orderHeaders, type MeshAnswer } from "./mesh-order.ts";
import { endWith } from "./process-end.ts";

/** How long a relay may be away, and how long its links may take when it is back. */
const awayMsMax = 60_000;
const linkedMsMax = 15_000;
const lookAgainMs = 250;

/** How long it may work at one question: it reads a whole store for the first page. Larger lets larger stores be verified. */
const answerMsMax = 3_600_000;

/** Refusals that are over by themselves. */
const passing: ReadonlySet<string> = new Set(["RELAY_BUSY", "RELAY_STOPPING", "STORE_FAILED", ""]);

type Asked = { readonly ok: true; readonly answer: unknown } | { readonly ok: false; readonly refusal: RelayRefusal };

export class VerifyingRelay {
  readonly #at: string;
  readonly #secret: Uint8Array;
  #view: MeshAnswer;

  constructor(at: string, secret: Uint8Array, view: MeshAnswer) {
    this.#at = at;
    this.#secret = secret;
    this.#view = view;
  }

  get name(): string {
    return this.#view.self;
  }

  /** The life that answered last. */
  get actor(): ActorId | undefined {
    return this.#view.relays[0]?.actor;
  }

  /** Its answer, however often it has to be asked; a refusal that stays one ends the command. */
  async order<Answer>(what: "look" | "compare" | "set-aside", body: object): Promise<Answer> {
    for (let untilMs: number | undefined; ; await setTimeout(lookAgainMs)) {
      const { actor } = this;
      const ring = this.#view.ring?.id;
      const asked = await this.#ask(what, body);
      if (asked?.ok) return asked.answer as Answer;
      // From the first time on that it did not answer: until then it may have worked long.
      untilMs ??= performance.now() + awayMsMax;
      const isBack = await this.#lookAgain();
      if (asked !== undefined && isBack && !passing.has(asked.refusal.code)) {
        const isMarkOld = asked.refusal.code === "MESH_SECRET" && (this.actor !== actor || this.#view.ring?.id !== ring);
        if (!isMarkOld) return endWith(2, asked.refusal.sentence);
      }
      if (performance.now() > untilMs) return endWith(2, asked?.refusal.sentence ?? awaySentence(this.#at));
    }
  }

  /** Returns when another life than `before` serves, and those that belong are linked to it. */
  async nextLife(before: ActorId | undefined): Promise<void> {
    let isThere = false;
    for (const untilMs = performance.now() + awayMsMax; performance.now() < untilMs; await setTimeout(lookAgainMs)) {
      isThere = await this.#lookAgain();
      if (isThere && this.actor !== before) return this.linked();
    }
    return endWith(2, isThere ? `The relay at ${this.#at} was to begin anew, and has not.` : awaySentence(this.#at));
  }

  /** Returns when all that belong are linked to it, or when that takes too long: who is away is found silent. */
  async linked(): Promise<void> {
    for (const untilMs = performance.now() + linkedMsMax; performance.now() < untilMs; await setTimeout(lookAgainMs)) {
      await this.#lookAgain();
      const { self, ring, relays } = this.#view;
      const others = ring?.records.filter(({ relay, status }) => relay !== self && status !== "forgotten" && status !== "left") ?? [];
      if (others.every(({ relay }) => relays.some((member) => member.relay === relay && member.linked === true))) return;
    }
  }

  /** One try; undefined where it cannot be reached. */
  async #ask(what: string, body: object): Promise<Asked | undefined> {
    const mark = orderHeaders(this.#at, this.#view, { order: "verify", relay: this.#view.self }, this.#secret);
    const posted = await post(new URL(`/api/mesh/verify/${what}`, this.#at), mark, body).catch(() => undefined);
    if (posted === undefined) return undefined;
    const { status, json } = posted;
    if (status === 200 && json !== undefined) return { ok: true, answer: json };
    return { ok: false, refusal: refusalIn(json, status, this.#at) };
  }

  /** Whether it serves. */
  async #lookAgain(): Promise<boolean> {
    try {
      const view = (await (await fetch(new URL("/api/mesh", this.#at))).json()) as MeshAnswer;
      if (view.ring === undefined || view.relays[0] === undefined) return false;
      this.#view = view;
      return true;
    } catch {
      return false;
    }
  }
}

/** Not `fetch`, which gives up after five minutes without an answer. `json`: undefined where it is none. */
function post(url: URL, headers: Record<string, string>, body: object): Promise<{ readonly status: number; readonly json: unknown }> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === "https:" ? requestHttps : requestHttp;
    const signal = AbortSignal.timeout(answerMsMax);
    const sent = request(url, { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, signal }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, json: parsed(Buffer.concat(parts).toString()) }));
    });
    sent.on("error", reject);
    sent.on("socket", (socket) => socket.setKeepAlive(true, 30_000));
    sent.end(JSON.stringify(body));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function awaySentence(at: string): string {
  return `The relay at ${at} cannot be reached. It ends when something on its disk is damaged: start it, and verify once more.`;
}
