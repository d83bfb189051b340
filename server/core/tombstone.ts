/**
 * Tombstone: a room's record on its way to saying that its generation is closed, or that a later one is open.
 *
 *     waiting ──entries on disk──▶ writing ──stored──▶ done
 *        │                            └──"failed"──▶ in doubt ──the disk says: closed──▶ done
 *        └──an entry could not be stored──▶ not done ◀──────┴──the disk says: open
 *                                          (while the disk says nothing it is asked again)
 *
 * A store whose thread ended in the midst of the write says that it failed, and it may have happened: whoever went on in
 * a generation that is closed on disk would be called saved into nothing. So a failure is believed only when the disk
 * itself has shown the record.
 *
 * Invariant: `ended` is called once, with ok only when the record is on disk.
 */
import { ok, type Refusal, type Result } from "@inkmesh/shared/base/result";
import type { KeptRecord } from "./kept-record.ts";
import type { RelayContext } from "./relay-context.ts";
import type { RoomRecord, StoredRoom } from "./stored-room.ts";

interface TombstoneOptions {
  readonly context: RelayContext;
  readonly kept: KeptRecord;
  /** The room's record with its deletion in it. */
  readonly record: RoomRecord;
  readonly ended: (result: Result<undefined>) => void;
}

export class Tombstone {
  readonly record: RoomRecord;
  readonly #options: TombstoneOptions;
  #state: "waiting" | "writing" | "in-doubt" | "ended" = "waiting";
  #doubt: Refusal = { code: "STORE_FAILED", detail: "" };

  constructor(options: TombstoneOptions) {
    this.record = options.record;
    this.#options = options;
  }

  /** Everything that the room admitted is on disk, and no other write of its record is under way. */
  write(): void {
    if (this.#state !== "waiting") return;
    this.#state = "writing";
    this.#options.kept.write(this.record, (result) => {
      if (result.ok) return this.#end(result);
      this.#state = "in-doubt";
      this.#doubt = result.refusal;
      this.ask();
    });
  }

  /** It will not be written: something that was admitted before it could not be. */
  abandon(refusal: Refusal): void {
    if (this.#state === "waiting") this.#end({ ok: false, refusal });
  }

  /** Asks the disk what became of it. */
  ask(): void {
    if (this.#state !== "in-doubt") return;
    const { context } = this.#options;
    const { room } = this.record;
    const seq = context.loads.ask((result) => this.#answered(result));
    context.effect({ type: "load-room", room, seq });
  }

  #answered(result: Result<StoredRoom>): void {
    if (this.#state !== "in-doubt") return;
    const { context, kept } = this.#options;
    const { room, generation } = this.record;
    if (!result.ok) {
      context.deadlines.set({ type: "ask-of-tombstone", room }, context.now.monotonicMs + context.limits.appendRetryMs);
      return;
    }
    const { record } = result.value;
    const isThere = record?.generation === generation && (record.deleted === undefined) === (this.record.deleted === undefined);
    if (record === undefined || !isThere) return this.#end({ ok: false, refusal: this.#doubt });
    kept.found(record, () => this.#end(ok(undefined)));
  }

  #end(result: Result<undefined>): void {
    this.#state = "ended";
    this.#options.ended(result);
  }
}
