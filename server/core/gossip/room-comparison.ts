/**
 * RoomComparison: what follows for one room from what a peer says that it has on its disk.
 *
 *     records        joined; who knows less is told the other's. A closed generation ends the comparison there
 *     contents equal ──▶ both join the other's clock: content ⊇ all that the clock names, on both sides
 *     else           ──▶ who lacks something that the other's clock names asks for the difference
 *
 * In a room where people type, something is always under way. So a dot that is named there and missing here is asked for only
 * when it is missing still at the next comparison, unless it is urgent: at the first one since a new link or since the room came into
 * memory, where nobody may remember until the next one, or before this relay may be complete.
 * Where the clocks name the same and the contents differ (Yjs derives deletions of its own), both ask.
 *
 * What one of the two does not name any more (`PrunedNames`) says nothing of who has more, and is left out of account.
 *
 * Invariants: a clock is joined for equal contents only; nothing is concluded across generations; both sides' words are of one
 * moment of their disks each.
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import type { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { comparePositions } from "@inkmesh/shared/ring/hash";
import type { MeshRoomMessage } from "@inkmesh/shared/wire/mesh-room-message";
import { recordDigest } from "@inkmesh/shared/wire/record-codec";
import type { RoomRecord } from "../stored-room.ts";
import { joinRecords, standingOf } from "./record-join.ts";

/** What is on a disk at one moment. */
export type RoomMoment = Extract<MeshRoomMessage, { type: "compare" }>;

export type ComparisonStep =
  /** Say what is here; the other side asked. */
  | { readonly type: "answer" }
  /** The other side's record says more: keep this one. */
  | { readonly type: "keep-record"; readonly record: RoomRecord }
  | { readonly type: "tell-record"; readonly record: RoomRecord }
  /** Contents are equal: everything that `clock` names is here. */
  | { readonly type: "equal"; readonly clock: VectorClock; readonly isComplete: boolean }
  | { readonly type: "request-difference" }
  /** Compare again a second later. */
  | { readonly type: "look-again" };

interface Comparison {
  readonly mine: RoomMoment;
  readonly theirs: RoomMoment;
  readonly unnamed: VectorClock;
  readonly isUrgent: boolean;
}

export class RoomComparison {
  /** Per peer with which it was compared what that named and this relay lacked the last time. */
  readonly #lacking = new Map<RelayId, VectorClock | undefined>();

  /** `theirs` came from `from`; `mine` is of now; `unnamed`: what one of the two does not name any more. */
  compare(from: RelayId, { mine, theirs, unnamed, isUrgent }: Comparison): readonly ComparisonStep[] {
    const steps: ComparisonStep[] = theirs.answer ? [{ type: "answer" }] : [];
    const record = this.#joinRecord(mine, theirs, steps);
    // Of two generations, or of a closed one, only the record matters; it tells the other side, too.
    if (standingOf(mine.lineage.generation, record) !== "current" || mine.lineage.generation !== theirs.lineage.generation) {
      if (isSameRecord(mine.record, theirs.record)) steps.push({ type: "equal", clock: mine.clock, isComplete: theirs.isComplete });
      return steps;
    }
    if (comparePositions(mine.content, theirs.content) === 0) {
      this.#lacking.set(from, undefined);
      if (isSameRecord(mine.record, record)) steps.push({ type: "equal", clock: theirs.clock, isComplete: theirs.isComplete });
      else steps.push({ type: "look-again" });
      return steps;
    }
    steps.push(...this.#differ(from, mine.clock.past(unnamed), theirs.clock.past(unnamed), isUrgent));
    return steps;
  }

  /** Whether nothing is remembered of a comparison with `peer`, on the link as it is. */
  isNew(peer: RelayId): boolean {
    return !this.#lacking.has(peer);
  }

  linkDown(peer: RelayId): void {
    this.#lacking.delete(peer);
  }

  #joinRecord(mine: RoomMoment, theirs: RoomMoment, steps: ComparisonStep[]): RoomRecord | undefined {
    const joined =
      mine.record === undefined || theirs.record === undefined ? (mine.record ?? theirs.record) : joinRecords(mine.record, theirs.record);
    if (joined === undefined) return undefined;
    if (!isSameRecord(joined, mine.record)) steps.push({ type: "keep-record", record: joined });
    // Who asked gets the record with the answer.
    if (!theirs.answer && !isSameRecord(joined, theirs.record)) steps.push({ type: "tell-record", record: joined });
    return joined;
  }

  #differ(from: RelayId, mine: VectorClock, theirs: VectorClock, isUrgent: boolean): readonly ComparisonStep[] {
    const order = mine.compare(theirs);
    if (order === "after") return [];
    const isFirst = !this.#lacking.has(from);
    const before = this.#lacking.get(from);
    const isOld = before !== undefined && !mine.covers(before);
    if (isUrgent || isFirst || isOld || order === "equal") {
      this.#lacking.set(from, undefined);
      return [{ type: "request-difference" }];
    }
    this.#lacking.set(from, theirs);
    return [{ type: "look-again" }];
  }
}

function isSameRecord(left: RoomRecord | undefined, right: RoomRecord | undefined): boolean {
  return comparePositions(recordDigest(left), recordDigest(right)) === 0;
}
