/**
 * RoomLife: a room from its loading over its generations to their closing, and who waits for that.
 *
 *     loading ──loaded──▶ open ──a record ends the generation──▶ closing ──on disk──▶ closed ──the next one──▶ open
 *        └──failed──▶ failed                                       ├──on disk, and the next one is open──────────▶ open
 *                                                                  └──did not work──▶ open
 *
 * A generation is ended by somebody here, or by the record of another relay, in the same way.
 *
 * Invariants: a closing room first gets everything it admitted onto the disk, so that nothing is written into a generation behind
 * its tombstone; whoever is in a generation that ends is told so; a record that is known already changes nothing.
 */
import { assert } from "@inkmesh/shared/base/assert";
import { ok, refused, type Refusal, type Result } from "@inkmesh/shared/base/result";
import { comparePositions } from "@inkmesh/shared/ring/hash";
import { recordDigest } from "@inkmesh/shared/wire/record-codec";
import { joinRecords } from "./gossip/record-join.ts";
import type { KeptRecord } from "./kept-record.ts";
import type { Participant } from "./participant.ts";
import type { RelayContext } from "./relay-context.ts";
import type { RoomAudience } from "./room-audience.ts";
import type { RoomLog } from "./room-log.ts";
import type { RoomRecord } from "./stored-room.ts";
import { Tombstone } from "./tombstone.ts";

/** Called when something worked or did not. */
export type Then = (result: Result<undefined>) => void;

type RoomState =
  | { readonly type: "loading" }
  | { readonly type: "open" }
  | { readonly type: "closing"; readonly tombstone: Tombstone; readonly then: Then }
  | { readonly type: "closed" }
  | { readonly type: "failed"; readonly refusal: Refusal };

/** The room whose life it is. */
interface LivingRoom {
  readonly log: RoomLog;
  readonly record: KeptRecord;
  /** Goes on with a generation without content. */
  begin(generation: number): void;
  /** Whoever is still here may see it, as if they had just come. */
  attendAll(): void;
  touched(): void;
}

export class RoomLife {
  readonly #context: RelayContext;
  readonly #room: LivingRoom;
  readonly #audience: RoomAudience;
  #state: RoomState = { type: "loading" };
  #waiting: Then[] = [];
  #holds = 0;

  constructor(context: RelayContext, room: LivingRoom, audience: RoomAudience) {
    this.#context = context;
    this.#room = room;
    this.#audience = audience;
  }

  get state(): RoomState["type"] {
    return this.#state.type;
  }

  /** Nobody needs it but those who are in it. */
  get isResting(): boolean {
    return this.#state.type !== "loading" && this.#state.type !== "closing" && this.#holds === 0;
  }

  // -- loading ---------------------------------------------------------------------------------------------------------

  /** Keeps the room in memory until `release`, and runs `then` when it is loaded or could not be. */
  hold(then: Then): void {
    this.#holds += 1;
    if (this.#state.type === "loading") this.#waiting.push(then);
    else then(this.#state.type === "failed" ? { ok: false, refusal: this.#state.refusal } : ok(undefined));
  }

  release(): void {
    this.#holds -= 1;
    this.#room.touched();
  }

  /** Everything that is on disk is in memory. */
  loaded(): void {
    this.#state = { type: this.#room.record.current?.deleted === undefined ? "open" : "closed" };
    this.#room.touched();
    for (const then of this.#waiting.splice(0)) then(ok(undefined));
  }

  failed(refusal: Refusal): void {
    this.#state = { type: "failed", refusal };
    this.#room.touched();
    for (const then of this.#waiting.splice(0)) then({ ok: false, refusal });
    for (const participant of this.#audience.all()) participant.roomFailed(refusal);
  }

  /** Told now, but while it loads or is being closed: then at the end of that. */
  attend(participant: Participant): void {
    switch (this.#state.type) {
      case "open":
        return participant.roomOpened();
      case "failed":
        return participant.roomFailed(this.#state.refusal);
      case "closed":
        return participant.roomClosed(this.#deletion());
      default:
    }
  }

  // -- deletion and creation -------------------------------------------------------------------------------------------

  /** Ends the generation: `record` says so. `then` runs when that is on disk and sessions have been told. */
  close(record: RoomRecord, then: Then): void {
    const { log, record: kept } = this.#room;
    // A full disk keeps room for tombstones, which make space: only entries of its own hold a room up.
    const code = log.isSettled ? undefined : this.#context.store.refusal;
    if (code !== undefined) return then(refused(code));
    assert(this.#state.type === "open", "only an open room is closed");
    const ended = (result: Result<undefined>): void => (result.ok ? this.#closed(record) : this.#notClosed(result.refusal));
    this.#state = { type: "closing", tombstone: new Tombstone({ context: this.#context, kept, record, ended }), then };
    this.#room.touched();
  }

  /** Opens the generation that `record` names, or goes over to it where it is closed already. */
  create(record: RoomRecord, then: Then): void {
    const { record: kept, log } = this.#room;
    kept.write(record, (result) => {
      if (result.ok && record.generation > log.lineage.generation) this.#room.begin(record.generation);
      if (result.ok) this.#state = { type: record.deleted === undefined ? "open" : "closed" };
      this.#room.touched();
      // Who came while other relays were asked what they have, and has not been told anything yet.
      if (result.ok) this.#room.attendAll();
      then(result);
    });
  }

  /** Another relay's record. `then` runs when all that it says is on disk, or that did not work. */
  keep(told: RoomRecord, then: Then): void {
    this.#room.record.whenSettled(() => this.#keep(told, then));
  }

  /** The disk is asked again what became of a tombstone. */
  askOfTombstone(): void {
    if (this.#state.type === "closing") this.#state.tombstone.ask();
  }

  /** Nothing that was admitted is on its way any more. */
  goOnClosing(): void {
    if (this.#state.type === "closing" && !this.#room.record.isWriting) this.#state.tombstone.write();
  }

  /** Something that was admitted could not be stored. */
  appendFailed(refusal: Refusal): void {
    if (this.#state.type === "closing") this.#state.tombstone.abandon(refusal);
  }

  #keep(told: RoomRecord, then: Then): void {
    const { record: kept, log } = this.#room;
    const { current } = kept;
    const record = current === undefined ? told : joinRecords(current, told);
    const isNext = record.generation > log.lineage.generation;
    if (comparePositions(recordDigest(record), recordDigest(current)) === 0) return then(ok(undefined));
    if (this.#state.type === "closing" || this.#state.type === "failed") return then(refused("RELAY_BUSY"));
    if (this.#state.type === "open" && (isNext || record.deleted !== undefined)) return this.close(record, then);
    if (this.#state.type === "closed" && isNext) return this.create(record, then);
    kept.write(record, then);
  }

  #closed(record: RoomRecord): void {
    if (this.#state.type !== "closing") return;
    const { then } = this.#state;
    const isOpen = record.deleted === undefined;
    this.#room.begin(record.generation);
    this.#state = { type: isOpen ? "open" : "closed" };
    this.#room.touched();
    for (const participant of this.#audience.all()) participant.roomClosed(record);
    if (isOpen) this.#room.attendAll();
    then(ok(undefined));
  }

  #notClosed(refusal: Refusal): void {
    if (this.#state.type !== "closing") return;
    const { then } = this.#state;
    this.#state = { type: "open" };
    this.#room.touched();
    for (const participant of this.#audience.all()) participant.roomOpened();
    then({ ok: false, refusal });
  }

  #deletion(): RoomRecord {
    const record = this.#room.record.current;
    assert(record?.deleted !== undefined, "a closed room has a record of it");
    return record;
  }
}
