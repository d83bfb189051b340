/**
 * VectorClock: actor → highest counter such that every entry of that actor up to it is contained here. It is used
 * as a version vector (Parker et al. 1983): what this replica has.
 *
 * Immutable. Invariants: counters are whole and ≥ 1 (an absent actor counts as 0); `join` is commutative,
 * associative and idempotent; `advance` takes only the next counter, so a clock never claims a gap.
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { assert } from "../base/assert.ts";
import type { ActorId } from "../base/ids.ts";
import { ok, refused, type Result } from "../base/result.ts";
import { readText, readWholeNumber } from "../base/whole-number.ts";
import type { Dot } from "./dot.ts";

export type ClockOrder = "equal" | "before" | "after" | "concurrent";

export class VectorClock {
  static readonly empty = new VectorClock(new Map());
  readonly #counters: ReadonlyMap<ActorId, number>;

  private constructor(counters: ReadonlyMap<ActorId, number>) {
    this.#counters = counters;
  }

  static of(counters: Iterable<readonly [ActorId, number]>): VectorClock {
    const kept = new Map<ActorId, number>();
    for (const [actor, counter] of counters) {
      assert(Number.isSafeInteger(counter) && counter >= 0, "a clock's counter is a whole number");
      if (counter > 0) kept.set(actor, counter);
    }
    return kept.size === 0 ? VectorClock.empty : new VectorClock(kept);
  }

  get size(): number {
    return this.#counters.size;
  }

  counter(actor: ActorId): number {
    return this.#counters.get(actor) ?? 0;
  }

  contains(dot: Dot): boolean {
    return this.counter(dot.actor) >= dot.counter;
  }

  /** This clock with one more entry; `dot` must be its actor's next. */
  advance(dot: Dot): VectorClock {
    assert(dot.counter === this.counter(dot.actor) + 1, "a clock advances by its actor's next counter");
    const counters = new Map(this.#counters);
    counters.set(dot.actor, dot.counter);
    return new VectorClock(counters);
  }

  join(other: VectorClock): VectorClock {
    if (other.covers(this)) return other;
    if (this.covers(other)) return this;
    const counters = new Map(this.#counters);
    for (const [actor, counter] of other.#counters) {
      if (counter > (counters.get(actor) ?? 0)) counters.set(actor, counter);
    }
    return new VectorClock(counters);
  }

  /** Whether everything that `other` names is contained here too. */
  covers(other: VectorClock): boolean {
    for (const [actor, counter] of other.#counters) {
      if (this.counter(actor) < counter) return false;
    }
    return true;
  }

  /** What is named here and not in `other`: per actor the counter as it is here. */
  past(other: VectorClock): VectorClock {
    return VectorClock.of([...this.#counters].filter(([actor, counter]) => counter > other.counter(actor)));
  }

  /** The actors of this clock all of whose entries that are named here `other` names, too. */
  within(other: VectorClock): VectorClock {
    return VectorClock.of([...this.#counters].filter(([actor, counter]) => counter <= other.counter(actor)));
  }

  /** How many entries are named here that `other` does not name. */
  beyond(other: VectorClock): number {
    let count = 0;
    for (const [actor, counter] of this.#counters) count += Math.max(0, counter - other.counter(actor));
    return count;
  }

  compare(other: VectorClock): ClockOrder {
    const covers = this.covers(other);
    const covered = other.covers(this);
    if (covers && covered) return "equal";
    if (covers) return "after";
    return covered ? "before" : "concurrent";
  }

  /** Actors with their counters, ordered by actor, so that equal clocks read and encode alike. */
  entries(): readonly (readonly [ActorId, number])[] {
    return [...this.#counters].sort(([left], [right]) => (left < right ? -1 : 1));
  }
}

/** `varUint size, size × (varString actor, varUint counter)`, ordered by actor. */
export function writeVectorClock(encoder: encoding.Encoder, clock: VectorClock): void {
  const entries = clock.entries();
  encoding.writeVarUint(encoder, entries.length);
  for (const [actor, counter] of entries) {
    encoding.writeVarString(encoder, actor);
    encoding.writeVarUint(encoder, counter);
  }
}

/** Actors in one clock that somebody sent: what a room sees of relay lives stays far below. */
export const clockActorsMax = 65_536;

/**
 * Reads what `writeVectorClock` wrote: actors in strictly rising order, counters from 1, at most `actorsMax` of them.
 * Throws for anything else, a torn end included: for decoders that catch once.
 */
export function readVectorClock(decoder: decoding.Decoder, actorsMax: number = clockActorsMax): VectorClock {
  const size = readWholeNumber(decoder);
  if (size > actorsMax) throw new Error(`a clock of ${size} actors, limit ${actorsMax}`);
  const counters: [ActorId, number][] = [];
  let before = "";
  for (let index = 0; index < size; index++) {
    const actor = readText(decoder) as ActorId;
    const counter = readWholeNumber(decoder);
    if (actor <= before) throw new Error("a clock's actors are not in order");
    if (counter < 1) throw new Error("a clock's counter of 0");
    counters.push([actor, counter]);
    before = actor;
  }
  return VectorClock.of(counters);
}

export function encodeVectorClock(clock: VectorClock): Uint8Array {
  return encoding.encode((encoder) => writeVectorClock(encoder, clock));
}

export function decodeVectorClock(bytes: Uint8Array): Result<VectorClock> {
  try {
    const decoder = decoding.createDecoder(bytes);
    const clock = readVectorClock(decoder);
    return decoding.hasContent(decoder)
      ? refused("BAD_FRAME", `a vector clock with ${bytes.length - decoder.pos} bytes too many`)
      : ok(clock);
  } catch {
    return refused("BAD_FRAME", `a vector clock of ${bytes.length} bytes`);
  }
}
