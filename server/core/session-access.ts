/**
 * SessionAccess: what one session may do, for as long as the application that said so stands by it.
 *
 *     granted ──expires, or is called into doubt──▶ due ──▶ shown anew, where the dialect has a word for it ──▶ asked
 *        ▲                                                     │ credentialMs                                     │
 *        ├── as before, or other rights ◀──────────────────────┴──────────────────────────────────────────────────┤
 *        ├── no answer, and what it was granted is not over yet: asked again when it is ◀─────────────────────────┤
 *        └                                                                   refused, or no answer ──▶ ended ◀────┘
 *
 * Until the answer a session may do what it might before. The question is asked so early that it can be asked once more where there is no
 * answer, and up to a tenth earlier than that, by chance, so that of many that were granted at once not all are asked about at once.
 *
 * A client is asked for something new to show where its protocol can say so; what it shows by itself meanwhile is kept for the next question,
 * but for the first that it shows: that is asked with at once. Who showed something else while the question with what was shown before was under
 * way is refused only with that, once: whoever shows anything for ever is out all the same.
 *
 * Invariants: what is not clearly allowed ends; of a session one question is under way, and an answer of before it was called into doubt changes
 * nothing and is asked for once more; else it is asked about at most every `grantMsMin`; it has a deadline, one at most, from `begin` to
 * `end`, which is what its channel knows it by, and without one nothing is asked. Where no application is asked nothing expires, and the
 * client's wish is what it may.
 */
import type { Refusal, Result } from "@inkmesh/shared/base/result";
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Access } from "@inkmesh/shared/wire/client-message";
import type { Grant } from "./access.ts";
import type { Deadline } from "./deadlines.ts";
import type { Line } from "./line.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Opening } from "./session-message.ts";

/** Of its time a question is asked early to have time for an answer: so much of it at most. */
const leastEarlyShareMax = 0.5;
/** And earlier than that by chance: so much of it, and so many milliseconds. */
const earlyShareMax = 0.1;
const earlyMsMax = 30_000;

interface Question {
  /** What the client had shown. */
  readonly credential: string;
  /** How many doubts there were. */
  readonly doubts: number;
  /** What was shown while the one before was under way: there is no other after it. */
  readonly isLast: boolean;
  /** The session was called into doubt meanwhile. */
  isDoubted: boolean;
}

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
  /** It may do more or less now. */
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
  #asking: Question | undefined;
  /** From `begin` to `end`. */
  #isWatched = false;

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

  /** It was called into doubt, and nobody was asked since. */
  get isDoubted(): boolean {
    return this.#isDoubted && this.#asking === undefined;
  }

  /** What was granted counts for nothing unless somebody asks again. */
  get isLapsed(): boolean {
    return this.#admission !== undefined && (this.#isDoubted || this.#expiresMs <= this.#nowMs);
  }

  /** From now on it is looked after: its client has it open. */
  begin(): void {
    this.#isWatched = this.#admission !== undefined;
    this.#setDue(this.#dueMs);
  }

  /** What was granted may be wrong: the application is asked at `atMs` at the latest. */
  doubt(atMs: number): void {
    this.#isDoubted = true;
    if (this.#asking !== undefined) this.#asking.isDoubted = true;
    if (!this.#isToShow) this.#setDue(Math.min(this.#dueMs, atMs));
  }

  /** The client shows something else than before. */
  shown(credential: string): void {
    if (this.#admission === undefined || !this.#isWatched) return;
    const isFirst = this.#admission.credential === "" && credential !== "";
    this.#admission = { ...this.#admission, credential };
    if (this.#asking === undefined && (this.#isToShow || isFirst)) this.#ask();
  }

  /** The deadline has come. What falls due while it is asked about waits for the answer. */
  due(): void {
    const { context, line, opening } = this.#options;
    if (this.#asking !== undefined) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    if (!line.dialect.showsLater || this.#isToShow) return this.#ask();
    this.#isToShow = true;
    line.send({ type: "credential-request", channel: opening.channel });
    this.#setDue(this.#nowMs + context.limits.credentialMs);
  }

  end(): void {
    this.#setDue(Number.POSITIVE_INFINITY);
    this.#isWatched = false;
  }

  #ask(isLast = false): void {
    const { context, line, room } = this.#options;
    if (this.#admission === undefined) return;
    const { credential } = this.#admission;
    this.#isToShow = false;
    this.#setDue(Number.POSITIVE_INFINITY);
    const question = { credential, doubts: context.accessDoubts.count, isLast, isDoubted: false };
    this.#asking = question;
    const seq = context.accesses.ask((result) => this.#answered(question, result));
    const ask = { dialect: line.dialect.name, room, credential, isAgain: true };
    context.effect({ type: "ask-access", seq, connection: line.id, ask });
  }

  #answered(question: Question, result: Result<Grant>): void {
    if (!this.#isWatched) return;
    this.#asking = undefined;
    if (this.#dueMs < Number.POSITIVE_INFINITY) this.#setDue(Math.max(this.#dueMs, this.#nowMs));
    if (result.ok && this.#isOfBefore(question, result.value)) return this.#askInDoubt(question.isLast);
    const isRefused = !result.ok && result.refusal.code === "NOT_ALLOWED";
    const isToAskAnew = this.#admission?.credential !== question.credential && !question.isLast;
    if (isToAskAnew && isRefused) return this.#askInDoubt(true);
    if (result.ok) {
      this.#isDoubted = question.isDoubted;
      this.#grantedAgain(result.value);
    } else if (isRefused || this.isLapsed) return this.#options.refuse(result.refusal);
    else this.#setDue(Math.min(this.#dueMs, this.#expiresMs, this.#nowMs + this.#options.context.limits.grantMsMax));
    if (isToAskAnew && question.credential === "" && this.#isWatched) this.#ask(!result.ok);
  }

  /** Nothing but a grant keeps it. */
  #askInDoubt(isLast: boolean): void {
    this.#isDoubted = true;
    this.#ask(isLast);
  }

  #isOfBefore({ doubts }: Question, { user }: Grant): boolean {
    const { context, room } = this.#options;
    return context.accessDoubts.mean({ room, user }, doubts);
  }

  #grantedAgain(grant: Grant): void {
    const before = this.access;
    this.#admission = { grant, credential: this.#admission?.credential ?? "" };
    this.#granted(grant);
    if (before !== this.access) this.#options.changed();
  }

  #granted({ expiresInMs = Number.POSITIVE_INFINITY }: Grant): void {
    const { limits, random, accessAnswerMs } = this.#options.context;
    this.#expiresMs = this.#nowMs + Math.max(expiresInMs, limits.grantMsMin);
    if (expiresInMs === Number.POSITIVE_INFINITY) return;
    const ms = Math.min(this.#expiresMs - this.#nowMs, limits.grantMsMax);
    const least = Math.min(accessAnswerMs + limits.credentialMs, ms * leastEarlyShareMax);
    const early = least + random.fraction() * Math.min(ms * earlyShareMax, earlyMsMax);
    this.#setDue(Math.min(this.#dueMs, this.#nowMs + Math.max(ms - early, limits.grantMsMin)));
  }

  #setDue(atMs: number): void {
    const { deadlines } = this.#options.context;
    this.#dueMs = atMs;
    if (!this.#isWatched) return;
    if (atMs === Number.POSITIVE_INFINITY) deadlines.clear(this.#deadline);
    else deadlines.set(this.#deadline, atMs);
  }

  get #nowMs(): number {
    return this.#options.context.now.monotonicMs;
  }
}
