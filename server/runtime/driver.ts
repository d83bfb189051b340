/**
 * The driver: the one loop around the pure core. (The simulator has the other.)
 *
 *     sockets ─┐                              ┌─▶ sockets   one write per socket and turn
 *     disk    ─┤                              ├─▶ disk      one group commit
 *     workers ─┼─▶ inputs ─▶ step … step ─▶ turn-ended ─▶ effects
 *     HTTP    ─┤   of one turn, one `now`     ├─▶ workers, HTTP, reports
 *     timer   ─┘                              └─▶ one timer, for nextDeadline()
 *
 * All inputs that arrive before the loop comes round are stepped with one `now`; then `turn-ended` is stepped; then all
 * effects are performed. So batching and group commit come for free.
 *
 * Invariants: C3, effects are performed in order (a socket's sends keep theirs, a close comes after the sends before
 * it); C5, one timer; a promise of durability is the core's and follows `log-appended`, which follows the fsync. What the
 * core throws is a bug of ours and ends the process; what a store or worker throws becomes an input with a code.
 * Knows neither ws, nor express, nor SQLite.
 */
import { unreachable } from "@inkmesh/shared/base/assert";
import type { Instant } from "@inkmesh/shared/base/instant";
import type { ConnectionId, Lineage, LinkId, RequestId } from "@inkmesh/shared/base/ids";
import { refused, type Result } from "@inkmesh/shared/base/result";
import type { EngineCall } from "@inkmesh/shared/engine/crdt-engine";
import type { TrialAnswer, UpdateTrial } from "@inkmesh/shared/engine/update-trial";
import type { AccessAsk, Grant } from "../core/access.ts";
import type { RelayEffect, Report, RoomAnswer } from "../core/effect.ts";
import type { RelayInput } from "../core/input.ts";
import type { KeptMesh } from "../core/membership/belonging.ts";
import type { RoomRecord } from "../core/stored-room.ts";
import type { UpdateLog } from "../log/update-log.ts";
import { GroupCommit, type AppendEffect, type CommitFigures } from "./group-commit.ts";
import type { Clock } from "./system-clock.ts";

/** The core, as its driver sees it. */
export interface SteppedRelay {
  step(input: RelayInput, now: Instant): readonly RelayEffect[];
  nextDeadline(): number | undefined;
}

/** Per connection the lists of messages that it is sent this turn. */
export type OutgoingTurn = ReadonlyMap<ConnectionId, readonly (readonly Uint8Array[])[]>;

/** Client sockets, as the driver sees them. Unknown connections are ignored: they closed meanwhile. */
export interface Sockets {
  /** What a turn has for each socket: one socket write with all lists, in order. A list that goes to many is the same array. */
  write(turn: OutgoingTurn): void;
  close(connection: ConnectionId, code: number, reason: string): void;
  pauseReading(connection: ConnectionId, paused: boolean): void;
}

/** Sockets to other relays, as the driver sees them. Unknown links are ignored: they closed meanwhile. */
export interface LinkSockets {
  /** One socket write. `asks`: `link-taken` is told when the system has everything that the link was given so far. */
  write(link: LinkId, frames: readonly Uint8Array[], asks: boolean): void;
  close(link: LinkId, code: number, reason: string): void;
  /** Opens a socket to every machine that the address names. */
  dial(address: string): void;
  /** Keeps what the relay knows of its mesh; where it `isFirst`, before this returns. */
  keep(kept: KeptMesh, isFirst: boolean): void;
}

/** Heavy engine work, first in first out per room. */
export interface EnginePool {
  call(lineage: Lineage, call: EngineCall): Promise<Result<Uint8Array>>;
}

/** Where updates are tried. Refused with UNAPPLICABLE where a worker was lost over it. */
export interface TrialPool {
  try(lineage: Lineage, trial: UpdateTrial): Promise<Result<TrialAnswer>>;
}

export interface DriverOptions {
  readonly relay: SteppedRelay;
  readonly sockets: Sockets;
  /** Undefined for a relay without a mesh. */
  readonly links?: LinkSockets | undefined;
  readonly log: Pick<
    UpdateLog,
    | ("append" | "load" | "compact" | "putRecord" | "dropCopies" | "keepHash" | "putWholeRing" | "rooms")
    | ("historyCoverage" | "historyPiece" | "takeHistory" | "historyGaps")
    | ("putBlob" | "blob" | "blobsOf" | "blobGaps")
  >;
  readonly engines: EnginePool;
  readonly trials: TrialPool;
  /** Whether a client may have a room; asked only where the relay asks. */
  readonly access?: { ask(connection: ConnectionId, ask: AccessAsk): Promise<Result<Grant>> } | undefined;
  readonly clock: Clock;
  readonly commitPauseMs: number;
  readonly answer: (request: RequestId, answer: RoomAnswer) => void;
  readonly report: (report: Report) => void;
  readonly committed: (figures: CommitFigures) => void;
}

/** Effects that are answered by an input with their number. */
type Question = Exclude<Extract<RelayEffect, { readonly seq: number }>, AppendEffect>;

export class Driver {
  readonly #options: DriverOptions;
  readonly #commits: GroupCommit;
  #inputs: RelayInput[] = [];
  #turnIsDue = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs: number | undefined;
  #halted = false;

  constructor(options: DriverOptions) {
    this.#options = options;
    const { log, clock, commitPauseMs: pauseMs, committed } = options;
    this.#commits = new GroupCommit({ log, clock, pauseMs, committed, answer: (input) => this.enqueue(input) });
  }

  /** Takes note of an input for the turn that comes next. */
  enqueue(input: RelayInput): void {
    if (this.#halted) return;
    this.#inputs.push(input);
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    setImmediate(() => this.#turn());
  }

  /** Steps nothing from now on. */
  halt(): void {
    this.#halted = true;
    clearTimeout(this.#timer);
  }

  #turn(): void {
    this.#turnIsDue = false;
    if (this.#halted) return;
    const { relay, clock } = this.#options;
    const now = clock.now();
    const inputs = this.#inputs;
    this.#inputs = [];
    const effects: RelayEffect[] = [];
    for (const input of inputs) collect(effects, relay.step(input, now));
    collect(effects, relay.step({ type: "turn-ended" }, now));
    this.#perform(effects);
    this.#setTimer(now.monotonicMs);
  }

  #perform(effects: readonly RelayEffect[]): void {
    const { sockets, links, report, answer } = this.#options;
    const outgoing = new Map<ConnectionId, (readonly Uint8Array[])[]>();
    const appends: AppendEffect[] = [];
    const later: (() => void)[] = [];
    for (const effect of effects) {
      if (effect.type === "send") addLists(outgoing, effect.to, effect.frames);
      else if (effect.type === "append-log") appends.push(effect);
      else if (effect.type === "close") later.push(() => sockets.close(effect.connection, effect.code, effect.reason));
      else if (effect.type === "pause-reading") later.push(() => sockets.pauseReading(effect.connection, effect.paused));
      else if (effect.type === "respond") later.push(() => answer(effect.request, effect.answer));
      else if (effect.type === "report") report(effect.report);
      else if (effect.type === "keep-mesh") links?.keep(effect.kept, effect.isFirst);
      else if (effect.type === "send-link") later.push(() => links?.write(effect.link, effect.frames, effect.asks));
      else if (effect.type === "close-link") later.push(() => links?.close(effect.link, effect.code, effect.reason));
      else if (effect.type === "dial") later.push(() => links?.dial(effect.address));
      else if (effect.type === "keep-whole-ring") later.push(() => void this.#options.log.putWholeRing(effect.ring));
      else if (effect.type === "keep-hash") later.push(() => this.#options.log.keepHash(effect.hashed));
      else later.push(() => this.#ask(effect));
    }
    this.#commits.append(appends);
    if (outgoing.size > 0) sockets.write(outgoing);
    for (const perform of later) perform();
  }

  /** Effects that are questions: each is answered by an input. */
  #ask(effect: Question): void {
    const { log, engines } = this.#options;
    const { seq } = effect;
    switch (effect.type) {
      case "load-room":
        return this.#answerWith(log.load(effect.room), (result) => ({ type: "room-loaded", room: effect.room, seq, result }));
      case "compact-room":
        return this.#answerWith(log.compact(effect.lineage, effect.upTo, effect.unnaming), (result) => ({
          type: "room-compacted",
          lineage: effect.lineage,
          seq,
          result,
        }));
      case "store-record":
        return this.#answerWith(this.#putRecord(effect.record, effect.completes), (result) => ({
          type: "record-stored",
          room: effect.record.room,
          seq,
          result,
        }));
      case "drop-copies":
        return this.#answerWith(log.dropCopies(effect.lineages), (result) => ({ type: "copies-dropped", seq, result }));
      case "list-rooms":
        return this.#answerWith(log.rooms(effect), (result) => ({ type: "rooms-listed", seq, result }));
      case "read-coverage":
        return this.#answerWith(log.historyCoverage(effect.lineage, effect.sinceMs), (result) => ({ type: "coverage-read", seq, result }));
      case "draft-piece":
        return this.#answerWith(log.historyPiece(effect.lineage, effect.ask), (result) => ({ type: "piece-drafted", seq, result }));
      case "take-piece":
        return this.#answerWith(log.takeHistory(effect.lineage, effect.piece, effect.sinceMs), (result) => ({
          type: "piece-taken",
          seq,
          result,
        }));
      case "find-gaps":
        return this.#answerWith(log.historyGaps(effect.after, effect.limit), (result) => ({ type: "gaps-found", seq, result }));
      case "keep-blob":
        return this.#answerWith(this.#putBlob(effect), (result) => ({ type: "blob-kept", seq, result }));
      case "read-blob":
        return this.#answerWith(log.blob(effect.lineage, effect.name), (result) => ({ type: "blob-read", seq, result }));
      case "list-blobs":
        return this.#answerWith(log.blobsOf(effect.lineage), (result) => ({ type: "blobs-listed", seq, result }));
      case "find-lacking-blobs":
        return this.#answerWith(log.blobGaps(effect.after, effect.limit), (result) => ({ type: "lacking-blobs-found", seq, result }));
      case "engine-call":
        return this.#answerWith(engines.call(effect.lineage, effect.call), (result) => ({
          type: "engine-result",
          lineage: effect.lineage,
          seq,
          result,
        }));
      case "try-updates":
        return this.#answerWith(this.#options.trials.try(effect.lineage, effect.trial), (result) => ({
          type: "updates-tried",
          lineage: effect.lineage,
          seq,
          result,
        }));
      case "ask-access":
        return this.#answerWith(this.#askAccess(effect.connection, effect.ask), (result) => ({ type: "access-answered", seq, result }));
      default:
        return unreachable(effect);
    }
  }

  /** A generation is closed behind what it was still sent, so that nothing is written into it afterwards. */
  async #putRecord(record: RoomRecord, completes: boolean): Promise<Result<undefined>> {
    if (record.deleted !== undefined) await this.#commits.waitingHandedOver();
    return this.#options.log.putRecord(record, completes);
  }

  #putBlob({ lineage, name, bytes, isCopy }: Extract<RelayEffect, { type: "keep-blob" }>): Promise<Result<undefined>> {
    return this.#options.log.putBlob(lineage, name, bytes, { atMs: this.#options.clock.now().wallMs, isCopy });
  }

  async #askAccess(connection: ConnectionId, ask: AccessAsk): Promise<Result<Grant>> {
    return this.#options.access?.ask(connection, ask) ?? refused("ACCESS_UNKNOWN", "nobody is there to be asked");
  }

  #answerWith<Value>(work: Promise<Result<Value>>, inputOf: (result: Result<Value>) => RelayInput): void {
    work.then(
      (result) => this.enqueue(inputOf(result)),
      (error: unknown) => this.enqueue(inputOf(refused("INTERNAL", String(error)))),
    );
  }

  #setTimer(nowMs: number): void {
    const atMs = this.#options.relay.nextDeadline();
    if (atMs === this.#timerAtMs && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAtMs = atMs;
    if (atMs === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.enqueue({ type: "deadline-reached" });
      },
      timerDelay(atMs - nowMs),
    );
  }
}

/** Rounded up, so that the deadline has come when the timer fires; within what setTimeout can count. */
function timerDelay(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), 0x7fff_ffff);
}

function collect(effects: RelayEffect[], more: readonly RelayEffect[]): void {
  for (const effect of more) effects.push(effect);
}

function addLists(
  outgoing: Map<ConnectionId, (readonly Uint8Array[])[]>,
  to: readonly ConnectionId[],
  frames: readonly Uint8Array[],
): void {
  if (frames.length === 0) return;
  for (const connection of to) {
    const lists = outgoing.get(connection);
    if (lists === undefined) outgoing.set(connection, [frames]);
    else lists.push(frames);
  }
}
