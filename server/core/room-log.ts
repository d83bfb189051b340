/**
 * RoomLog: how far a room's entries have come on their way to disk, and who waits for that.
 *
 * Fan-out never waits for the disk; everything that promises does: acks, state vectors, clocks, tokens.
 *
 *     add ─▶ (turn ends) append-log ─▶ log-appended ─▶ durable ─▶ acks, held words
 *                              └─▶ log-append-failed ─▶ held back, appendRetryMs later appended again
 *
 * Invariants: [C3] nothing is called durable before its `log-appended`; what failed is kept in order and appended again,
 * whole; `durableClock` names exactly what is on disk, but for what needs no name.
 */
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { Stamp } from "@inkmesh/shared/wire/client-message";
import { sealToken } from "@inkmesh/shared/wire/session-token";
import { AppendQueue } from "./append-queue.ts";
import { DurabilityGate } from "./durability-gate.ts";
import { LogMarks } from "./log-marks.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Unnamed } from "./room-content.ts";

/** What came to disk. */
export interface Landed {
  readonly entries: readonly Entry[];
  /** From now on the room is complete here. */
  readonly isMarked: boolean;
}

export class RoomLog {
  readonly lineage: Lineage;
  readonly #context: RelayContext;
  readonly #queue = new AppendQueue();
  readonly #gate = new DurabilityGate();
  readonly #marks = new LogMarks();
  #durableClock: VectorClock;
  #durableStamp: Hlc | undefined;
  #lastChangeMs: number | undefined;

  constructor(options: { context: RelayContext; lineage: Lineage; clock: VectorClock; stamp: Hlc | undefined }) {
    this.#context = options.context;
    this.lineage = options.lineage;
    this.#durableClock = options.clock;
    this.#durableStamp = options.stamp;
    this.#lastChangeMs = options.stamp?.physicalMs;
  }

  /** Everything that is on disk. */
  get durableClock(): VectorClock {
    return this.#durableClock;
  }

  get position(): number {
    return this.#queue.position;
  }

  get durable(): number {
    return this.#queue.durable;
  }

  /** Entries that are not on disk: the last ones of the tail. */
  get waiting(): number {
    return this.#queue.position - this.#queue.durable;
  }

  get isSettled(): boolean {
    return this.#queue.isSettled;
  }

  get isInFlight(): boolean {
    return this.#queue.isInFlight || this.#marks.isInFlight;
  }

  /** Nothing at all has still to come to disk. */
  get isAtRest(): boolean {
    return this.#queue.isSettled && !this.#marks.isWaiting;
  }

  /** Wall time of the last entry's stamp. */
  get lastChangeMs(): number | undefined {
    return this.#lastChangeMs;
  }

  add(entry: Entry): void {
    this.#queue.add(entry);
    this.#lastChangeMs = entry.hlc.physicalMs;
    this.#context.store.admitted(entry.payload.length);
  }

  /** The room is complete here, from the next append on. */
  complete(): void {
    this.#marks.complete();
  }

  /** What of `clock` is neither named on this disk nor on its way there. */
  lacking(clock: VectorClock): VectorClock {
    return clock.past(this.#durableClock).past(clockOf(this.#queue.waiting));
  }

  /** Everything that `clock` names is on disk. */
  cover(clock: VectorClock): void {
    this.#durableClock = this.#durableClock.join(clock);
    this.#marks.cover(clock);
  }

  /** What the disk names no more is named no more here; who wrote on meanwhile is named there again. Whether anything changed here. */
  unname({ gone, goesOn }: Unnamed): boolean {
    if (goesOn.size > 0) this.cover(goesOn);
    this.#durableClock = this.#durableClock.past(gone);
    return gone.size > 0;
  }

  /** The turn's entries leave together. */
  depart(): void {
    const seq = this.#context.nextAppend();
    if (this.#queue.isHeldBack) return;
    const entries = this.#queue.depart(seq);
    const marks = this.#marks.depart(seq);
    if (entries.length > 0 || marks !== undefined)
      this.#context.effect({ type: "append-log", lineage: this.lineage, seq, entries, ...marks });
  }

  /** Appends up to `seq` are on disk: what became durable. */
  landed(seq: number): Landed {
    const isMarked = this.#marks.landed(seq);
    const entries = this.#queue.landed(seq);
    const last = entries.at(-1);
    if (last === undefined) return { entries, isMarked };
    this.#durableClock = this.#durableClock.join(clockOf(entries));
    this.#durableStamp = last.hlc;
    this.#context.report({ type: "changed", lineage: this.lineage, clock: this.#durableClock });
    this.#gate.open(this.#queue.durable);
    this.#context.store.stored(entries.reduce((sum, entry) => sum + entry.payload.length, 0));
    this.#context.store.recovered(this.lineage.room);
    return { entries, isMarked };
  }

  /** Append `seq` did not happen; whether that is news. */
  failed(seq: number, code: ErrorCode): boolean {
    const { room } = this.lineage;
    const hadMarks = this.#marks.failed(seq);
    const isNews = this.#queue.failed(seq);
    if (isNews) this.#context.store.failed(room, code);
    if (isNews || hadMarks)
      this.#context.deadlines.set({ type: "retry-append", room }, this.#context.now.monotonicMs + this.#context.limits.appendRetryMs);
    return isNews;
  }

  /** Lets what failed leave again. */
  retry(): void {
    this.#queue.release();
    this.depart();
  }

  /** What a client has seen once it has seen everything that `clock` names, which is on disk. */
  token(clock: VectorClock): string {
    return sealToken({ lineage: this.lineage, clock }, this.#context.tokenSecret);
  }

  /** How far the room is on disk, as clients with clocks are told it; without a stamp when only a snapshot is known. */
  horizon(clock: VectorClock): { readonly clock: VectorClock; readonly token: string; readonly stamp?: Stamp } {
    const stamp = this.#durableStamp;
    return { clock, token: this.token(clock), ...(stamp === undefined ? {} : { stamp }) };
  }

  /** Runs `then` when everything that is here now is on disk: at once when it is. */
  whenDurable(then: () => void, isWanted?: () => boolean): void {
    if (this.#queue.isSettled) then();
    else this.#gate.hold(this.#queue.position, then, isWanted);
  }
}

/** What entries name that follow each other, per actor. */
function clockOf(entries: readonly Entry[]): VectorClock {
  const highest = new Map(entries.map(({ dot }) => [dot.actor, dot.counter] as const));
  return VectorClock.of(highest);
}
