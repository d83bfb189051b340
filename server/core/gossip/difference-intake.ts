/**
 * DifferenceIntake: receives what this relay lacks of a room, and says when the sender's clock may be joined to its own.
 *
 *     begin ──▶ request ──▶ difference… ──▶ store this state ──stored at a position──┐
 *                           entries…   (the usual way in)                            ├─ all of it durable ──▶ join
 *                           cover ───────────────────────────────────────────────────┘
 *
 * A cover is worth nothing before the whole difference is on this relay's disk: a state that was let in only in part, an entry that
 * still waits, a slice that is missing, and the clock stays as it was. So a clock never names what is not here, and a dot that is
 * lost for good everywhere blocks nobody: it is covered like the others.
 *
 * Invariants: one exchange per peer; slices that do not follow each other end it; what belongs to another exchange, or came over another link, is ignored; at most
 * `differenceBytesMax` bytes per exchange. One that has not ended when the next one begins is given up after `exchangeAgainMs`.
 */
import type { ActorId, Lineage } from "@inkmesh/shared/base/ids";
import { concatBytes } from "@inkmesh/shared/base/bytes";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import type { ReplicationLimits } from "./replication-limits.ts";

type DifferenceMessage = Extract<MeshRoomMessage, { type: "difference" }>;
type CoverMessage = Extract<MeshRoomMessage, { type: "cover" }>;

export type IntakeStep =
  /** The state is whole: let in what of it is new, then say `stored`. */
  | { readonly type: "store"; readonly from: ActorId; readonly exchange: number; readonly state: Uint8Array }
  /** `tooBig`: of so many bytes, more than are taken: it comes to nothing the next time, either; undefined: slices are missing, or came twice. */
  | { readonly type: "given-up"; readonly from: ActorId; readonly tooBig: number | undefined };

/** All of a difference is on disk: everything that `clock` names is. */
export interface Covered {
  readonly from: ActorId;
  readonly clock: VectorClock;
  readonly isComplete: boolean;
}

interface Exchange {
  readonly exchange: number;
  readonly begunMs: number;
  parts: Uint8Array[];
  bytes: number;
  /** What the last slice said was to follow. */
  remaining: number;
  state: "none" | "coming" | "storing" | "stored";
  /** The position whose durability makes the state durable. */
  position: number;
  cover: CoverMessage | undefined;
}

export class DifferenceIntake {
  readonly #lineage: Lineage;
  readonly #limits: ReplicationLimits;
  readonly #exchanges = new Map<ActorId, Exchange>();
  #next = 1;

  constructor(options: { lineage: Lineage; limits: ReplicationLimits }) {
    this.#lineage = options.lineage;
    this.#limits = options.limits;
  }

  /** What to ask of `from`; nothing while an exchange with it is under way. `clock` and `stateVector` are of this relay's disk. */
  begin(from: ActorId, has: { readonly clock: VectorClock; readonly stateVector: Uint8Array }, nowMs: number): MeshRoomMessage | undefined {
    const running = this.#exchanges.get(from);
    if (running !== undefined && nowMs < running.begunMs + this.#limits.exchangeAgainMs) return undefined;
    const exchange = this.#next++;
    this.#exchanges.set(from, {
      exchange,
      begunMs: nowMs,
      parts: [],
      bytes: 0,
      remaining: 0,
      state: "none",
      position: 0,
      cover: undefined,
    });
    return { type: "difference-request", lineage: this.#lineage, exchange, ...has };
  }

  differenceCame(from: ActorId, message: DifferenceMessage): readonly IntakeStep[] {
    const running = this.#running(from, message.exchange);
    if (running === undefined || running.state === "storing" || running.state === "stored") return [];
    const isNext = running.state === "none" || running.remaining === message.bytes.length + message.remaining;
    running.state = "coming";
    running.remaining = message.remaining;
    running.parts.push(message.bytes);
    running.bytes += message.bytes.length;
    const whole = running.bytes + message.remaining;
    if (whole > this.#limits.differenceBytesMax) return this.#giveUp(from, whole);
    if (!isNext) return this.#giveUp(from);
    if (message.remaining > 0) return [];
    running.state = "storing";
    const state = concatBytes(running.parts);
    running.parts = [];
    return [{ type: "store", from, exchange: message.exchange, state }];
  }

  /** The state was let in, all of it, by what is durable once `position` is; undefined: some of it could not be let in. */
  stored(from: ActorId, exchange: number, position: number | undefined): void {
    const running = this.#running(from, exchange);
    if (running === undefined) return;
    if (position === undefined) this.#exchanges.delete(from);
    else [running.state, running.position] = ["stored", position];
  }

  coverCame(from: ActorId, message: CoverMessage): readonly IntakeStep[] {
    const running = this.#running(from, message.exchange);
    if (running === undefined) return [];
    // A cover amid a state: slices are missing.
    if (running.state === "coming") return this.#giveUp(from);
    running.cover = message;
    return [];
  }

  /** What is covered now that everything up to `position` is on disk and `clock` names it. */
  settle(position: number, clock: VectorClock): readonly Covered[] {
    const covered: Covered[] = [];
    for (const [from, { state, position: needed, cover }] of this.#exchanges) {
      const isWhole = state === "stored" ? needed <= position : state === "none" && cover !== undefined && cover.entries.size > 0;
      if (cover === undefined || !isWhole || !clock.covers(cover.entries)) continue;
      covered.push({ from, clock: cover.clock, isComplete: cover.isComplete });
      this.#exchanges.delete(from);
    }
    return covered;
  }

  linkDown(actor: ActorId): void {
    this.#exchanges.delete(actor);
  }

  /** Whether an answer is awaited, which would come to nothing without this room. */
  get isRunning(): boolean {
    return this.#exchanges.size > 0;
  }

  /** When the next exchange has taken too long. */
  nextDeadline(): number {
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...[...this.#exchanges.values()].map(({ begunMs }) => begunMs + this.#limits.exchangeAgainMs),
    );
  }

  /** Gives up what has taken too long; answers whether anything had. */
  expire(nowMs: number): boolean {
    const late = [...this.#exchanges].filter(([, { begunMs }]) => begunMs + this.#limits.exchangeAgainMs <= nowMs);
    for (const [from] of late) this.#exchanges.delete(from);
    return late.length > 0;
  }

  #running(from: ActorId, exchange: number): Exchange | undefined {
    const running = this.#exchanges.get(from);
    return running?.exchange === exchange ? running : undefined;
  }

  #giveUp(from: ActorId, tooBig?: number): readonly IntakeStep[] {
    this.#exchanges.delete(from);
    return [{ type: "given-up", from, tooBig }];
  }
}
