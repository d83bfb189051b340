import { expect, test } from "vitest";
import { SkewedClock } from "../../../server/runtime/skewed-clock.ts";

test("a turned clock tells another time of day, and the deadlines stay what they are", () => {
  const clock = new SkewedClock({ now: () => ({ monotonicMs: 50, wallMs: 1_000_000 }) });
  expect(clock.now()).toEqual({ monotonicMs: 50, wallMs: 1_000_000 });
  clock.skewMs = -3_000;
  expect(clock.now()).toEqual({ monotonicMs: 50, wallMs: 997_000 });
  clock.skewMs = 0;
  expect(clock.now()).toEqual({ monotonicMs: 50, wallMs: 1_000_000 });
});
