/**
 * What a filter is believed, and what it may cost.
 */
import { expect, test } from "vitest";
import { frontierOf, type MayHave } from "@inkmesh/shared/engine/automerge-frontier";

const actor = (name: string, changes: number): readonly string[] => Array.from({ length: changes }, (_, at) => `${name}${at}`);
const at = (hash: string): number => Number(hash.slice(1));

/** How often `mayHave` is asked. */
function questions(actors: readonly (readonly string[])[], mayHave: MayHave): number {
  let asked = 0;
  frontierOf(actors, (hash) => {
    asked += 1;
    return mayHave(hash);
  });
  return asked;
}

test("what somebody has of an actor is found, two changes less", () => {
  expect(frontierOf([actor("a", 1_000), actor("b", 3), actor("c", 2)], (hash) => (hash < "b" ? at(hash) < 700 : true))).toEqual([
    "a697",
    "b0",
  ]);
});

test("a filter that was wrong on the way is wrong by no more than that actor", () => {
  const wrong = new Set([750, 751, 875]);
  expect(frontierOf([actor("a", 1_000)], (hash) => at(hash) < 700 || wrong.has(at(hash)))).toEqual(["a697"]);
  const far = new Set([500, 750, 875, 937]);
  expect(frontierOf([actor("a", 1_000)], (hash) => at(hash) < 300 || far.has(at(hash)))).toEqual(["a297"]);
});

test("of who has nothing nothing is found", () => {
  expect(frontierOf([actor("a", 1_000), actor("b", 1)], () => false)).toEqual([]);
});

test("[P8] a filter that says yes wherever halving looks, and never three times in a row, is not asked on", () => {
  const changes = 250_000;
  const asked = new Set<number>();
  for (let from = 0; from < changes; from = ((from + changes) >> 1) + 1) asked.add((from + changes) >> 1);
  expect(questions([actor("a", changes)], (hash) => asked.has(at(hash)))).toBeLessThan(100);
});

test("[P8] thousands of actors cost no more than some", () => {
  const many = Array.from({ length: 20_000 }, () => actor("a", 8));
  expect(questions(many, () => true)).toBeLessThan(8_300);
  expect(questions(many, (hash) => at(hash) % 3 !== 0)).toBeLessThan(8_300);
});
