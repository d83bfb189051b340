import fc from "fast-check";
import { test } from "vitest";
import { holds } from "../replayable.ts";
import type { ActorId } from "@inkmesh/shared/base/ids";
import { containsAll, joinRanges, type DotRange } from "@inkmesh/shared/clock/dot-ranges";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";

const actors = ["a.1", "b.2", "c.3"] as ActorId[];
const ranges: fc.Arbitrary<DotRange[]> = fc.array(
  fc.record({ actor: fc.constantFrom(...actors), from: fc.integer({ min: 1, max: 20 }), length: fc.integer({ min: 1, max: 6 }) }),
  { maxLength: 8 },
);
const clocks = fc.array(fc.tuple(fc.constantFrom(...actors), fc.integer({ min: 1, max: 12 })), { maxLength: 3 }).map(VectorClock.of);

const dotsOf = (of: readonly DotRange[]): string[] =>
  of.flatMap(({ actor, from, length }) => Array.from({ length }, (_, at) => `${actor} ${from + at}`));

test("ranges contain others where each dot of these is in one of them, or in the clock", () => {
  holds(
    fc.property(clocks, ranges, ranges, (clock, told, asked) => {
      const have = new Set(dotsOf(told));
      const isIn = (dot: string): boolean => {
        const [actor, counter] = dot.split(" ") as [ActorId, string];
        return have.has(dot) || clock.counter(actor) >= Number(counter);
      };
      return containsAll(clock, joinRanges(told), asked) === dotsOf(asked).every(isIn);
    }),
  );
});
