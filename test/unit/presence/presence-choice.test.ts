import { expect, test } from "vitest";
import type { PresenceState } from "@inkmesh/shared/presence/awareness-update";
import { PresenceChoice } from "@inkmesh/shared/presence/presence-choice";

const here = (id: number, clock: number, place = clock): PresenceState => ({ id, clock, state: `{"at":${place}}` });
const left = (id: number, clock: number): PresenceState => ({ id, clock, state: undefined });
const ids = (states: readonly PresenceState[]): readonly number[] => states.map(({ id }) => id);

function aCrowd(): PresenceChoice {
  const choice = new PresenceChoice({ presenceShownMax: 3, presenceIdleMs: 1_000 });
  choice.changed([here(1, 1), here(2, 1), here(3, 1), here(4, 1), here(5, 1)], 0);
  return choice;
}

test("everybody is shown while there is room, and of more as many as there is room for", () => {
  const choice = new PresenceChoice({ presenceShownMax: 3, presenceIdleMs: 1_000 });
  expect(ids(choice.changed([here(1, 1), here(2, 1), here(3, 1)], 0).states)).toEqual([1, 2, 3]);
  expect([choice.present, choice.isCrowded]).toEqual([3, false]);
  expect(choice.changed([here(4, 1)], 0)).toEqual({ states: [], hidden: [], isFilled: false });
  expect([choice.present, choice.isCrowded]).toEqual([4, true]);
});

test("somebody unseen who moves costs nothing while those who are shown have moved lately", () => {
  const choice = aCrowd();
  expect(choice.changed([here(4, 2)], 999)).toEqual({ states: [], hidden: [], isFilled: false });
});

test("somebody unseen who moves takes the place of the one who is idle for longest, who is told as gone at the clock it has", () => {
  const choice = aCrowd();
  choice.changed([here(1, 2)], 500);
  choice.changed([here(3, 2)], 600);
  expect(choice.changed([here(4, 2)], 1_500)).toEqual({ states: [here(4, 2)], hidden: [left(2, 1)], isFilled: false });
  expect(ids(choice.shown()).toSorted()).toEqual([1, 3, 4]);
});

test("a renewal without a change is no move, and keeps nobody in place", () => {
  const choice = aCrowd();
  choice.changed([here(1, 2, 1), here(2, 2, 1), here(3, 2, 1)], 900);
  expect(choice.changed([here(4, 2, 1)], 2_000).hidden).toEqual([]);
  expect(choice.changed([here(4, 3)], 2_000).hidden).toHaveLength(1);
});

test("when somebody who is shown leaves, the one who moved last of the others takes the place", () => {
  const choice = aCrowd();
  choice.changed([here(5, 2)], 400);
  expect(choice.changed([left(2, 2)], 500)).toEqual({ states: [left(2, 2), here(5, 2)], hidden: [], isFilled: true });
  expect(choice.changed([left(4, 2)], 600)).toEqual({ states: [], hidden: [], isFilled: false });
  expect([choice.present, choice.isCrowded]).toEqual([3, false]);
});

test("whoever was hidden comes back with a newer clock only, for clients take no other", () => {
  const choice = aCrowd();
  choice.changed([here(2, 2), here(3, 2)], 500);
  expect(choice.changed([here(4, 2)], 1_400).hidden).toEqual([left(1, 1)]);
  choice.changed([left(5, 2)], 1_400);
  expect(choice.changed([left(4, 3)], 1_500).states).toEqual([left(4, 3)]);
  expect(choice.isCrowded).toBe(true);
  expect(choice.changed([here(1, 2, 1)], 1_600).states).toEqual([here(1, 2, 1)]);
  expect(choice.isCrowded).toBe(false);
});

test("the word that hides somebody is known when a client sends it back, and a real farewell is none", () => {
  const choice = aCrowd();
  choice.changed([here(2, 2), here(3, 2)], 500);
  choice.changed([here(4, 2)], 1_400);
  expect(choice.isEcho(left(1, 1))).toBe(true);
  expect(choice.isEcho(left(1, 2))).toBe(false);
  expect(choice.isEcho(left(2, 2))).toBe(false);
});
