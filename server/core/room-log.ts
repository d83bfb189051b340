/**
 * RoomLog: how far a room's entries have come on their way to disk, and who waits for that.
 *
 * Fan-out never waits for the disk; everything that promises does: acks, state vectors, clocks, tokens.
 *
 *     add ─▶ (turn ends) append-log ─▶ log-appended ─▶ durable ─▶ acks, held words
 *                              └─▶ log-append-failed ─▶ held back, appendRetryMs later appended again
 *
 * Invariants: [C3] nothing is called durable before its `log-appended`; what failed is kept in order and appended again,
 * whole; `durableClock` names exactly what is on disk.
 */
import type { Lineage } from "@inkmesh/shared/base/ids";
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import type { Hlc } from "@inkmesh/shared/clock/hybrid-logical-clock";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Entry } from "@inkmesh/shared/engine/entry";
import type { Stamp } from "@inkmesh/shared/wire/client-message";
import { sealToken } from "@inkmesh/shared/wire/session-token";
import { AppendQueue } from "./append-queue.ts";
import { DurabilityGate } from "./durability-gate.ts";
import type { RelayContext } from "./relay-context.ts";

export class RoomLog {
  readonly lineage: Lineage;
  readonly #context: RelayContext;
  readonly #queue = new AppendQueue();
  readonly #gate = new DurabilityGate();
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
    return this.#queue.isInFlight;
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

  /** The turn's entries leave together. */
  depart(): void {
    const seq = this.#context.nextAppend();
    const entries = this.#queue.depart(seq);
    if (entries.length > 0) this.#context.effect({ type: "append-log", lineage: this.lineage, seq, entries });
  }

  /** Appends up to `seq` are on disk; whether anything became durable. */
  landed(seq: number): boolean {
    const entries = this.#queue.landed(seq);
    const last = entries.at(-1);
    if (last === undefined) return false;
    this.#durableClock = this.#durableClock.join(last.deps.advance(last.dot));
    this.#durableStamp = last.hlc;
    this.#gate.open(this.#queue.durable);
    this.#context.store.stored(entries.reduce((sum, entry) => sum + entry.payload.length, 0));
    this.#context.store.recovered(this.lineage.room);
    return true;
  }

  /** Append `seq` did not happen; whether that is news. */
  failed(seq: number, code: ErrorCode): boolean {
    if (!this.#queue.failed(seq)) return false;
    const { room } = this.lineage;
    this.#context.store.failed(room, code);
    this.#context.deadlines.set({ type: "retry-append", room }, this.#context.now.monotonicMs + this.#context.limits.appendRetryMs);
    return true;
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
