/**
 * RecordCopies: on how many of a room's replicas its record is, as this relay was told. Creating and deleting are answered as
 * done only when that is enough: a tombstone that only one disk knows would be lost with it, and the room would come back. Who does
 * not wait for it is told so, and the record spreads all the same.
 *
 *     on this disk ──record──▶ replicas ──record-durable{digest}──▶ counted ──W of n──▶ whoever waits
 *
 * Invariants: only replicas count, and only for the record as it is now; a later record, which contains it, does not undo it: who
 * waits then waits for the later one.
 */
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import { comparePositions, type Position } from "@inkmesh/shared/ring/hash";
import { recordDigest } from "@inkmesh/shared/wire/record-codec";
import type { RelayContext } from "../relay-context.ts";
import type { RoomRecord } from "../stored-room.ts";
import { copiesNeeded } from "./durable-copies.ts";
import type { RoomPlace } from "./room-place.ts";

export class RecordCopies {
  readonly #context: RelayContext;
  readonly #place: RoomPlace;
  readonly #holders = new Set<RelayId>();
  #record: RoomRecord | undefined;
  #digest: Position | undefined;
  readonly #waiting = new Set<() => void>();
  #isOwed = false;

  constructor(context: RelayContext, place: RoomPlace) {
    this.#context = context;
    this.#place = place;
  }

  /** Somebody stopped waiting, and it is still not on enough replicas: known here alone, so the room stays in memory until then. */
  get isOwed(): boolean {
    return this.#isOwed;
  }

  /** Somebody waits for it, or stopped waiting: it is still not on enough replicas. */
  get isUnconfirmed(): boolean {
    return this.#isOwed || this.#waiting.size > 0;
  }

  /** Whether every replica has said that it has the record on its disk. */
  get isOnAll(): boolean {
    return this.#record === undefined || this.#place.replicas.every((relay) => this.#holders.has(relay));
  }

  /** Says the record to all replicas that can be reached and have not said that they have it. */
  handOver(): void {
    for (const actor of this.#context.peers.linked) this.tell(actor);
  }

  /** The link to `actor` is gone, and with it what it said there. */
  linkDown(actor: ActorId): void {
    this.#holders.delete(relayOf(actor));
  }

  /** `record` was on this disk when the room came into memory: who else has it is not known, and asked when somebody wants to know. */
  loaded(record: RoomRecord): void {
    this.#record = record;
    this.#digest = recordDigest(record);
    this.#holders.clear();
    this.#holders.add(this.#context.self);
  }

  /** `record` is on this disk now. */
  landed(record: RoomRecord): void {
    this.loaded(record);
    this.handOver();
    this.#review();
  }

  /** Says the record to a replica that has not said that it has it. */
  tell(actor: ActorId): void {
    const relay = relayOf(actor);
    if (this.#record === undefined || this.#holders.has(relay) || !this.#place.isOn(relay)) return;
    this.#context.peers.tell(actor, { type: "record", record: this.#record });
  }

  /** Somebody still waits, and a new link may bring it on. */
  peerUp(actor: ActorId): void {
    if (this.#waiting.size > 0 || this.#isOwed) this.tell(actor);
  }

  heard(from: ActorId, digest: Position): void {
    if (this.#digest === undefined || comparePositions(digest, this.#digest) !== 0) return;
    this.#holders.add(relayOf(from));
    this.#review();
  }

  /** Runs `then` when the record is on enough replicas: at once where it is. Answers how to stop waiting. */
  whenSaved(then: () => void): () => void {
    this.#waiting.add(then);
    this.handOver();
    this.#review();
    return () => {
      if (this.#waiting.delete(then)) this.#isOwed = true;
    };
  }

  /** The ring names others. */
  ringChanged(): void {
    this.#review();
  }

  #review(): void {
    const { replicas } = this.#place;
    const held = replicas.filter((relay) => this.#holders.has(relay)).length;
    if (held < copiesNeeded(this.#context.placement.choice.level, replicas.length)) return;
    this.#isOwed = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const then of waiting) then();
  }
}
