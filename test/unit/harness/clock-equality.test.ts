import type { ActorId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import { expect, test } from "vitest";

const clock = (counter: number): VectorClock => VectorClock.of([["a.1" as ActorId, counter]]);

test("tests tell vector clocks apart by what they name, also within other things", () => {
  expect(clock(1)).toEqual(clock(1));
  expect(clock(1)).not.toEqual(clock(2));
  expect({ of: [clock(1)] }).toMatchObject({ of: [clock(1)] });
  expect({ of: [clock(1)] }).not.toMatchObject({ of: [clock(2)] });
  expect([{ clock: clock(1) }]).not.toContainEqual({ clock: clock(2) });
  expect(VectorClock.empty).not.toEqual({});
});
