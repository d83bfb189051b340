/**
 * OpenListeners: who listens to what happens to documents, and for how long they may without being asked about again.
 *
 *     listens ──expires, or is called into doubt──▶ asked about ──granted──▶ listens
 *                                                       ├── no answer, and what was granted is not over yet: asked again when it is
 *                                                       └── refused, or no answer ──▶ cut off
 *
 * They are asked about while they listen: an EventSource that comes back and finds the application slow would stop for good. Of many each is
 * asked about at a moment of its own, as sessions are (`server/core/session-access.ts`).
 *
 * Whoever is cut off is so at once, with what it has not read: it comes back with the last event that it had. One that is only told that nothing
 * follows would be told of events until it has read that.
 *
 * Invariants: a response that is over, or was before it came here, is forgotten; so no more are kept than there are requests under way; what is
 * not clearly allowed is cut off.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Result } from "@inkmesh/shared/base/result";
import type { Response } from "express";
import type { Grant } from "../core/access.ts";
import { means, type Whom } from "../core/access-doubts.ts";

/** Milliseconds: nobody listens for longer without a question where what they may has an end. More than a timer can count would be none at all. */
const stretchMsMax = 86_400_000;
/** Of its time a question is asked early: so much of it at most. */
const earlyShareMax = 0.5;
/** Milliseconds per listener that is called into doubt: a thousand a second. */
const msPerListener = 1;

/** What is granted for one document; undefined: for all. */
export interface Heard {
  readonly room: RoomName | undefined;
  readonly grant: Grant;
}

/** Asks about all that somebody listens to. Never rejects. */
export type AskAgain = () => Promise<Result<readonly Heard[]>>;

interface Listener {
  readonly response: Response;
  readonly ask: AskAgain;
  heard: readonly Heard[];
  expiresMs: number;
  isDoubted: boolean;
  isAsking: boolean;
  due: NodeJS.Timeout | undefined;
}

export class OpenListeners {
  readonly #open = new Set<Listener>();
  readonly #answerMs: number;

  /** `answerMs`: a question is answered within. */
  constructor({ answerMs }: { readonly answerMs: number }) {
    this.#answerMs = answerMs;
  }

  get size(): number {
    return this.#open.size;
  }

  /** False: whoever asked has gone meanwhile. */
  add(response: Response, heard: readonly Heard[], ask: AskAgain): boolean {
    if (response.destroyed) return false;
    const listener: Listener = { response, ask, heard, expiresMs: 0, isDoubted: false, isAsking: false, due: undefined };
    this.#open.add(listener);
    response.once("close", () => {
      clearTimeout(listener.due);
      this.#open.delete(listener);
    });
    this.#granted(listener, heard);
    return true;
  }

  /** What was granted to those who are meant may be wrong. */
  doubt(whom: Whom): void {
    const meant = [...this.#open].filter(
      ({ heard, isDoubted }) => !isDoubted && heard.some(({ room, grant }) => means(whom, { room, user: grant.user })),
    );
    for (const listener of meant) {
      listener.isDoubted = true;
      this.#setDue(listener, Math.random() * meant.length * msPerListener);
    }
  }

  #granted(listener: Listener, heard: readonly Heard[]): void {
    const leftMs = Math.min(...heard.map(({ grant }) => grant.expiresInMs ?? Number.POSITIVE_INFINITY));
    Object.assign(listener, { heard, isDoubted: false, expiresMs: performance.now() + leftMs });
    clearTimeout(listener.due);
    const ms = Math.min(leftMs, stretchMsMax);
    const early = Math.min(this.#answerMs * (1 + Math.random()), ms * earlyShareMax);
    if (leftMs < Number.POSITIVE_INFINITY) this.#setDue(listener, ms - early);
  }

  #setDue(listener: Listener, ms: number): void {
    clearTimeout(listener.due);
    listener.due = setTimeout(() => void this.#askAgain(listener), ms).unref();
  }

  /** A doubt that comes meanwhile is waited for by whoever answers. */
  async #askAgain(listener: Listener): Promise<void> {
    if (listener.isAsking) return;
    listener.isAsking = true;
    const result = await listener.ask();
    listener.isAsking = false;
    if (!this.#open.has(listener)) return;
    if (result.ok) return this.#granted(listener, result.value);
    const leftMs = listener.expiresMs - performance.now();
    if (result.refusal.code === "NOT_ALLOWED" || listener.isDoubted || leftMs <= 0) listener.response.destroy();
    else this.#setDue(listener, Math.min(leftMs, stretchMsMax));
  }
}
