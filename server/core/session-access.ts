/**
 * SessionAccess: what one session may do, for as long as the application that said so stands by it.
 *
 *     granted ──expires, or is called into doubt──▶ due ──▶ shown anew, where the dialect has a word for it ──▶ asked
 *        ▲                                                     │ credentialMs                                     │
 *        ├── as before, or other rights ◀──────────────────────┴──────────────────────────────────────────────────┤
 *        ├── no answer, and what it was granted is not over yet: asked again when it is ◀─────────────────────────┤
 *        └                                                                   refused, or no answer ──▶ ended ◀────┘
 *
 * Until the answer a session may do what it might before: the question is asked up to a tenth early, by chance, so that of many that were
 * granted at once not all are asked about at once, and the application has time.
 *
 * A client is asked for something new to show where its protocol can say so; what it shows by itself meanwhile is kept for the next question,
 * but for the first that it shows: that is asked with at once.
 *
 * Invariants: what is not clearly allowed ends; of a session one question is under way, and whoever calls it into doubt meanwhile has another
 * one asked after that; else it is asked about at most every `grantMsMin`; it has one deadline at most; after `end` nothing happens.
 * Where no application is asked nothing expires, and the client's wish is what it may.
 */
import type { Refusal, Result } from "@inkmesh/shared/base/result";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Access } from "@inkmesh/shared/wire/client-message";
import type { Grant } from "./access.ts";
import type { Deadline } from "./deadlines.ts";
import type { Line } from "./line.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Opening } from "./session-message.ts";

/** Of its time a question may be asked early: so much of it, and so many milliseconds. */
const earlyShareMax = 0.1;
const earlyMsMax = 30_000;

/** What a session began with, where an application was asked. */
export interface Admission {
  readonly grant: Grant;
  /** What the client has shown for it. */
  readonly credential: string;
}

interface SessionAccessOptions {
  readonly context: RelayContext;
  readonly line: Line;
  readonly room: RoomName;
  readonly opening: Pick<Opening, "channel" | "access">;
  /** Undefined: no application is asked. */
  readonly admission: Admission | undefined;
  /** It may do more or less now, or is called something else. */
  readonly changed: () => void;
  readonly refuse: (refusal: Refusal) => void;
}

export class SessionAccess {
  readonly #options: SessionAccessOptions;
  readonly #deadline: Deadline;
  #admission: Admission | undefined;
  /** Monotonic: when what was granted is over, and when it is to be asked about. */
  #expiresMs = Number.POSITIVE_INFINITY;
  #dueMs = Number.POSITIVE_INFINITY;
  /** The client was asked for something to show, and has a moment for it. */
  #isToShow = false;
  /** No answer ends it: somebody has said that what was granted may be wrong. */
  #isDoubted = false;
  #isAsking = false;
  /** It fell due while it was asked about: what is answered may be of before. */
  #isDueAgain = false;
  #isEnded = false;

  constructor(options: SessionAccessOptions) {
    this.#options = options;
    this.#admission = options.admission;
    this.#deadline = { type: "access-due", connection: options.line.id, channel: options.opening.channel };
    if (options.admission !== undefined) this.#granted(options.admission.grant);
  }

  /** Who writes. */
  get principal(): string {
    return this.#admission?.grant.user ?? this.#options.line.principal;
  }

  /** What the client has shown; undefined where no application is asked. */
  get credential(): string | undefined {
    return this.#admission?.credential;
  }

  /** What the client wants to do and may. */
  get access(): Access {
    return this.#admission?.grant.access === "read-only" ? "read-only" : this.#options.opening.access;
  }

  /** What was granted may be wrong: the application is asked within `withinMs`, by chance of the caller. */
  doubt(withinMs: number): void {
    if (this.#admission === undefined || this.#isEnded) return;
    this.#isDoubted = true;
    if (!this.#isToShow) this.#setDue(Math.min(this.#dueMs, this.#nowMs + withinMs));
  }

  /** The client shows something else than before. */
  shown(credential: string): void {
    if (this.#admission === undefined || this.#isEnded) return;
    const isFirst = this.#admission.credential === "" && credential !== "";
    this.#admission = { ...this.#admission, credential };
    if (this.#isAsking) this.#isDueAgain ||= isFirst;
    else if (this.#isToShow || isFirst) this.#ask();
  }

  /** The deadline has come. */
  due(): void {
    const { context, line, opening } = this.#options;
    this.#dueMs = Number.POSITIVE_INFINITY;
    if (this.#isAsking) return void (this.#isDueAgain = true);
    if (!line.dialect.showsLater || this.#isToShow) return this.#ask();
    this.#isToShow = true;
    line.send({ type: "credential-request", channel: opening.channel });
    this.#setDue(this.#nowMs + context.limits.credentialMs);
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#setDue(Number.POSITIVE_INFINITY);
  }

  #ask(): void {
    const { context, line, room } = this.#options;
    if (this.#admission === undefined) return;
    this.#isToShow = false;
    this.#isAsking = true;
    this.#setDue(Number.POSITIVE_INFINITY);
    const seq = context.accesses.ask((result) => this.#answered(result));
    const ask = { dialect: line.dialect.name, room, credential: this.#admission.credential, isAgain: true };
    context.effect({ type: "ask-access", seq, connection: line.id, ask });
  }

  #answered(result: Result<Grant>): void {
    if (this.#isEnded) return;
    this.#isAsking = false;
    if (this.#isDueAgain) this.#setDue(this.#nowMs);
    this.#isDueAgain = false;
    if (result.ok) return this.#grantedAgain(result.value);
    const isOver = this.#isDoubted || this.#expiresMs <= this.#nowMs;
    if (result.refusal.code === "NOT_ALLOWED" || isOver) return this.#options.refuse(result.refusal);
    this.#setDue(Math.min(this.#expiresMs, this.#nowMs + this.#options.context.limits.grantMsMax));
  }

  #grantedAgain(grant: Grant): void {
    const before = [this.access, this.principal];
    this.#admission = { grant, credential: this.#admission?.credential ?? "" };
    // What fell due since was called into doubt: nothing else does while it is asked about.
    this.#isDoubted = this.#dueMs < Number.POSITIVE_INFINITY;
    this.#granted(grant);
    if (before[0] !== this.access || before[1] !== this.principal) this.#options.changed();
  }

  #granted({ expiresInMs = Number.POSITIVE_INFINITY }: Grant): void {
    const { limits, random } = this.#options.context;
    this.#expiresMs = this.#nowMs + Math.max(expiresInMs, limits.grantMsMin);
    if (expiresInMs === Number.POSITIVE_INFINITY) return;
    const ms = Math.min(this.#expiresMs - this.#nowMs, limits.grantMsMax);
    const early = random.fraction() * Math.min(ms * earlyShareMax, earlyMsMax);
    this.#setDue(Math.min(this.#dueMs, this.#nowMs + Math.max(ms - early, limits.grantMsMin)));
  }

  #setDue(atMs: number): void {
    const { deadlines } = this.#options.context;
    this.#dueMs = atMs;
    if (atMs === Number.POSITIVE_INFINITY) deadlines.clear(this.#deadline);
    else deadlines.set(this.#deadline, atMs);
  }

  get #nowMs(): number {
    return this.#options.context.now.monotonicMs;
  }
}
