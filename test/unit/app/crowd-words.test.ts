import { expect, test } from "vitest";
import { crowdOf } from "../../../client/app/crowd-words.ts";

const people = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `P${index}` }));

test.each([
  [0, 0, 0, undefined, "Nobody else is here"],
  [1, 0, 1, undefined, "One other person is here"],
  [5, 0, 5, undefined, "5 others are here"],
  [7, 0, 5, { label: "+2 more", names: "P5, P6" }, "7 others are here"],
  [7, 450, 5, { label: "+452 more", names: "P5, P6, 450 more whose names are not shown" }, "457 others are here"],
  [3, 1, 3, { label: "+1 more", names: "1 whose names are not shown" }, "4 others are here"],
])("%i who are shown and %i who are not", (named, unseen, badges, more, sentence) => {
  const crowd = crowdOf(people(named), unseen);
  expect([crowd.shown.length, crowd.more, crowd.sentence]).toEqual([badges, more, sentence]);
});
