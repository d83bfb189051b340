import { expect, test } from "vitest";
import { ExpectedStates } from "../../../../client/app/mesh-view/expected-states.ts";

const origin = "http://a.example";
const idle = { cut: [], isPaused: false, skewMs: 0 };
const paused = { ...idle, isPaused: true };

test("what was ordered is shown until an answer can know of it: one to a question that was asked after the order was answered", () => {
  const states = new ExpectedStates();
  expect(states.shown(origin, idle, 100)).toEqual(idle);
  const settled = states.expect({ origin, change: { isPaused: true } }, idle);
  expect(states.shown(origin, idle, 150)).toEqual(paused);
  settled(200);
  expect(states.shown(origin, idle, 190)).toEqual(paused);
  expect(states.shown("http://b.example", idle, 190)).toEqual(idle);
  expect(states.shown(origin, idle, 210)).toEqual(idle);
  expect(states.shown(origin, idle, 190)).toEqual(idle);
});

test("of two orders the later one is shown, also when the earlier one is answered last", () => {
  const states = new ExpectedStates();
  const first = states.expect({ origin, change: { isPaused: true } }, idle);
  const second = states.expect({ origin, change: { skewMs: 5 } }, paused);
  first(200);
  expect(states.shown(origin, idle, 300)).toEqual({ ...paused, skewMs: 5 });
  second(400);
  expect(states.shown(origin, paused, 500)).toEqual(paused);
});

test("a relay that no longer speaks of experiments has none", () => {
  const states = new ExpectedStates();
  states.expect({ origin, change: { isPaused: true } }, idle);
  expect(states.shown(origin, undefined, 100)).toBeUndefined();
});
