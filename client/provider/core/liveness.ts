/**
 * Liveness: whether the relay at the other end of a line still says something, and how long its silence is borne.
 *
 *     nowhere else to go    a ping every 15 s; 30 s without a word: dead
 *     another relay there   3 s without a word ──▶ ping ──2 s──▶ ping again ──1.5 to 3 s, by chance──▶ dead
 *
 * Any frame is a word. Twice, because a look that comes late (a machine that slept, a tab in the background, a page that was busy)
 * says nothing of the relay: the answer to the first ping may be waiting behind that look, and the second one has its time after it.
 * By chance, so that a relay that stalls for some seconds loses those who know of others one by one.
 *
 * An answer takes what the last one took, and waits behind all that is under way: the pings have so much more time, and while a
 * document is arriving (`isHurried` is false then) it is the patience of who has nowhere else to go.
 *
 * Invariants: a hurried line is dead only after two pings since the last word, each of which had its time; one that is not hurried
 * draws no chance.
 */
import type { Random } from "@inkmesh/shared/base/random";
import type { ClientLimits } from "./client-limits.ts";

interface Ping {
  readonly nonce: number;
  readonly sentMs: number;
  /** A probe: when silence after it means a dead line. */
  readonly deadMs: number;
  /** How much was sent since it was. */
  bytesSince: number;
}

/** The pings that a hurried line was asked with since the last word, and until when the last of them has time. */
interface Asking {
  readonly pings: number;
  readonly untilMs: number;
}

export class Liveness {
  readonly #limits: ClientLimits;
  readonly #random: Random;
  #heardMs: number;
  #pingDueMs: number;
  /** The one that is not answered yet. */
  #ping: Ping | undefined;
  #asking: Asking | undefined;
  #roundTripMs = 0;
  /** When the slowest line that is waited for has taken all that was sent. */
  #emptyMs: number;
  /** Whether there is another relay to go to, and nothing big on its way from this one. */
  isHurried = false;

  constructor(options: { limits: ClientLimits; random: Random; nowMs: number }) {
    this.#limits = options.limits;
    this.#random = options.random;
    this.#heardMs = options.nowMs;
    this.#pingDueMs = options.nowMs;
    this.#emptyMs = options.nowMs;
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#asking = undefined;
  }

  sent(bytes: number, nowMs: number): void {
    this.#emptyMs = Math.max(this.#emptyMs, nowMs) + this.#takesMs(bytes);
    if (this.#ping !== undefined) this.#ping.bytesSince += bytes;
  }

  /** `patienceMs`: how long a probe may take to be answered; ∞: it is none. */
  pinged(nonce: number, patienceMs: number, nowMs: number): void {
    this.#ping = { nonce, sentMs: nowMs, deadMs: nowMs + patienceMs, bytesSince: 0 };
    this.#pingDueMs = nowMs + this.#limits.pingEveryMs;
  }

  /** Answers the round trip, in ms; undefined for an answer to an earlier ping. */
  ponged(nonce: number, nowMs: number): number | undefined {
    const ping = this.#ping;
    if (ping?.nonce !== nonce) return undefined;
    this.#ping = undefined;
    this.#emptyMs = Math.min(this.#emptyMs, nowMs + this.#takesMs(ping.bytesSince));
    this.#roundTripMs = nowMs - ping.sentMs;
    return this.#roundTripMs;
  }

  /** When `look` has something to say, in monotonic ms. */
  get deadline(): number {
    return Math.min(this.#pingDueMs, this.#deadMs, this.isHurried ? this.#doubtMs : Infinity);
  }

  /** What is to be done by now. */
  look(nowMs: number): "ping" | "dead" | undefined {
    if (this.#deadMs <= nowMs) return "dead";
    if (this.isHurried && this.#doubtMs <= nowMs) return this.#doubt(nowMs);
    return this.#pingDueMs <= nowMs ? "ping" : undefined;
  }

  /** When a line that stays silent is dead all the same: at a probe's end, and for who is not hurried after the whole silence. */
  get #deadMs(): number {
    const silentMs = this.isHurried ? Infinity : this.#heardMs + this.#limits.silenceMs;
    return this.#ping !== undefined && this.#heardMs <= this.#ping.sentMs ? Math.min(silentMs, this.#ping.deadMs) : silentMs;
  }

  get #doubtMs(): number {
    return this.#asking === undefined ? this.#heardMs + this.#limits.quietMs : this.#asking.untilMs;
  }

  #doubt(nowMs: number): "ping" | "dead" {
    const pings = (this.#asking?.pings ?? 0) + 1;
    if (pings > 2) return "dead";
    const { answerMs, silenceMs } = this.#limits;
    const waitMs = pings === 1 ? answerMs : answerMs * (0.75 + 0.75 * this.#random.fraction());
    const slownessMs = Math.max(0, this.#emptyMs - nowMs) + this.#roundTripMs;
    this.#asking = { pings, untilMs: nowMs + waitMs + Math.min(silenceMs, slownessMs) };
    return "ping";
  }

  #takesMs(bytes: number): number {
    return (bytes * 1_000) / this.#limits.slowBytesPerSecond;
  }
}
