/**
 * Has tests compare vector clocks by what they name: their counters are private, so that any two of them are equal to who compares fields.
 */
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { expect } from "vitest";

expect.addEqualityTesters([
  (left: unknown, right: unknown) => {
    const are = [left, right].filter((each) => each instanceof VectorClock);
    if (are.length === 0) return undefined;
    return are.length === 2 && are[0]!.compare(are[1]!) === "equal";
  },
]);
