import type { ActorId } from "@inkmesh/shared/base/ids";
import { AssertionError } from "@inkmesh/shared/base/assert";
import { decodeVectorClock, encodeVectorClock, VectorClock, type ClockOrder } from "@inkmesh/shared/clock/vector-clock";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../replayable.ts";

const actors = ["a", "b", "c", "d"] as ActorId[];

/** The dumb second version: every dot that is contained, one by one. */
class DotSet {
  readonly dots: ReadonlySet<string>;

  constructor(counters: readonly number[]) {
    this.dots = new Set(counters.flatMap((counter, index) => Array.from({ length: counter }, (_, dot) => `${actors[index]}${dot + 1}`)));
  }

  compare(other: DotSet): ClockOrder {
    const covers = [...other.dots].every((dot) => this.dots.has(dot));
    const covered = [...this.dots].every((dot) => other.dots.has(dot));
    return covers ? (covered ? "equal" : "after") : covered ? "before" : "concurrent";
  }
}

const anyCounters = fc.array(fc.nat(3), { minLength: actors.length, maxLength: actors.length });
const clockOf = (counters: readonly number[]): VectorClock => VectorClock.of(counters.map((counter, index) => [actors[index]!, counter]));
const same = (left: VectorClock, right: VectorClock): void => expect(encodeVectorClock(left)).toEqual(encodeVectorClock(right));

describe("a vector clock", () => {
  test("orders as sets of dots do", () => {
    holds(
      fc.property(anyCounters, anyCounters, (left, right) => {
        expect(clockOf(left).compare(clockOf(right))).toBe(new DotSet(left).compare(new DotSet(right)));
      }),
      1_000,
    );
  });

  test("counts the dots that another one lacks", () => {
    holds(
      fc.property(anyCounters, anyCounters, (left, right) => {
        const lacking = [...new DotSet(left).dots].filter((dot) => !new DotSet(right).dots.has(dot));
        expect(clockOf(left).beyond(clockOf(right))).toBe(lacking.length);
      }),
      1_000,
    );
  });

  test("[P1] joins commutatively, associatively, idempotently, to the union of the dots", () => {
    holds(
      fc.property(anyCounters, anyCounters, anyCounters, (a, b, c) => {
        const [x, y, z] = [clockOf(a), clockOf(b), clockOf(c)];
        same(x.join(y), y.join(x));
        same(x.join(y).join(z), x.join(y.join(z)));
        same(x.join(x), x);
        const union = new Set([...new DotSet(a).dots, ...new DotSet(b).dots]);
        const joined = x.join(y);
        for (const [index, actor] of actors.entries()) {
          for (let counter = 1; counter <= 4; counter++)
            expect(joined.contains({ actor, counter })).toBe(union.has(`${actors[index]}${counter}`));
        }
      }),
      500,
    );
  });

  test("advances by the next counter and by no other", () => {
    holds(
      fc.property(anyCounters, fc.nat(actors.length - 1), fc.nat(6), (counters, index, counter) => {
        const clock = clockOf(counters);
        const dot = { actor: actors[index]!, counter };
        if (counter === clock.counter(dot.actor) + 1) expect(clock.advance(dot).counter(dot.actor)).toBe(counter);
        else expect(() => clock.advance(dot)).toThrow(AssertionError);
      }),
    );
  });
});

describe("[P9] the bytes of a clock are refused", () => {
  test.each([
    ["with actors out of order", [2, 1, 0x62, 1, 1, 0x61, 1]],
    ["with an actor twice", [2, 1, 0x61, 1, 1, 0x61, 2]],
    ["with a nameless actor", [1, 0, 1]],
    ["with a counter of 0", [1, 1, 0x61, 0]],
    ["with a counter beyond 2^53", [1, 1, 0x61, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ["with a counter that never ends and is no number", [1, 1, 0x61, ...new Uint8Array(200).fill(0x80), 0]],
    ["with more actors than bytes", [0x05, 1, 0x61, 1]],
    ["with more actors than any room sees", [0xff, 0xff, 0x7f, 1, 0x61, 1]],
    ["with something behind", [1, 1, 0x61, 1, 0]],
    ["when empty", []],
  ])("%s", (_, bytes) => {
    expect(decodeVectorClock(Uint8Array.from(bytes))).toMatchObject({ ok: false, refusal: { code: "BAD_FRAME" } });
  });
});
