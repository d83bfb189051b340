/**
 * EqualClocks: lets `toEqual` look into vector clocks. Their counters are private, and what cannot be seen is equal to anything.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { expect } from "vitest";

expect.addEqualityTesters([
  function equalClocks(left: unknown, right: unknown): boolean | undefined {
    if (left instanceof VectorClock && right instanceof VectorClock) return left.compare(right) === "equal";
    return left instanceof VectorClock || right instanceof VectorClock ? false : undefined;
  },
]);
