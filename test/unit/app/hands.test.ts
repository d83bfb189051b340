import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Hands } from "../../../client/app/hands.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function someHands() {
  const holds: boolean[] = [];
  return { holds, hands: new Hands((busy) => holds.push(busy)) };
}

it("a composition that begins right after another one is not broken by the end of the first", () => {
  const { holds, hands } = someHands();
  hands.busy("composition");
  hands.freeSoon("composition");
  vi.advanceTimersByTime(20);
  hands.busy("composition");
  vi.advanceTimersByTime(1_000);
  expect(holds.at(-1)).toBe(true);
  hands.freeSoon("composition");
  vi.advanceTimersByTime(60);
  expect(holds.at(-1)).toBe(false);
});

it("hands are free only when nothing keeps them busy, or the editor loses the focus", () => {
  const { holds, hands } = someHands();
  hands.busy("composition");
  hands.busy("pointer");
  hands.freeSoon("pointer");
  vi.advanceTimersByTime(60);
  expect(hands.areBusy).toBe(true);
  hands.free();
  expect([hands.areBusy, holds.at(-1)]).toEqual([false, false]);
});

it("what is put off happens once, when the hands are free", () => {
  const { hands } = someHands();
  let drawn = 0;
  const draw = () => void (drawn += 1);
  expect(hands.putOff(draw)).toBe(false);
  hands.busy("composition");
  expect([hands.putOff(draw), hands.putOff(draw), drawn]).toEqual([true, true, 0]);
  hands.free();
  expect(drawn).toBe(1);
});
