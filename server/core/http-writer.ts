/**
 * HttpWriter: an edit that came over HTTP, as a participant of its room for as long as it takes to be saved. It hears nothing, is told of to
 * nobody, and makes this relay ask the room's replicas how far they are, as any session does.
 *
 *     room open ──(the clock that it was made on is the room's)──▶ let in, or known ──on enough disks──▶ done
 *         └── closed, failed, another clock, a gap, refused ─────────────────────────────────────────▶ refused
 *
 * Invariants: [P2] done is what enough replicas have on disk; it is let in whole or not at all, in the turn in which its clock was
 * compared; `done` runs once.
 */
import type { ConnectionId } from "@inkmesh/shared/base/ids";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { Admission } from "@inkmesh/shared/engine/crdt-engine";
import type { Durability } from "@inkmesh/shared/wire/client-message";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import { openToken } from "@inkmesh/shared/wire/session-token";
import type { RoomRequest } from "./input.ts";
import type { Participant } from "./participant.ts";
import type { Room } from "./room.ts";

/** No socket has this one. */
const nobody = 0 as ConnectionId;

interface HttpWriterOptions {
  readonly room: Room;
  readonly ask: Extract<RoomRequest, { type: "update" }>;
  readonly dialect: Dialect;
  readonly tokenSecret: Uint8Array;
  readonly done: (result: Result<Durability>) => void;
}

export class HttpWriter implements Participant {
  readonly connection = nobody;
  readonly dialect: Dialect;
  readonly principal: string;
  readonly #options: HttpWriterOptions;
  /** Saved when this is. */
  #position: number | undefined;
  #isDone = false;

  constructor(options: HttpWriterOptions) {
    this.#options = options;
    this.dialect = options.dialect;
    this.principal = options.ask.principal;
  }

  begin(): void {
    this.#options.room.attend(this);
  }

  /** Nobody waits for it any more. What was let in stays. */
  end(): void {
    this.#isDone = true;
    this.#options.room.leave(this);
  }

  roomOpened(): void {
    if (this.#isDone || this.#position !== undefined) return;
    const refusal = this.#letIn();
    if (refusal === undefined) this.durabilityChanged();
    else this.#finish({ ok: false, refusal });
  }

  roomFailed(refusal: Refusal): void {
    this.#finish({ ok: false, refusal });
  }

  roomClosed(): void {
    this.#finish(refused("ROOM_DELETED"));
  }

  takes(): boolean {
    return false;
  }

  durabilityChanged(): void {
    const { copies } = this.#options.room.replication;
    if (this.#position === undefined || copies.savedTo < this.#position) return;
    const { replicas, needed } = copies;
    this.#finish(ok({ copies: copies.holdersAt(this.#position).length, replicas, needed }));
  }

  #letIn(): Refusal | undefined {
    const { room, ask } = this.#options;
    if (ask.match !== undefined && !this.#isMadeOn(room.content.clock, ask.match)) return { code: "CHANGED_SINCE", detail: "" };
    const admission = this.#admit();
    if (admission.type === "gap") return { code: "GAP", detail: admission.missing };
    if (admission.type === "refused") return admission.refusal;
    this.#position = room.log.position;
    return undefined;
  }

  /** What is no edit for its many authors may be a state, of which a part could be let in: not of this one. */
  #admit(): Admission {
    const { room, ask } = this.#options;
    const admission = room.admit(ask.update, "edit", this);
    if (admission.type !== "refused" || !room.content.isForState(ask.update, admission.refusal.code)) return admission;
    const whole = room.content.examine(ask.update, "state");
    if (whole.type === "admitted" && whole.leftOut) return { type: "gap", missing: "a part of it hangs on what is not here" };
    return room.admit(ask.update, "state", this);
  }

  /** Whether the token `match` says that its bearer has seen exactly what the room holds. */
  #isMadeOn(clock: VectorClock, match: string): boolean {
    const { room, tokenSecret } = this.#options;
    const token = openToken(match, tokenSecret);
    if (!token.ok || token.value.lineage.room !== room.name || token.value.lineage.generation !== room.lineage.generation) return false;
    return token.value.clock.covers(clock) && clock.covers(token.value.clock);
  }

  #finish(result: Result<Durability>): void {
    if (this.#isDone) return;
    this.end();
    this.#options.done(result);
  }
}
