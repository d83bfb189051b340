/**
 * RoomTrials: what somebody brought to a room is tried on a worker before anything of it is let in, where its kind of document can fail over it.
 *
 *     brought ──▶ waiting ──one trial at a time, with all that waits──▶ tried ──in the order in which it was brought──▶ let in, or not
 *                    ▲                                                   │
 *                    └── the worker was lost: each of them alone ◀───────┘   (lost again: it is that one, and is refused)
 *
 * A worker keeps the documents that were tried last, and is told what other relays let in; where it knows a document no more it is told all of it.
 * Nothing is kept there that a worker's death could lose. A document there that is ahead of the room, since something that applied was not let in, is
 * forgotten.
 *
 * Invariants: everything is answered once, in the order in which it was brought; one trial of a room is under way; nothing is answered while the
 * room is not what it was tried on: that waits, and is asked for again. Rooms that need no trial pass at once.
 */
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { Refusal, Result } from "@inkmesh/shared/base/result";
import type { TrialAnswer, TrialVerdict } from "@inkmesh/shared/engine/update-trial";
import { partsOf } from "./join-plan.ts";
import type { RelayContext } from "./relay-context.ts";
import type { RoomContent } from "./room-content.ts";
import { isApplied, untried, type TriedUpdate } from "./tried-update.ts";

/** The room, as its trials see it. */
interface TriedRoom {
  readonly engine: { readonly needsTrial: boolean };
  readonly lineage: Lineage;
  readonly content: RoomContent;
  readonly isOpen: boolean;
  touched(): void;
}

type Then = (tried: readonly TriedUpdate[]) => void;

interface Brought {
  /** Of the document for which it was brought. */
  readonly lineage: Lineage;
  readonly updates: readonly Uint8Array[];
  readonly verdicts: (TrialVerdict | undefined)[];
  readonly bytes: number;
  readonly then: Then;
}

/** Bytes of what came from elsewhere beyond which the worker is told everything anew. */
const newsBytesMax = 1024 * 1024;

/** As often a worker may say that it does not know a document which it was just told. */
const unknownMax = 2;

const refusedFor = ({ code, detail }: Refusal): TrialVerdict => ({ type: "refused", refusal: { code, detail } });
/** It cannot be tried now: whoever brought it may bring it again. */
const notNow: TrialVerdict = { type: "not-now" };

export class RoomTrials {
  readonly #context: RelayContext;
  readonly #room: TriedRoom;
  readonly #waiting: Brought[] = [];
  #waitingBytes = 0;
  #running: readonly Brought[] = [];
  /** Each is tried by itself: over one of them a worker was lost. */
  #isAlone = false;
  #unknown = 0;
  /** Whether the worker has the document, but for what is in `#news`. */
  #isKnown = false;
  #news: Uint8Array[] = [];
  #newsBytes = 0;
  /** What the worker's document holds, and the room not yet. */
  readonly #ahead = new Set<TriedUpdate>();

  constructor(context: RelayContext, room: TriedRoom) {
    this.#context = context;
    this.#room = room;
  }

  get isRunning(): boolean {
    return this.#running.length > 0;
  }

  /** `mayWrite`: of somebody who may not, nothing will be let in, and nothing is tried. */
  run(updates: readonly Uint8Array[], mayWrite: boolean, then: Then): void {
    if (!this.#room.engine.needsTrial) return then(updates.map(untried));
    const bytes = updates.reduce((sum, update) => sum + update.length, 0);
    const isTooMuch = this.#waitingBytes + bytes > 2 * this.#context.limits.stateBytesMax;
    const verdict: TrialVerdict | undefined = isTooMuch ? notNow : mayWrite ? undefined : { type: "waits" };
    const { lineage } = this.#room;
    this.#waiting.push({ lineage, updates, verdicts: updates.map(() => verdict), bytes: isTooMuch ? 0 : bytes, then });
    this.#waitingBytes += isTooMuch ? 0 : bytes;
    this.#next();
  }

  /** It is in the room now, as it was tried. */
  letIn(tried: TriedUpdate): void {
    this.#ahead.delete(tried);
  }

  /** Another relay let it in. */
  heard(update: Uint8Array): void {
    if (!this.#isKnown) return;
    this.#news.push(update);
    this.#newsBytes += update.length;
    if (this.#newsBytes > newsBytesMax) this.#forget();
  }

  /** The room begins anew: a worker that knows it knows another one. */
  begin(): void {
    this.#forget();
  }

  #next(): void {
    if (this.isRunning || this.#waiting.length === 0) return;
    this.#running = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    this.#isAlone = false;
    this.#unknown = 0;
    this.#try();
  }

  /** What of what is under way has not been answered, each as (whose, which). */
  #undecided(): readonly (readonly [Brought, number])[] {
    const all = this.#running.flatMap((brought) => brought.verdicts.map((verdict, at) => [brought, at, verdict] as const));
    return all.filter(([, , verdict]) => verdict === undefined).map(([brought, at]) => [brought, at]);
  }

  #try(): void {
    const undecided = this.#undecided();
    if (undecided.length === 0) return this.#finish();
    const tried = this.#isAlone ? undecided.slice(0, 1) : undecided;
    const { lineage, content } = this.#room;
    const updates = tried.map(([{ updates: brought }, at]) => brought[at]!);
    const trial = { parts: this.#isKnown ? undefined : partsOf(content), news: this.#news, updates };
    this.#forgetNews();
    this.#isKnown = true;
    const seq = this.#context.trials.ask((result) => {
      if (!this.#isAsBefore(lineage))
        decide(
          undecided,
          undecided.map(() => notNow),
        );
      else this.#answered(tried, result);
      this.#try();
    });
    this.#context.effect({ type: "try-updates", lineage, seq, trial });
  }

  #isAsBefore({ generation }: Lineage): boolean {
    return this.#room.isOpen && this.#room.lineage.generation === generation;
  }

  #answered(tried: readonly (readonly [Brought, number])[], result: Result<TrialAnswer>): void {
    if (!result.ok) return this.#lost(tried, result.refusal);
    const answer = result.value;
    if (answer.type === "unknown") {
      this.#forget();
      this.#unknown += 1;
      if (this.#unknown > unknownMax)
        decide(
          tried,
          tried.map(() => notNow),
        );
      return;
    }
    if (answer.isSpent) this.#forget();
    decide(tried, answer.verdicts.length === 0 ? tried.map(() => notNow) : answer.verdicts);
  }

  /** The worker is gone, with whatever it knew. */
  #lost(tried: readonly (readonly [Brought, number])[], refusal: Refusal): void {
    this.#forget();
    if (refusal.code !== "UNAPPLICABLE")
      decide(
        tried,
        tried.map(() => notNow),
      );
    else if (tried.length === 1) decide(tried, [refusedFor(refusal)]);
    else this.#isAlone = true;
  }

  #finish(): void {
    const brought = this.#running;
    this.#running = [];
    for (const { lineage, updates, verdicts, then } of brought) {
      // Also what was found to apply in an earlier round was found so for a document that may be no more.
      const isAsBefore = this.#isAsBefore(lineage);
      const tried = updates.map((bytes, at) => ({ bytes, verdict: isAsBefore ? verdicts[at] : notNow }));
      for (const each of tried) if (isApplied(each)) this.#ahead.add(each);
      then(tried);
    }
    // What applied and was not let in, for whatever reason, is not to be taken for known when it comes again.
    if (this.#ahead.size > 0) this.#forget();
    this.#room.touched();
    this.#next();
  }

  #forget(): void {
    this.#isKnown = false;
    this.#ahead.clear();
    this.#forgetNews();
  }

  #forgetNews(): void {
    this.#news = [];
    this.#newsBytes = 0;
  }
}

/** The first of `tried` were judged so; the others are tried again. */
function decide(tried: readonly (readonly [Brought, number])[], verdicts: readonly TrialVerdict[]): void {
  for (const [at, verdict] of verdicts.entries()) {
    const place = tried[at];
    if (place !== undefined) place[0].verdicts[place[1]] = verdict;
  }
}
