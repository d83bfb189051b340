/**
 * Completeness: whether this relay may vouch for a room as one of its replicas, a mark that outlives restarts.
 *
 *     blank ──compared with enough of those who held it──▶ ready ──the mark is on disk──▶ complete
 *       ▲                                                                                   │
 *       └───────────────────────── damage: the mark is taken off ───────────────────────────┘
 *     unused ──the first entry or record, and the mark with it──▶ complete
 *       └─────the same while the ring places the room elsewhere, or another ring since: no mark──▶ blank
 *
 * Whatever was saved on W of the n replicas of the ring that held the room up to now is on at least one of any n − W + 1 of
 * them. So a relay that has stored all that n − W + 1 complete ones have, tombstones included, has everything that was ever
 * saved. Where so many complete ones do not exist, it must have compared with all the others, whatever they are: then nobody
 * is left who could know more. One that does not answer is not one that does not exist; one that left or was forgotten is.
 * Where a relay was ever forgotten, a disk that never was whole compares with all of the others, those that join included: what was
 * saved on W may be on W − 1 of them, or fewer.
 *
 * "The ring up to now" is the one under which this disk was last *whole*: everything that it placed here was complete. The disk
 * keeps that ring; after a later change the settled ring may name this relay for rooms that it has never held.
 *
 * A room that nobody has used has no mark anywhere. A relay whose disk is whole, and which held the room's place before, knows
 * that it has seen nothing of it, and vouches for that: otherwise no new document could be saved while one relay is down. A disk
 * that was wiped, or a relay that the room comes to only now, does not know, and is blank.
 *
 * A relay that knows no ring yet does not know whom to ask, and vouches for nothing.
 *
 * It asks for these comparisons by itself: a sweep that finds nothing says nothing to the other side.
 *
 * Invariants: only comparison makes a blank replica complete; a comparison counts for the ring under which it was made and as
 * long as its link lasts; damage ends completeness at once, in memory before it is on disk.
 */
import type { RelayId, RingId, RoomName } from "@inkmesh/shared/base/ids";
import type { RingStatus } from "@inkmesh/shared/ring/ring-record";
import type { RingRecords } from "../membership/ring-records.ts";
import { copiesNeeded, type DurabilityLevel } from "./durable-copies.ts";
import type { ReplicationLimits } from "./replication-limits.ts";
import type { RoomTrace } from "./room-trace.ts";

/** Who must be compared with under one ring. */
export interface FormerReplicas {
  readonly ring: RingId;
  /** So many complete ones of `relays` are enough. */
  readonly enough: number;
  /** Those of them who have held the room up to now and still belong. */
  readonly relays: readonly RelayId[];
  /** All who may know of it: those, and whom the settled ring names. */
  readonly all: readonly RelayId[];
}

/**
 * Who has held `room` up to now. `whole`: the ring under which everything that it places on this relay was complete here, as kept
 * on its disk; undefined on a disk that never was whole. Without it the settled ring says who.
 */
export function formerReplicas(
  room: RoomName,
  rings: { readonly now: RingRecords; readonly whole: RingRecords | undefined },
  { replicas, level }: { readonly replicas: number; readonly level: DurabilityLevel },
): FormerReplicas {
  const { now, whole } = rings;
  const settled = now.settled.preferenceList(room, replicas);
  const former = whole === undefined ? settled : whole.newest.preferenceList(room, replicas);
  const relays = former.filter((relay) => !isGone(now.status(relay)));
  // Of what was saved on one that was given up there are fewer than W copies left, perhaps on one that joins.
  const isThinned = whole === undefined && now.isThinned;
  return {
    ring: now.id,
    enough: isThinned ? Number.POSITIVE_INFINITY : former.length - copiesNeeded(level, former.length) + 1,
    relays,
    all: [...new Set([...relays, ...settled, ...(isThinned ? now.newest.preferenceList(room, replicas) : [])])],
  };
}

/** A relay that left has proven elsewhere all that it held; one that was forgotten is given up. */
function isGone(status: RingStatus | undefined): boolean {
  return status === "left" || status === "forgotten" || status === undefined;
}

export class Completeness {
  readonly #self: RelayId;
  readonly #limits: ReplicationLimits;
  #trace: RoomTrace;
  #askMs = Number.NEGATIVE_INFINITY;
  #former: FormerReplicas;
  readonly #compared = new Map<RelayId, { readonly isComplete: boolean }>();

  constructor(options: { self: RelayId; limits: ReplicationLimits; trace: RoomTrace; former: FormerReplicas }) {
    this.#self = options.self;
    this.#limits = options.limits;
    this.#trace = options.trace;
    this.#former = options.former;
  }

  /** Whether this relay's copy counts, if the newest ring names it. */
  get isComplete(): boolean {
    return this.#trace !== "blank";
  }

  /** Whether the disk says so. */
  get isMarked(): boolean {
    return this.#trace === "marked";
  }

  /** Whether the mark should be written now: with the first entry, or since enough was compared. */
  get shouldMark(): boolean {
    return this.#trace === "unused" || (this.#trace === "blank" && this.#isEnough());
  }

  /** Whom to compare with before this relay can be complete; none once it is, or may be. */
  get missing(): readonly RelayId[] {
    return this.#trace !== "blank" || this.#isEnough() ? [] : this.#others().filter((relay) => !this.#compared.has(relay));
  }

  /** Of those missing whom to ask now: each time it is due all of them, since what was asked may be lost. */
  toCompare(nowMs: number): readonly RelayId[] {
    if (nowMs < this.#askMs) return [];
    this.#askMs = nowMs + this.#limits.compareChangedMs;
    return this.missing;
  }

  nextDeadline(): number {
    return this.missing.length === 0 ? Number.POSITIVE_INFINITY : this.#askMs;
  }

  /** What the disk shows of it now without a mark. Whether that still vouches as much as before. */
  retraced(trace: RoomTrace): boolean {
    if (this.#trace !== "unused" || trace === "unused") return true;
    this.#trace = trace;
    return false;
  }

  /** The mark is on disk, and so is all that was compared. */
  marked(): void {
    this.#trace = "marked";
    this.#compared.clear();
  }

  /** The ring changed: what was compared under another one counts no more. */
  place(former: FormerReplicas): void {
    if (former.ring !== this.#former.ring) this.#compared.clear();
    this.#former = former;
    this.#askMs = Number.NEGATIVE_INFINITY;
  }

  /** Everything that `relay` has of the room, its record included, is on this disk. */
  compared(relay: RelayId, ring: RingId, isComplete: boolean): void {
    if (this.#trace === "blank" && ring === this.#former.ring) this.#compared.set(relay, { isComplete });
  }

  linkDown(relay: RelayId): void {
    this.#compared.delete(relay);
  }

  /** Something that was on the disk cannot be read any more. The caller takes the mark off. */
  damaged(): void {
    this.#trace = "blank";
    this.#compared.clear();
  }

  #others(): readonly RelayId[] {
    return this.#former.all.filter((relay) => relay !== this.#self);
  }

  #isEnough(): boolean {
    const { relays, enough, all } = this.#former;
    if (all.length === 0) return false;
    const complete = relays.filter((relay) => this.#compared.get(relay)?.isComplete === true).length;
    return complete >= enough || this.#others().every((relay) => this.#compared.has(relay));
  }
}
