/**
 * BreakingSocket: a WebSocket over a pretended bad line.
 *
 *     client ──▶ [ a delay, in order ] ──▶ WebSocket ──▶ [ a delay, in order ] ──▶ client
 *                          └────── after a while both sides are cut ──────┘
 *
 * A WebSocket never loses a single message, since TCP sends it again; what a bad line does is delay everything and break
 * at some moment, and what is under way then is lost. So does this.
 *
 * Invariants: messages keep their order, each way; after a cut, or after the client has closed, the client hears nothing
 * any more, but for the end that a cut is.
 */
import type { WebSocketLike } from "@inkmesh/client";

export interface BadLine {
  readonly connect: () => WebSocketLike;
  /** How long the next thing takes, in ms; asked for each. */
  readonly delayMs: () => number;
  /** How long until the line breaks, in ms. */
  readonly lastsMs: number;
}

/** What a socket that broke says: "abnormal closure", without a word from the other side. */
const brokenCode = 1006;

export class BreakingSocket implements WebSocketLike {
  binaryType = "blob";
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly #line: BadLine;
  readonly #there: Lane;
  readonly #back: Lane;
  readonly #breaks: ReturnType<typeof setTimeout>;
  #socket: WebSocketLike | undefined;
  #hasEnded = false;

  constructor(line: BadLine) {
    this.#line = line;
    this.#there = new Lane(line.delayMs);
    this.#back = new Lane(line.delayMs);
    this.#breaks = setTimeout(() => this.cut(), line.lastsMs);
    // The other side learns of the client when the first packet has come through, not before: it waits for a hello then.
    this.#there.put(() => this.#connect());
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    // The caller may use its buffer for something else meanwhile.
    const copy = frame.slice();
    this.#there.put(() => this.#socket?.send(copy));
  }

  close(code?: number): void {
    this.#end();
    this.#there.put(() => this.#socket?.close(code));
  }

  /** Breaks the line. What is under way is lost. */
  cut(): void {
    if (this.#hasEnded) return;
    const { onclose } = this;
    this.#end();
    this.#there.lose();
    this.#socket?.close();
    onclose?.({ code: brokenCode } as never);
  }

  #connect(): void {
    const socket = this.#line.connect();
    this.#socket = socket;
    socket.binaryType = this.binaryType;
    socket.onopen = (event) => this.onopen?.(event);
    socket.onmessage = (event) => this.#back.put(() => this.onmessage?.(event));
    socket.onclose = (event) =>
      this.#back.put(() => {
        const { onclose } = this;
        this.#end();
        onclose?.(event);
      });
    socket.onerror = (event) => this.onerror?.(event);
  }

  #end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#breaks);
    this.#back.lose();
    this.onopen = this.onmessage = this.onclose = this.onerror = null;
  }
}

/** One direction: what is put in comes out later, in order. */
class Lane {
  readonly #delayMs: () => number;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #lastMs = 0;

  constructor(delayMs: () => number) {
    this.#delayMs = delayMs;
  }

  put(arrive: () => void): void {
    const nowMs = performance.now();
    this.#lastMs = Math.max(this.#lastMs, nowMs + this.#delayMs());
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      arrive();
    }, this.#lastMs - nowMs);
    this.#timers.add(timer);
  }

  lose(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
