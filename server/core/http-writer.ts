/**
 * HttpWriter: an edit that came over HTTP, as a participant of its room for as long as it takes to be saved. It hears nothing, is told of to
 * nobody, and makes this relay ask the room's replicas how far they are, as any session does.
 *
 *     room open ──(the clock that it was made on is the room's)──▶ let in, or known ──on enough disks──▶ done
 *         └── closed, failed, another clock, a gap, refused ─────────────────────────────────────────▶ refused
 *
 * Invariants: [P2] done is what enough replicas have on disk; it is let in whole or not at all, in the turn in which its clock was
 * compared; `done` runs once; a request with a key that this room knows is let in no more (`request-mark`), and done when that is saved.
 */
import type { ConnectionId, SeatId } from "@inkmesh/shared/base/ids";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import type { Admission } from "@inkmesh/shared/engine/crdt-engine";
import { requestMark } from "@inkmesh/shared/engine/request-mark";
import type { Durability } from "@inkmesh/shared/wire/client-message";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import { openToken } from "@inkmesh/shared/wire/session-token";
import type { RoomRequest } from "./input.ts";
import type { Participant } from "./participant.ts";
import type { Room } from "./room.ts";
import { untried, type TriedUpdate } from "./tried-update.ts";

/** No socket and no session has these. */
const [nobody, nowhere] = [0 as ConnectionId, 0 as SeatId];

/** What is to be let in, and when. */
export interface HttpEdit extends Pick<Extract<RoomRequest, { type: "update" }>, "update" | "match" | "key" | "principal"> {
  /** Only into a document in which nobody has written anything but this very edit. */
  readonly isBeginning?: boolean;
  /** Why it may not be let in any more, asked in the turn in which it would be. */
  readonly refusal?: () => Refusal | undefined;
  /** It is let in, or will not be; may be told twice. */
  readonly settled?: () => void;
}

interface HttpWriterOptions {
  readonly room: Room;
  readonly ask: HttpEdit;
  readonly dialect: Dialect;
  readonly tokenSecret: Uint8Array;
  readonly done: (result: Result<Durability>) => void;
}

export class HttpWriter implements Participant {
  readonly connection = nobody;
  readonly seat = nowhere;
  readonly dialect: Dialect;
  readonly principal: string;
  readonly #options: HttpWriterOptions;
  /** Saved when this is. */
  #position: number | undefined;
  #isTrying = false;
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
    this.#options.ask.settled?.();
    this.#options.room.leave(this);
  }

  roomOpened(): void {
    if (this.#isDone || this.#position !== undefined || this.#isTrying) return;
    const { room, ask } = this.#options;
    this.#isTrying = true;
    room.trials.run([ask.update], true, ([tried]) => {
      this.#isTrying = false;
      // Where the room has closed meanwhile it says what has become of it.
      if (!this.#isDone && room.isOpen && tried !== undefined) this.#end(tried);
    });
  }

  #end(tried: TriedUpdate): void {
    const refusal = this.#letIn(tried);
    this.#options.ask.settled?.();
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

  #letIn(tried: TriedUpdate): Refusal | undefined {
    const { room, ask, tokenSecret } = this.#options;
    const mark = ask.key === undefined ? undefined : requestMark(room.lineage, ask.key, tokenSecret);
    const marked = mark === undefined ? 0 : room.content.clockOf(mark.author);
    if (mark !== undefined && marked > 0 && marked !== mark.length) return { code: "KEY_REUSED", detail: "" };
    if (marked > 0) {
      // It was let in before, here or at another relay.
      this.#position = room.log.position;
      return undefined;
    }
    if (ask.match !== undefined && !this.#isMadeOn(ask.match)) return { code: "CHANGED_SINCE", detail: "" };
    const refusal = ask.refusal?.() ?? this.#refusalOfBeginning();
    if (refusal !== undefined) return refusal;
    if (mark !== undefined && !room.content.hasRoomForKeys) return { code: "TOO_MANY_KEYS", detail: "" };
    const admission = this.#admit(mark === undefined ? tried : untried(room.engine.marked(ask.update, mark)));
    if (admission.type === "gap") return { code: "GAP", detail: admission.missing };
    if (admission.type === "refused") return admission.refusal;
    this.#position = room.log.position;
    return undefined;
  }

  #refusalOfBeginning(): Refusal | undefined {
    const { room, ask } = this.#options;
    if (ask.isBeginning !== true || room.content.isEmpty) return undefined;
    return room.content.examine(ask.update, "edit").type === "known" ? undefined : { code: "NOT_EMPTY", detail: "" };
  }

  /** What is no edit for its many authors may be a state, of which a part could be let in: not of this one. */
  #admit(update: TriedUpdate): Admission {
    const { room } = this.#options;
    const admission = room.admit(update, "edit", this);
    if (admission.type !== "refused" || !room.content.isForState(update.bytes, admission.refusal.code)) return admission;
    const whole = room.content.examine(update.bytes, "state");
    if (whole.type === "admitted" && whole.leftOut) return { type: "gap", missing: "a part of it hangs on what is not here" };
    return room.admit(update, "state", this);
  }

  /** Whether the token `match` says that its bearer has seen exactly what the room holds. */
  #isMadeOn(match: string): boolean {
    const { room, tokenSecret } = this.#options;
    const { clock, known } = room.content;
    const token = openToken(match, tokenSecret);
    if (!token.ok || token.value.lineage.room !== room.name || token.value.lineage.generation !== room.lineage.generation) return false;
    return token.value.clock.covers(clock) && known.covers(token.value.clock);
  }

  #finish(result: Result<Durability>): void {
    if (this.#isDone) return;
    this.end();
    this.#options.done(result);
  }
}
