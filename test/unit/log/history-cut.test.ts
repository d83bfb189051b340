import { expect, test } from "vitest";
import type { ActorId, RelayId } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { HistoryMinute } from "../../../server/core/stored-history.ts";
import { cutBefore, cutThrough } from "../../../server/log/history-cut.ts";

const [a, b] = ["a.0000000000000001" as ActorId, "b.0000000000000002" as ActorId];
const stamp = { physicalMs: 0, logical: 0, relay: "a" as RelayId };

const clockOf = (...counters: [ActorId, number][]) => VectorClock.of(counters);
const whole = { base: VectorClock.empty, aside: [] };

/** Entries `from` to `to` of one actor in a minute, which hang on `deps` and on what that actor wrote before. */
function aMinute(
  minute: number,
  actor: ActorId,
  [from, to]: readonly [number, number],
  deps: readonly [ActorId, number][] = [],
): HistoryMinute {
  const length = to - from + 1;
  return {
    ...{ author: actor, minute, entries: length, first: stamp, last: stamp, dots: [{ actor, from, length }] },
    deps: VectorClock.of([[actor, to - 1]]).join(VectorClock.of(deps)),
  };
}

const names = (cut: readonly HistoryMinute[]): string[] => cut.map(({ minute, author }) => `${minute} ${author[0]}`);

test("what is older goes by minutes where nothing hangs on what is newer", () => {
  const minutes = [aMinute(1, a, [1, 3]), aMinute(1, b, [1, 1]), aMinute(2, a, [4, 4], [[b, 1]]), aMinute(3, b, [2, 5])];
  expect(names(cutBefore(minutes, 1, whole).older)).toEqual([]);
  expect(names(cutBefore(minutes, 2, whole).older)).toEqual(["1 a", "1 b"]);
  expect(names(cutBefore(minutes, 3, whole).older)).toEqual(["1 a", "1 b", "2 a"]);
  expect(names(cutThrough(minutes, 2))).toEqual(["1 a", "1 b", "2 a"]);
});

test("an older stamp that hangs on a newer one stays, and takes with it what hangs on it; shown is both", () => {
  // b's clock is three minutes ahead, and a saw what b wrote.
  const minutes = [aMinute(1, a, [1, 2]), aMinute(2, a, [3, 3], [[b, 1]]), aMinute(3, a, [4, 6]), aMinute(5, b, [1, 1])];
  expect(names(cutBefore(minutes, 4, whole).older)).toEqual(["1 a"]);
  expect(names(cutBefore(minutes, 6, whole).older)).toEqual(["1 a", "2 a", "3 a", "5 b"]);
  expect(names(cutThrough(minutes, 1))).toEqual(["1 a"]);
  expect(names(cutThrough(minutes, 2))).toEqual(["1 a", "2 a", "5 b"]);
});

test("what hangs on something that the history does not have stays, and what hangs on that", () => {
  const minutes = [aMinute(1, a, [1, 2]), aMinute(2, a, [3, 3], [[b, 4]]), aMinute(3, b, [1, 3]), aMinute(4, a, [4, 4])];
  expect(names(cutBefore(minutes, 9, whole).older)).toEqual(["1 a", "3 b"]);
  expect(cutBefore(minutes, 9, whole).clock).toEqual(clockOf([a, 2], [b, 3]));
  expect(names(cutBefore(minutes, 9, { ...whole, base: clockOf([b, 4]) }).older)).toHaveLength(4);
  expect(names(cutBefore(minutes, 9, { ...whole, aside: [{ actor: b, from: 4, length: 1 }] }).older)).toHaveLength(4);
});

test("what is not there from the first entry on, or from the base on, stays", () => {
  const minutes = [aMinute(1, a, [4, 6]), aMinute(2, a, [7, 7])];
  expect(cutBefore(minutes, 9, whole)).toEqual({ older: [], clock: VectorClock.empty });
  expect(cutBefore(minutes, 9, { ...whole, base: clockOf([a, 2]) }).older).toEqual([]);
  expect(names(cutBefore(minutes, 9, { ...whole, base: clockOf([a, 3]) }).older)).toEqual(["1 a", "2 a"]);
});

test("what an actor wrote after something that stays is not gone before it", () => {
  // The deps of a damaged or foreign entry may lack its own actor.
  const lacking = { ...aMinute(1, a, [2, 2]), deps: VectorClock.empty };
  expect(names(cutBefore([lacking, aMinute(4, a, [1, 1])], 2, whole).older)).toEqual([]);
});

test("the clock of a cut names the last of each actor", () => {
  const cut = [aMinute(1, a, [4, 6]), aMinute(2, b, [1, 1]), aMinute(2, a, [7, 7])];
  expect(cutBefore(cut, 3, { ...whole, base: clockOf([a, 3]) }).clock).toEqual(clockOf([a, 7], [b, 1]));
});
