/**
 * RingRecords: the configured relays of the mesh and where they stand, the same everywhere once everybody has heard of
 * everything. Immutable; merging is a join, so order, repetition and delay of news do not matter.
 *
 * Two rings follow from the records:
 *
 *     newest    joining + member     where rooms belong: replicas, n and W are counted here
 *     settled   member + leaving     who has held rooms up to now: whom a new replica compares with and copies from
 *
 * A relay that joins is named by the newest ring at once, so that edits reach it while it copies; what it holds counts
 * only when it is complete, and `member` says that all of it is. One that leaves is named no more, and keeps what it has
 * until it is proven elsewhere. When all are leaving, those keep the rooms: somebody must.
 *
 * Invariants: a relay writes about itself only, but for `forget`, which is an operator's; at most `ringRecordsMax` records,
 * never dropped (a dropped "forgotten" would come back as a member): past it new relays are turned away. Knows nothing
 * about who is alive.
 */
import type { RelayId, RingId } from "@inkmesh/shared/base/ids";
import { HashRing } from "@inkmesh/shared/ring/hash-ring";
import {
  mergeRingRecords,
  ringRecordsMax,
  ringStatuses,
  sameRingRecord,
  type RingRecord,
  type RingStatus,
} from "@inkmesh/shared/ring/ring-record";
import { ringIdOf } from "@inkmesh/shared/wire/ring-codec";

/** A relay's place in words of its configuration. */
export interface RingPlace {
  readonly weight: number;
  readonly zone: string;
}

export class RingRecords {
  static readonly empty = new RingRecords(new Map());
  readonly #records: ReadonlyMap<RelayId, RingRecord>;
  #id: RingId | undefined;
  #newest: HashRing | undefined;
  #settled: HashRing | undefined;

  private constructor(records: ReadonlyMap<RelayId, RingRecord>) {
    this.#records = records;
  }

  get id(): RingId {
    this.#id ??= ringIdOf(this.entries());
    return this.#id;
  }

  record(relay: RelayId): RingRecord | undefined {
    return this.#records.get(relay);
  }

  status(relay: RelayId): RingStatus | undefined {
    return this.#records.get(relay)?.status;
  }

  /** In rising order of the relays' names. */
  entries(): readonly RingRecord[] {
    return [...this.#records.values()].sort((left, right) => (left.relay < right.relay ? -1 : 1));
  }

  /** Where rooms belong. */
  get newest(): HashRing {
    this.#newest ??= this.#ringOf(this.#any("joining", "member") ? ["joining", "member"] : ["leaving"]);
    return this.#newest;
  }

  /** Who has held rooms up to now. */
  get settled(): HashRing {
    this.#settled ??= this.#ringOf(["member", "leaving"]);
    return this.#settled;
  }

  /** Whether nobody is on the way in or out. */
  get isAtRest(): boolean {
    return !this.#any("joining", "leaving");
  }

  /** Whether a relay was ever given up, or came anew: some of what was saved may be on fewer relays than it was saved on. */
  get isThinned(): boolean {
    return [...this.#records.values()].some(({ status, counter }) => status === "forgotten" || counter > 1);
  }

  /** Both together; this very object when it knew everything. Relays beyond the limit are turned away, the last names first. */
  merge(records: readonly RingRecord[]): RingRecords {
    const merged = new Map(this.#records);
    let changed = false;
    for (const record of records.toSorted((left, right) => (left.relay < right.relay ? -1 : 1))) {
      const known = merged.get(record.relay);
      if (known === undefined && merged.size >= ringRecordsMax) continue;
      const joined = known === undefined ? record : mergeRingRecords(known, record);
      if (known !== undefined && sameRingRecord(known, joined)) continue;
      merged.set(record.relay, joined);
      changed = true;
    }
    return changed ? new RingRecords(merged) : this;
  }

  /** Whether `relay` could be taken in. */
  hasRoomFor(relay: RelayId): boolean {
    return this.#records.has(relay) || this.#records.size < ringRecordsMax;
  }

  /** `relay` begins to join, or joins anew after it had left or was forgotten; one that belongs stays as it is. */
  join(relay: RelayId, place: RingPlace): RingRecords {
    const known = this.#records.get(relay);
    if (known === undefined) return this.merge([{ relay, status: "joining", counter: 1, ...place, moves: 0 }]);
    if (isThere(known.status)) return this;
    return this.merge([{ ...known, status: "joining", counter: known.counter + 1 }]);
  }

  /** `relay` goes on to `status`; nothing changes where it is that far already or is not on the ring. */
  advance(relay: RelayId, status: RingStatus): RingRecords {
    const known = this.#records.get(relay);
    if (known === undefined || ringStatuses.indexOf(status) <= ringStatuses.indexOf(known.status)) return this;
    return this.merge([{ ...known, status }]);
  }

  /** `relay` changes its weight or its zone. */
  move(relay: RelayId, place: RingPlace): RingRecords {
    const known = this.#records.get(relay);
    if (known === undefined || (known.weight === place.weight && known.zone === place.zone)) return this;
    return this.merge([{ ...known, ...place, moves: known.moves + 1 }]);
  }

  /** An operator gives up `relay`. */
  forget(relay: RelayId): RingRecords {
    return this.advance(relay, "forgotten");
  }

  #any(...statuses: readonly RingStatus[]): boolean {
    return [...this.#records.values()].some((record) => statuses.includes(record.status));
  }

  #ringOf(statuses: readonly RingStatus[]): HashRing {
    return HashRing.of([...this.#records.values()].filter((record) => statuses.includes(record.status)));
  }
}

/** Whether a relay of this status has a place on the ring, or is about to have one. */
function isThere(status: RingStatus): boolean {
  return status === "joining" || status === "member";
}
